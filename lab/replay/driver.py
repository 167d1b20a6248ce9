"""Drive the production handlers over history under a simulated clock.

The driver moves the clock, sends the ticks that the timers would send, and carries the messages. It values, scores,
trains and decides nothing. An interrupted replay resumes to the same end: ticks have deterministic ids, handlers are
idempotent, and the cursor moves only when an instant is done. Before an instant is played again, its unfinished work
is finished at that instant.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from lab.replay import record
from lab.replay.plan import Instant, Plan
from lab.stage import Stage
from services.embedded import workers
from services.nowcaster.bootstrap import build_explainer
from services.trainer.executor import ProcessExecutor
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ContenderRegistered, MarketUpdated, NowcastPublished, TrainingRequested
from shared.errors import InvalidInputError, TransientError
from shared.messaging.bus import Subscription
from shared.runtime.service import Service
from shared.sources.source import MarketSource
from shared.stores import event_repository
from shared.stores.market_reader import MarketReader

LAST_SCORED_SQL = "select scored_at from outcomes order by event_seq desc limit 1"
TRAINING_TRIES = 3


@dataclass
class Progress:
    """What the display shows. Counts include earlier, interrupted runs."""

    at: datetime
    done: int = 0
    of: int = 0
    nowcasts: int = 0
    scored: int = 0
    training: bool = False
    stage: str = "starting"


class Replay:
    """One replay in one database. Its wall clock begins at `started` (monotonic seconds), or now without it."""

    def __init__(
        self,
        stage: Stage,
        source: MarketSource,
        plan: Plan,
        *,
        started: float | None = None,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._stage = stage
        self._clock = stage.clock
        self._database = stage.platform.database
        self._source = source
        self._plan = plan
        self._reader = MarketReader()
        self._on_progress = on_progress
        self._started = time.monotonic() if started is None else started
        self._stopped: float | None = None
        self._earlier_s = 0.0
        self.progress = Progress(plan.prelude)

    @property
    def wall_s(self) -> float:
        """Wall-clock seconds so far, with earlier interrupted runs."""
        return self._earlier_s + (self._stopped or time.monotonic()) - self._started

    async def run(self) -> bool:
        """Play the window to its end; False, without any change, if that was done before.

        Raises:
            ConflictError: the database belongs to another replay, or another process is playing this one.
            InvalidInputError: the source has no events before the window, or none in it.
        """
        async with record.alone(self._database):
            events = await self._source.fetch(None, self._plan.end)
            _require_history(events, self._plan, begin=await self._source.next_event_time(None))
            begun = await record.begin_or_resume(self._database, self._plan, events)
            self._earlier_s = begun.wall_s
            if begun.finished:
                self._stopped = self._started
            else:
                await self._play_from(begun.cursor)
            return not begun.finished

    async def complete(self) -> None:
        """After `run`: work out the reasons of the last values and the market's days.

        A running nowcaster does this after each publication. It takes far longer than the values, so a replay does it
        once.
        """
        self._clock.move_to(max(self._plan.end, self._clock.now()))
        await build_explainer(self._stage.platform, reader=self._reader).drain()

    async def _play_from(self, cursor: datetime | None) -> None:
        await self._import_history()
        instants = list(self._plan.instants())
        left = [instant for instant in instants if cursor is None or instant.at > cursor]
        self.progress.of, self.progress.done = len(instants), len(instants) - len(left)
        self.progress.nowcasts, self.progress.scored = await record.counts(self._database)
        async with AsyncExitStack() as stack:
            services = await self._start_services(stack)
            await self._finish_what_was_left(left[0], services)
            for instant in left:
                self.progress.at = instant.at
                self._show("playing")
                await self._play(instant, services)
                self.progress.done += 1
                self._show("playing")
                finished = instant is left[-1]
                if finished:
                    await self._stage.tick("backtest", instant.at)
                    self._stopped = time.monotonic()
                await record.advance(self._database, instant.at, wall_s=self.wall_s, finished=finished)

    async def _import_history(self) -> None:
        """Everything before the window, in one transaction (the ingestor then follows in small steps)."""
        async with self._database.connection() as connection:
            if await event_repository.last_place(connection) is not None:
                return
        self._show("importing history")
        history = await self._source.fetch(None, self._plan.prelude - timedelta(microseconds=1))
        async with self._database.transaction() as connection:
            await event_repository.append_events(connection, history)

    async def _start_services(self, stack: AsyncExitStack) -> Mapping[str, Service]:
        executor = ProcessExecutor(timeout_s=self._stage.platform.settings.training_timeout_s)
        stack.callback(executor.close)
        executor.start()
        services = workers(
            self._stage.platform,
            source=self._source,
            reader=self._reader,
            executor=executor,
            nowcast_every=self._plan.nowcast_every,
        )
        await self._stage.host(services.values())
        seen = (MarketUpdated, NowcastPublished, TrainingRequested, ContenderRegistered)
        await self._stage.bus.subscribe(Subscription("replay", seen, self._observe))
        return services

    async def _finish_what_was_left(self, instant: Instant, services: Mapping[str, Service]) -> None:
        """Finish what a killed process had begun at `instant`, in the order of that process."""
        self._clock.move_to(max(instant.at, self._clock.now()))
        await record.release_leases(self._database)
        # A gate looks at the newest archived nowcast: a publication without its archive would change the evidence.
        await services["nowcaster"].drain()
        await self._stage.settle()

    async def _observe(self, message: Envelope) -> None:
        match message.data:
            case MarketUpdated(sales_scored=scored):
                self.progress.scored += scored
            case NowcastPublished():
                self.progress.nowcasts += 1
            case TrainingRequested():
                self.progress.training = True
            case ContenderRegistered():
                self.progress.training = False

    def _show(self, stage: str) -> None:
        self.progress.stage = stage
        self._on_progress(self.progress)

    async def _play(self, instant: Instant, services: Mapping[str, Service]) -> None:
        self._clock.move_to(max(instant.at, self._clock.now()))
        # Each new day too, because yesterday's ETH/USD close is known now.
        news = instant.retrain_check or await self._news(instant.at)
        if news:
            await self._stage.tick("ingest", instant.at)
        if instant.nowcast:
            await self._stage.tick("nowcast", instant.at)
        # The monitor looks hourly where sales were scored since its last check, and daily in any case.
        watch = instant.hourly and (instant.retrain_check or await self._new_outcomes(instant.at))
        if watch:
            await self._stage.tick("monitor", instant.at)
        if instant.retrain_check:
            await self._stage.tick("retrain_check", instant.at)
        # In an hour without a tick only a retry can be due.
        if instant.hourly and (news or watch or instant.nowcast or await self._stage.bus.run_until_idle()):
            await self._train(services)
            await self._stage.settle()

    async def _train(self, services: Mapping[str, Service]) -> None:
        if self.progress.training:
            self._show("training")
        for left in reversed(range(TRAINING_TRIES)):
            try:
                await services["trainer"].drain()
                return
            except TransientError as error:
                if not left:
                    raise TransientError(
                        f"training failed {TRAINING_TRIES} times: {error}; the same command resumes here"
                    ) from error
                # The lease would run out at a later simulated time than in a run without this failure.
                await record.release_leases(self._database)

    async def _new_outcomes(self, at: datetime) -> bool:
        """Whether sales were scored since the last watch. The database knows it after a kill too."""
        async with self._database.connection() as connection:
            scored: datetime | None = await connection.fetchval(LAST_SCORED_SQL)
        return scored is not None and scored > at - self._plan.watch_every

    async def _news(self, at: datetime) -> bool:
        async with self._database.connection() as connection:
            after = await event_repository.last_place(connection)
        coming = await self._source.next_event_time(after)
        return coming is not None and coming <= at


def _require_history(events: pl.DataFrame, plan: Plan, *, begin: datetime | None) -> None:
    if begin is None:
        raise InvalidInputError("the source holds no events; there is nothing to play")
    if begin >= plan.prelude:
        raise InvalidInputError(
            f"there is nothing to learn from before --from {plan.first}: the events begin {begin:%Y-%m-%d}"
        )
    last: datetime = events["timestamp"][-1]
    if last < plan.start:
        raise InvalidInputError(
            f"there are no events from {plan.first} to {plan.last}: the last one is of {last:%Y-%m-%d}"
        )
