"""The stream of events of one process: follows three histories, keeps the last events, wakes whoever reads along.

An event's id says how far all three were told, so that any process can go on where another one left off, as long as
its buffer reaches back that far.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Literal

import structlog
from fastapi.sse import format_sse_event
from pydantic import BaseModel

from services.api.config import GatewayConfig
from services.api.events import queries
from services.api.events.queries import Place
from services.api.events.schemas import EventName, GenerationEvent, PointerEvent, SaleScoredEvent
from services.api.money import money
from services.api.problems import DATABASE_AWAY
from shared.database.pool import Connection, Database

log = structlog.get_logger(__name__)
CHANNELS = ("punkcast_nowcast", "punkcast_scored", "punkcast_pointer")
KEPT = 1_000
BACK = 200
"""How far the histories are read back at the start, each."""
_PAGE = 500
_ID = re.compile(r"^g(\d{1,18})\.s(\d{1,18})\.p(\d{1,18})$")
History = Literal["generation", "sale", "pointer"]


@dataclass(frozen=True)
class StreamEvent:
    """`number` is its place in its own history, `wire` what is sent."""

    name: EventName
    history: History
    number: int
    wire: bytes


class EventStream:
    """Filled by `run`; read by `since` and `changed`."""

    def __init__(self, database: Database, config: GatewayConfig) -> None:
        self._database = database
        self._poll_s = config.poll_s
        self._timeout_s = config.database_timeout_s
        self._events: deque[StreamEvent] = deque(maxlen=KEPT)
        self._told = Place(0, 0, 0)
        self._floor = Place(0, 0, 0)
        self._changed = asyncio.Event()
        self.started = False
        self.total = 0
        self.streams = 0

    async def run(self) -> None:
        """Follow until cancelled, through outages."""
        while True:
            try:
                async with self._database.connection() as connection:
                    await self._follow(connection)
            except DATABASE_AWAY as error:
                log.warning("event_stream_waits", error=repr(error))
            except Exception:
                log.exception("event_stream_failed")
            await asyncio.sleep(min(1.0, self._poll_s))

    def since(self, count: int) -> list[StreamEvent]:
        """Events after the first `count` that this process was told of (`total`), as far as they are kept."""
        missed = self.total - count
        return list(self._events)[-missed:] if missed > 0 else []

    def after(self, place: Place) -> tuple[list[StreamEvent], bool]:
        """Kept events that a reader at `place` has not seen, and whether these are all."""
        unseen = [event for event in self._events if event.number > getattr(place, event.history)]
        whole = all(getattr(place, name) >= getattr(self._floor, name) for name in ("generation", "sale", "pointer"))
        return unseen, whole

    async def changed(self, seconds: float) -> None:
        """Until there may be more, or the time is over."""
        waiting = self._changed
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await waiting.wait()

    async def _follow(self, connection: Connection) -> None:
        woken = asyncio.Event()

        def wake(*_: object) -> None:
            woken.set()

        for channel in CHANNELS:
            await connection.add_listener(channel, wake)
        try:
            while True:
                woken.clear()
                async with asyncio.timeout(self._timeout_s):
                    await self._read(connection)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_s):
                        await woken.wait()
        finally:
            if not connection.is_closed():
                for channel in CHANNELS:
                    with suppress(*DATABASE_AWAY):
                        await asyncio.wait_for(connection.remove_listener(channel, wake), 1.0)

    async def _read(self, connection: Connection) -> None:
        if not self.started:
            now = await queries.place(connection)
            self._told = self._floor = Place(*(max(0, number - BACK) for number in asdict(now).values()))
        before = self.total
        for move in await queries.pointer_moves(connection, self._told.pointer, _PAGE):
            fields = asdict(move)
            name: EventName = "rollback" if fields.pop("rolled_back") else "promotion"
            self._add(name, "pointer", move.pointer_generation, PointerEvent(**fields))
        for generation in await queries.generations(connection, self._told.generation, _PAGE):
            self._add("generation", "generation", generation.generation_id, GenerationEvent(**asdict(generation)))
        for sale in await queries.sales(connection, self._told.sale, _PAGE):
            amounts = {name: money(getattr(sale, name)) for name in ("price", "value", "floor")}
            self._add("sale_scored", "sale", sale.event_seq, SaleScoredEvent(**asdict(sale) | amounts))
        self.started = True
        if self.total != before:
            told, self._changed = self._changed, asyncio.Event()
            told.set()

    def _add(self, name: EventName, history: History, number: int, data: BaseModel) -> None:
        self._told = replace(self._told, **{history: number})
        identity = f"g{self._told.generation}.s{self._told.sale}.p{self._told.pointer}"
        wire = format_sse_event(data_str=data.model_dump_json(), event=name, id=identity)
        if len(self._events) == KEPT:
            dropped = self._events[0]
            self._floor = replace(self._floor, **{dropped.history: dropped.number})
        self._events.append(StreamEvent(name, history, number, wire))
        self.total += 1


def place_of(last_event_id: str) -> Place | None:
    """Where a reader was; None when the id is none of ours."""
    found = _ID.match(last_event_id.strip())
    return Place(*map(int, found.groups())) if found else None
