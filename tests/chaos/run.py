"""The run: services work under load, are killed, and settle."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from time import monotonic
from uuid import uuid5

import asyncpg
from aio_pika.abc import AbstractIncomingMessage

from shared.contracts.messages import ModelPromoted
from shared.messaging.amqp_layout import Layout
from shared.messaging.bus import RETRY_DELAYS
from tests.chaos import broker_view
from tests.chaos.expected import missing
from tests.chaos.load import Publisher, Sent, ask_for_trainings, keep_ticking
from tests.chaos.market import write_market
from tests.chaos.supervisor import SERVICES, Supervisor
from tests.e2e.command import unset
from tests.factories.tcp_line import TcpLine
from tests.factories.waiting import STUCK_AFTER_S, eventually, nothing_left

CHAOS_S = 200.0
RANDOM_KILLS = 140
LEAST_KILLS = 150
"""At random instants and at failpoints; those of test_deals.py come on top."""
REQUESTS = 8
LEASE_S = 6.0
BROKER_AWAY_S = 4.0
DATABASE_AWAY_S = 3.0
# One failpoint per life, in this order; every service dies at each failpoint that it has.
FAILPOINTS = {
    "ingestor": ["after-commit:3", "after-publish:2", "before-commit:2"],
    "nowcaster": ["after-publish:1", "before-commit:2", "after-commit:3"],
    "trainer": ["after-commit:2", "before-commit:3", "after-publish:2"],
    "gatekeeper": ["after-commit:1", "before-commit:1", "after-publish:1"],
    "monitor": ["before-commit:2", "after-commit:2", "after-publish:1"],
    "notifier": ["before-commit:2", "after-commit:2"],  # publishes nothing
}
RUNNING_TRIES_SQL = "select coalesce(max(attempts), 0) from training_requests where status = 'running'"
OTHERS_SQL = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and backend_type = 'client backend' and application_name <> $1
"""
PROMOTIONS_SQL = """
select model_id, previous_model_id, decision_id, generation as pointer_generation
from model_pointer_history join decisions using (decision_id) where action = 'promote'
"""
OBSERVER = "chaos"


@dataclass
class Aftermath:
    """The state after the run, which the tests check."""

    connection: asyncpg.Connection
    supervisor: Supervisor
    sent: Sent
    market: Path
    queues: dict[str, int]
    """Ready messages per queue after every service has stopped (so none is unacknowledged)."""
    dead: list[AbstractIncomingMessage]
    published: dict[int, str]
    """Generations announced on the bus, each with the id of the causing message."""
    exit_codes: dict[str, int]
    survivors: list[str]
    unsettled: list[str]
    first_champion_at: datetime
    wall_s: float
    broken_lines: int
    broken_backends: int
    phases: dict[str, float] = field(default_factory=dict)

    async def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        return list(await self.connection.fetch(query, *arguments))


