"""The event stream of one process. It follows four histories, keeps the last events and wakes its readers.

An event's id names the progress in all histories, so that a reader can resume at any process whose buffer
reaches back that far.
"""

import asyncio
import re
import socket
from collections import deque
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from time import monotonic
from typing import Literal

import structlog
from fastapi.sse import format_sse_event
from pydantic import BaseModel

from services.api.config import GatewayConfig
from services.api.events import queries
from services.api.events.queries import Progress
from services.api.events.schemas import EventName
from services.api.notifications import listening
from services.api.problems import DATABASE_ERRORS, BusyError
from shared.database.pool import Connection, Database

log = structlog.get_logger(__name__)
CHANNELS = ("punkcast_nowcast", "punkcast_scored", "punkcast_pointer", "punkcast_listed")
KEPT = 1_000
BACK = 200
"""Numbers of each history that are read again at the start."""
STALLED_S = 1.0
BUFFER_BYTES = 16 * 1024
_PAGE = 500
# An older release gave ids without listings. Its readers have seen none and continue with new ones.
_ID = re.compile(r"^g(\d{1,18})\.s(\d{1,18})\.p(\d{1,18})(?:\.l(\d{1,18}))?$")
_ALL_SEEN = 10**18
History = Literal["generation", "sale", "pointer", "listing"]


@dataclass(frozen=True)
class StreamEvent:
    """`number` is the position in its history, `wire` the bytes that are sent."""

    name: EventName
    history: History
    number: int
    wire: bytes


class Reader:
    """Who reads a stream, over which connection; `transport` is None in a test without one."""

    def __init__(self, client: str, transport: asyncio.Transport | None) -> None:
        self.client = client
        self._transport = transport
        self._sent_at = 0.0
        sock = None if transport is None else transport.get_extra_info("socket")
        if sock is not None:
            # A small buffer of the system: it would hide from us for long that nothing is read.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)

    def sends(self) -> None:
        self._sent_at = monotonic()

    @property
    def stalled(self) -> bool:
        """Whether what was sent a while ago still waits for the reader."""
        waiting = self._transport is not None and self._transport.get_write_buffer_size() > 0
        return waiting and monotonic() - self._sent_at > STALLED_S

    def hang_up(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class EventStream:
    """Filled by `run`; read by `since` and `changed`."""

    def __init__(self, database: Database, config: GatewayConfig) -> None:
        self._database = database
        self._poll_s = config.poll_s
        self._timeout_s = config.database_timeout_s
        self._events: deque[StreamEvent] = deque(maxlen=KEPT)
        self._read_to = self._floor = Progress(0, 0, 0, 0)
        self._changed = asyncio.Event()
        self._most, self._most_of_client = config.max_streams, config.streams_per_address
        self._readers: dict[Reader, None] = {}
        self.started = False
        self.total = 0

    @property
    def streams(self) -> int:
        """Open ones."""
        return len(self._readers)

    def enter(self, reader: Reader) -> None:
        """Give a reader its place, for which one that has stopped reading is disconnected if need be.

        Raises:
            BusyError: all places are taken, or all of this client.
        """
        same = [one for one in self._readers if one.client == reader.client]
        for readers, most, whose in (
            (same, self._most_of_client, "of one address are open, which is as many as one may have."),
            (list(self._readers), self._most, "are open, which is as many as this process serves."),
        ):
            if len(readers) < most:
                continue
            stalled = next((one for one in readers if one.stalled), None)
            if stalled is None:
                raise BusyError(f"{most} streams {whose}")
            stalled.hang_up()
            self.leave(stalled)
        self._readers[reader] = None

    def leave(self, reader: Reader) -> None:
        self._readers.pop(reader, None)

    async def run(self) -> None:
        """Follow until cancelled, through outages."""
        while True:
            try:
                async with self._database.connection() as connection:
                    await self._follow(connection)
            except DATABASE_ERRORS as error:
                log.warning("event_stream_waits", error=repr(error))
            except Exception:
                log.exception("event_stream_failed")
            await asyncio.sleep(min(1.0, self._poll_s))

    def since(self, count: int) -> tuple[list[StreamEvent], bool]:
        """Kept events after the first `count` of this process (of `total`), and whether these are all."""
        missed = self.total - count
        return (list(self._events)[-missed:] if missed > 0 else []), missed <= len(self._events)

    def after(self, progress: Progress) -> tuple[list[StreamEvent], bool]:
        """Kept events that a reader at `progress` has not seen, and whether these are all."""
        unseen = [event for event in self._events if event.number > getattr(progress, event.history)]
        whole = all(seen >= floor for seen, floor in zip(astuple(progress), astuple(self._floor), strict=True))
        return unseen, whole

    async def changed(self, seconds: float) -> None:
        """Wait until there may be more events, at most `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    async def _follow(self, connection: Connection) -> None:
        async with listening(connection, *CHANNELS) as notified:
            while True:
                notified.clear()
                async with asyncio.timeout(self._timeout_s):
                    await self._read(connection)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_s):
                        await notified.wait()

    async def _read(self, connection: Connection) -> None:
        if not self.started:
            now = await queries.progress(connection)
            self._read_to = self._floor = Progress(*(max(0, number - BACK) for number in astuple(now)))
        before = self.total
        for name, move in await queries.pointer_moves(connection, self._read_to.pointer, _PAGE):
            self._add(name, "pointer", move.pointer_generation, move)
        for generation in await queries.generations(connection, self._read_to.generation, _PAGE):
            self._add("generation", "generation", generation.generation_id, generation)
        for sale in await queries.sales(connection, self._read_to.sale, _PAGE):
            self._add("sale_scored", "sale", sale.event_seq, sale)
        for listing in await queries.listings(connection, self._read_to.listing, _PAGE):
            self._add("listing", "listing", listing.listing, listing)
        self.started = True
        if self.total != before:
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()

    def _add(self, name: EventName, history: History, number: int, data: BaseModel) -> None:
        self._read_to = replace(self._read_to, **{history: number})
        at = self._read_to
        identity = f"g{at.generation}.s{at.sale}.p{at.pointer}.l{at.listing}"
        wire = format_sse_event(data_str=data.model_dump_json(), event=name, id=identity)
        if len(self._events) == KEPT:
            dropped = self._events[0]
            self._floor = replace(self._floor, **{dropped.history: dropped.number})
        self._events.append(StreamEvent(name, history, number, wire))
        self.total += 1


def progress_of(last_event_id: str) -> Progress | None:
    """A reader's progress; None when the id is not from this stream."""
    found = _ID.match(last_event_id.strip())
    return Progress(*map(int, found.groups(default=str(_ALL_SEEN)))) if found else None
