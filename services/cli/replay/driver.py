"""Drive the production handlers over history under a simulated clock.

Nothing here values, scores, trains or decides: the driver moves the clock, sends the ticks that the timers would send,
and carries the messages. Interrupted at any point it goes on where it was: ticks have deterministic ids, every
handler is idempotent, and the cursor moves only when an instant is done.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.cli.replay.plan import Instant, Plan
from services.cli.replay.pump import settle
from services.gatekeeper.bootstrap import build as build_gatekeeper
from services.ingestor.bootstrap import build as build_ingestor
from services.monitor.bootstrap import build as build_monitor
from services.nowcaster.bootstrap import build as build_nowcaster
from services.trainer.bootstrap import build as build_trainer
from services.trainer.executor import ProcessExecutor
from shared.clock import ManualClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import (
    IngestRequested,
    MarketUpdated,
    MonitorRequested,
    NowcastPublished,
    NowcastRequested,
    RetrainCheckRequested,
    Tick,
)
from shared.errors import ConflictError
from shared.market import event_repository
from shared.market.reader import MarketReader
from shared.market.source import MarketSource
from shared.messaging.bus import Subscription
from shared.messaging.memory import MemoryBus
from shared.messaging.outbox import Relay
from shared.messaging.ticks import tick_id
from shared.messaging.topology import declare_platform
from shared.runtime.platform import Platform

START_REPLAY_SQL = """
insert into replays (name, config, cursor_at) values ($1, $2::jsonb, null)
on conflict (name) do nothing
"""
LOAD_REPLAY_SQL = "select config::text, cursor_at, wall_s, finished from replays where name = $1"
ADVANCE_REPLAY_SQL = "update replays set cursor_at = $2, wall_s = $3, finished = $4 where name = $1"
NAME = "replay"


@dataclass
class Progress:
    """What the display shows; the driver keeps it current."""

    at: datetime
    done: int = 0
    of: int = 0
    nowcasts: int = 0
    scored: int = 0
    stage: str = ""
    new_outcomes: bool = field(default=False, repr=False)


class Replay:
    """One replay in one database."""

    def __init__(
        self,
        platform: Platform,
        clock: ManualClock,
        bus: MemoryBus,
        source: MarketSource,
        plan: Plan,
        *,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._platform = platform
        self._clock = clock
        self._bus = bus
        self._source = source
        self._plan = plan
        self._on_progress = on_progress
        self._relay = Relay(platform.database, bus, clock=clock)
        self._started = time.monotonic()
        self._earlier_s = 0.0
        self.progress = Progress(plan.prelude)

    @property
    def wall_s(self) -> float:
        """Wall-clock seconds spent so far, earlier interrupted runs included."""
        return self._earlier_s + time.monotonic() - self._started

    async def run(self) -> None:
        """Play the window to its end.

        Raises:
            ConflictError: the database belongs to a replay of another window.
        """
        cursor, finished = await self._open()
        if finished:
            return
        await self._import_history()
        async with AsyncExitStack() as stack:
            drain = await self._start_services(stack)
            instants = [one for one in self._plan.instants() if cursor is None or one.at > cursor]
            self.progress.of = len(instants)
            for number, instant in enumerate(instants, start=1):
                await self._play(instant, drain)
                self.progress.done, self.progress.at = number, instant.at
                self._on_progress(self.progress)
                await self._advance(instant.at, finished=number == len(instants))

    async def _open(self) -> tuple[datetime | None, bool]:
        config = json.dumps(
            {
                "from": self._plan.first.isoformat(),
                "to": self._plan.last.isoformat(),
                "nowcast_every_s": self._plan.nowcast_every.total_seconds(),
            },
            sort_keys=True,
        )
        async with self._platform.database.transaction() as connection:
            await connection.execute(START_REPLAY_SQL, NAME, config)
            row = await connection.fetchrow(LOAD_REPLAY_SQL, NAME)
        assert row is not None
        if json.loads(row["config"]) != json.loads(config):
            raise ConflictError(
                f"this database already holds the replay {row['config']}; finish that one with the same options, or "
                "set PUNKCAST_HOME to an empty folder for another"
            )
        self._earlier_s = row["wall_s"]
        return row["cursor_at"], row["finished"]

    async def _import_history(self) -> None:
        """Everything before the window, in one transaction (the ingestor then follows in small steps)."""
        self.progress.stage = "importing history"
        self._on_progress(self.progress)
        async with self._platform.database.connection() as connection:
            after = await event_repository.last_place(connection)
        if after is not None:
            return
        history = await self._source.fetch(None, self._plan.prelude - timedelta(microseconds=1))
        async with self._platform.database.transaction() as connection:
            await event_repository.append_events(connection, history)

    async def _start_services(self, stack: AsyncExitStack) -> Callable[[], object]:
        platform, reader = self._platform, MarketReader()
        executor = ProcessExecutor(timeout_s=platform.settings.training_timeout_s)
        stack.callback(executor.close)
        trainer = build_trainer(platform, reader=reader, executor=executor)
        services = (
            build_ingestor(platform, source=self._source, reader=reader),
            build_nowcaster(platform, reader=reader),
            trainer,
            build_gatekeeper(platform),
            build_monitor(platform, nowcast_every=self._plan.nowcast_every),
        )
        for service in services:
            for subscription in service.subscriptions():
                await self._bus.subscribe(subscription)
        await declare_platform(self._bus)
        await self._bus.subscribe(Subscription("replay", (MarketUpdated, NowcastPublished), self._observe))
        return trainer.drain

    async def _observe(self, message: Envelope) -> None:
        if isinstance(message.data, MarketUpdated):
            self.progress.scored += message.data.sales_scored
            self.progress.new_outcomes |= message.data.sales_scored > 0
        else:
            self.progress.nowcasts += 1

    async def _play(self, instant: Instant, drain: Callable[[], object]) -> None:
        self._clock.move_to(max(instant.at, self._clock.now()))
        self.progress.stage = "playing"
        if await self._news(instant.at):
            await self._tick("ingest", IngestRequested(slot=instant.at))
        if instant.nowcast:
            await self._tick("nowcast", NowcastRequested(slot=instant.at))
        # The monitor looks hourly where sales were scored since its last look, and daily in any case.
        if instant.hourly and (self.progress.new_outcomes or instant.retrain_check):
            self.progress.new_outcomes = False
            await self._tick("monitor", MonitorRequested(slot=instant.at))
        if instant.retrain_check:
            await self._tick("retrain_check", RetrainCheckRequested(slot=instant.at))
        if instant.hourly:
            self.progress.stage = "training"
            await drain()  # type: ignore[misc]
            await settle(self._relay, self._bus)

    async def _news(self, at: datetime) -> bool:
        async with self._platform.database.connection() as connection:
            after = await event_repository.last_place(connection)
        coming = await self._source.next_event_time(after)
        return at == self._plan.prelude or (coming is not None and coming <= at)

    async def _tick(self, job: str, payload: Tick) -> None:
        envelope = Envelope.wrap(
            payload, source="replay", time=self._clock.now(), message_id=tick_id(job, payload.slot)
        )
        await self._bus.publish(envelope)
        await settle(self._relay, self._bus)

    async def _advance(self, at: datetime, *, finished: bool) -> None:
        async with self._platform.database.connection() as connection:
            await connection.execute(ADVANCE_REPLAY_SQL, NAME, at, self.wall_s, finished)