class ChaosRun:
    """One run with its own database and broker prefix."""

    def __init__(self, *, database_url: str, amqp_url: str, prefix: str, folder: Path, seed: int) -> None:
        self._database_url = database_url
        self._amqp_url = amqp_url
        self._layout = Layout(prefix, RETRY_DELAYS)
        self._folder = folder
        self._rng = Random(seed)
        self._tries = 0
        self._broken_lines = self._broken_backends = 0
        self._phases: dict[str, float] = {}

    async def play(self, stack: AsyncExitStack) -> Aftermath:
        """Run. The resources of the aftermath stay open until the stack is closed."""
        started = monotonic()
        begins = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=25)
        market = self._folder / "market"
        source_url = await write_market(market, begins=begins, lasts=timedelta(seconds=CHAOS_S))
        connection = await asyncpg.connect(self._database_url, server_settings={"application_name": OBSERVER})
        stack.push_async_callback(connection.close)
        line = TcpLine(self._amqp_url)
        await line.mend()
        stack.push_async_callback(line.cut)
        supervisor = Supervisor(
            self._environment(line.url, source_url),
            self._folder / "logs",
            FAILPOINTS,
            may_fail=lambda service: service != "trainer" or self._tries < 2,
        )
        supervisor.start()
        stack.push_async_callback(supervisor.stop)
        publisher = await self._first_champion(connection, supervisor, stack)
        first_champion_at = await connection.fetchval("select min(published_at) from generations")
        self._phases["first champion"] = monotonic() - started
        await self._chaos(connection, line, publisher, supervisor, begins)
        self._phases["end of the kills"] = monotonic() - started
        unsettled = await self._settle(connection, publisher, supervisor)
        self._phases["settled"] = monotonic() - started
        exit_codes = await supervisor.stop()
        return Aftermath(
            connection=connection,
            supervisor=supervisor,
            sent=publisher.sent,
            market=market,
            queues=await broker_view.ready_messages(self._amqp_url, self._layout),
            dead=await broker_view.take_all(self._amqp_url, self._layout.dead),
            published=await broker_view.published_generations(self._amqp_url, self._layout),
            exit_codes=exit_codes,
            survivors=await supervisor.survivors(),
            unsettled=unsettled,
            first_champion_at=first_champion_at,
            wall_s=monotonic() - started,
            broken_lines=self._broken_lines,
            broken_backends=self._broken_backends,
            phases=self._phases,
        )

    def _environment(self, broker_url: str, source_url: str) -> dict[str, str]:
        return unset() | {
            "PUNKCAST_HOME": str(self._folder / "home"),
            "PUNKCAST_DATABASE_URL": self._database_url,
            "PUNKCAST_BROKER_URL": broker_url,
            "PUNKCAST_BROKER_PREFIX": self._layout.prefix,
            "PUNKCAST_OBJECT_STORE_URL": f"folder://{self._folder / 'objects'}",
            "PUNKCAST_SOURCE_URL": source_url,
            "PUNKCAST_THREADS": "1",
            "PUNKCAST_TRAINING_LEASE_S": str(LEASE_S),
            "PUNKCAST_LOG_FORMAT": "json",
            "PUNKCAST_GIT_SHA": "chaos",
            "PYTHONUNBUFFERED": "1",
        }

    async def _first_champion(
        self, connection: asyncpg.Connection, supervisor: Supervisor, stack: AsyncExitStack
    ) -> Publisher:
        """From empty tables to events, a first champion and its nowcast."""

        async def reached(what: str, condition: Callable[[], object]) -> None:
            try:
                await eventually(condition, within_s=STUCK_AFTER_S)
            except AssertionError as error:
                raise AssertionError(f"{what}: {error}\n{supervisor.tails()}") from error

        await reached("every service is attached", lambda: supervisor.all_ready)
        publisher = await Publisher.open(self._amqp_url, self._layout.prefix, self._rng, stack)
        await publisher.tick("ingest", _now())
        await reached("the first sales", lambda: connection.fetchval("select exists (select from sales)"))
        await publisher.tick("retrain_check", _now())
        await reached("a nowcast", lambda: connection.fetchval("select exists (select from nowcast_pointer)"))
        return publisher

    async def _chaos(
        self,
        connection: asyncpg.Connection,
        line: TcpLine,
        publisher: Publisher,
        supervisor: Supervisor,
        begins: datetime,
    ) -> None:
        """Load, kills and both outages at once, for `CHAOS_S`."""
        stop = asyncio.Event()
        load = [
            asyncio.create_task(keep_ticking(publisher, stop)),
            asyncio.create_task(ask_for_trainings(publisher, begins, count=REQUESTS, pause_s=0.6 * CHAOS_S / REQUESTS)),
        ]
        began = monotonic()
        for at, act in self._agenda(connection, line, supervisor):
            await asyncio.sleep(max(0.0, began + at - monotonic()))
            await act()
        await asyncio.sleep(max(0.0, began + CHAOS_S - monotonic()))
        supervisor.disarm()
        stop.set()
        await asyncio.gather(*load)

    def _agenda(
        self, connection: asyncpg.Connection, line: TcpLine, supervisor: Supervisor
    ) -> list[tuple[float, Callable[[], Awaitable[None]]]]:
        """The schedule, drawn from the seed: kills at random instants, evenly per service, and the outages."""
        victims = [SERVICES[number % len(SERVICES)] for number in range(RANDOM_KILLS)]
        self._rng.shuffle(victims)
        agenda: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            (self._rng.uniform(0.0, 0.95 * CHAOS_S), partial(self._kill, connection, supervisor, victim))
            for victim in victims
        ]
        agenda.append((0.35 * CHAOS_S, partial(self._lose_broker, line)))
        agenda.append((0.65 * CHAOS_S, partial(self._lose_database, connection)))
        return sorted(agenda, key=lambda entry: entry[0])

    async def _kill(self, connection: asyncpg.Connection, supervisor: Supervisor, victim: str) -> None:
        """SIGKILL. Spare a training after two of its three tries, because the third kill would fail it."""
        self._tries = await connection.fetchval(RUNNING_TRIES_SQL)
        if victim == "trainer" and self._tries >= 2:
            victim = self._rng.choice([name for name in SERVICES if name != "trainer"])
        supervisor.kill(victim)

    async def _lose_broker(self, line: TcpLine) -> None:
        self._broken_lines = await line.cut()
        await asyncio.sleep(BROKER_AWAY_S)
        await line.mend()

    async def _lose_database(self, connection: asyncpg.Connection) -> None:
        """Close every connection of the services, and each new one, until the outage is over."""
        until = monotonic() + DATABASE_AWAY_S
        while monotonic() < until:
            self._broken_backends += len(await connection.fetch(OTHERS_SQL, OBSERVER))
            await asyncio.sleep(0.1)

    async def _settle(self, connection: asyncpg.Connection, publisher: Publisher, supervisor: Supervisor) -> list[str]:
        """Send late duplicates and a last round of ticks, then wait until no work is left.

        Returns descriptions of unfinished work.
        """
        for row in await connection.fetch(PROMOTIONS_SQL):
            promoted = ModelPromoted(**row)
            await publisher.again(promoted, uuid5(promoted.decision_id, promoted.TYPE))
        for job in ("ingest", "nowcast", "monitor"):
            await publisher.tick(job, _now())
        await publisher.tick("retrain_check", _now())

        async def left() -> list[str]:
            found = await missing(connection, publisher.sent)
            waiting = await broker_view.ready_messages(self._amqp_url, self._layout)
            waiting.pop(self._layout.dead, None)
            found += [f"{count} messages in {name}" for name, count in waiting.items() if count]
            found += [f"{name} is not attached" for name, one in supervisor.kept.items() if not one.ready]
            if found:
                await publisher.tick("training_drain", _now())
            return found

        return list(await nothing_left(left, looks=3))


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
