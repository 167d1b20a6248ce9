"""What outlives the process: database, broker, object store, receiver of webhooks, and the clock."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
from aiohttp import web

from services.embedded import workers
from services.trainer.executor import FitJob
from shared.clock import ManualClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import Payload
from shared.database.pool import AWAY, Database
from shared.errors import PunkcastError
from shared.messaging.outbox import Relay
from shared.messaging.topology import declare_platform
from shared.runtime.host import attach
from shared.runtime.platform import Platform
from shared.runtime.service import Service
from shared.settings import Settings
from tests.chaos.crash_points.doors import Broker, Contents, Receiver, RemoteBus, Store, connection_class
from tests.chaos.crash_points.life import Death, Life
from tests.factories.small_market import Source

Fit = Callable[[FitJob], bytes]
IDENTITIES_SQL = """
select format('select setval(%L, coalesce(max(%I), 0) + 1, false) from %I',
              pg_get_serial_sequence(relname, attname), attname, relname)
from pg_attribute join pg_class c on c.oid = attrelid
where attidentity <> '' and relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
"""
ALONE_SQL = "select not exists (select from pg_stat_activity where datname = $1 and pid <> pg_backend_pid())"
# A lease runs out without a move of the clock: a training some minutes later would learn another market.
EXPIRE_LEASES_SQL = """
update training_requests set lease_until = $1::timestamptz - interval '1 second' where status = 'running'
returning request_id
"""
NEXT_DELIVERY_SQL = """
select min(greatest(next_attempt_at, taken_until)) from webhook_deliveries join webhooks using (webhook_id)
where next_attempt_at is not null
"""
OUTBOX_SQL = "select exists (select from outbox)"
LAST = ("trainer", "notifier", "nowcaster")
"""What their loops do when no message is left: a training, deliveries, the archive."""
ROUNDS = 500
"""More pieces of work than this without coming to rest mean that the platform works in a circle."""


class RestlessError(AssertionError):
    """The platform does not come to rest."""


class Executor:
    """Fits in this process."""

    def __init__(self, fit: Fit) -> None:
        self._fit = fit

    async def fit(self, job: FitJob) -> bytes:
        return await asyncio.to_thread(self._fit, job)

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class Saved:
    """The world at one instant."""

    at: datetime
    database: str
    broker: Contents
    objects: Path
    received: tuple[tuple[str, str], ...]
    sent: dict[tuple[str, UUID], str]


@dataclass
class Process:
    """The platform's services in one process, built anew for each life."""

    life: Life
    platform: Platform
    services: dict[str, Service]
    bus: RemoteBus
    relay: Relay
    quiet: int = 0
    """How many of `LAST` have run since there was a message."""

    async def work(self) -> str | None:
        """Do the next piece of work and return its name; None if nothing is left to do at this instant."""
        self.life.check()
        if (consumer := await self.bus.deliver_one()) is not None:
            self.quiet = 0
            return consumer
        async with self.platform.database.connection() as connection:
            waiting = await connection.fetchval(OUTBOX_SQL)
        if waiting:
            self.quiet = 0
            await self.relay.run_once()
            return "relay"
        if self.quiet == len(LAST):
            return None
        name = LAST[self.quiet]
        self.quiet += 1
        with suppress(PunkcastError, *AWAY):
            await self.services[name].drain()
        return name

    async def finish(self) -> None:
        """Work until nothing is left to do at this instant."""
        for _ in range(ROUNDS):
            if await self.work() is None:
                return
        raise RestlessError(f"the process still works after {ROUNDS} pieces of work")


Call = Callable[[Process], Awaitable[None]]


@dataclass
class World:
    """One database at a time; the others are its saved states."""

    server: asyncpg.Connection
    url: str
    folder: Path
    template: str
    clock: ManualClock
    broker: Broker
    receiver: Receiver
    policy: str
    fit: Fit
    source: Source
    name: str
    _saved: int = 0
    _database: asyncpg.Connection | None = None

    @cached_property
    def _settings(self) -> Settings:
        policy = self.folder / "policy.toml"
        policy.write_text(self.policy, encoding="utf-8")
        return Settings(home=self.folder, threads=1, webhooks_private=True, policy_file=policy, _env_file=None)

    @property
    def objects(self) -> Path:
        return self.folder / "objects"

    @property
    def database(self) -> asyncpg.Connection:
        """For a look at the tables from outside."""
        assert self._database is not None
        return self._database

    async def begin(self, at: datetime) -> None:
        """An empty world: a migrated database, and the platform's queues."""
        await self._from(self.template)
        shutil.rmtree(self.objects, ignore_errors=True)
        self.objects.mkdir()
        self.clock = self.broker.clock = ManualClock(at)
        self.broker.lose_everything()
        self.receiver.got.clear()
        await declare_platform(RemoteBus(self.clock, broker=self.broker))

    async def close(self) -> None:
        await self._leave()
        await self.server.close()

    async def save(self) -> Saved:
        self._saved += 1
        name, objects = f"{self.name}_{self._saved}", self.folder / f"saved-{self._saved}"
        await self._leave()
        await self.server.execute(f'create database "{name}" template "{self.name}" strategy file_copy')
        await self._enter()
        shutil.copytree(self.objects, objects, copy_function=_link)
        return Saved(
            self.clock.now(), name, self.broker.contents(), objects, tuple(self.receiver.got), dict(self.broker.sent)
        )

    async def restore(self, saved: Saved) -> None:
        await self._from(saved.database)
        shutil.rmtree(self.objects)
        shutil.copytree(saved.objects, self.objects, copy_function=_link)
        self.clock = self.broker.clock = ManualClock(saved.at)
        self.broker.hold(saved.broker)
        self.broker.sent = dict(saved.sent)
        self.receiver.got[:] = saved.received

    async def say(self, payload: Payload, message_id: UUID) -> None:
        """A message from outside, of a timer or a person."""
        envelope = Envelope.wrap(payload, source="outside", time=self.clock.now(), message_id=message_id)
        await RemoteBus(self.clock, broker=self.broker).publish(envelope)

    async def live(self, do: Call, *, ends_at: Death | None = None) -> Life:
        """One life, in which everything is built anew: it does this and ends, or dies at a place."""
        life = Life(ends_at)
        self.broker.life = self.receiver.life = life
        before = asyncio.all_tasks()
        pool = await asyncpg.create_pool(
            self._own_url(),
            min_size=1,
            connection_class=connection_class(life),
            server_settings={"application_name": "process", "timezone": "UTC"},
        )
        try:
            await asyncio.create_task(self._build_and(do, Database(pool), life))
        except BaseException:
            # A crash comes out of a task group in another form.
            if not life.dead:
                raise
        finally:
            self.broker.life = self.receiver.life = None
            await self._bury(pool, before)
        return life

    async def _build_and(self, do: Call, database: Database, life: Life) -> None:
        bus = RemoteBus(self.clock, broker=self.broker)
        platform = Platform(self._settings, self.clock, database, bus, Store(self.objects, life))
        services = workers(platform, source=self.source, executor=Executor(self.fit))
        await attach(bus, services.values())
        await do(Process(life, platform, services, bus, Relay(database, bus, clock=self.clock)))

    async def _bury(self, pool: asyncpg.Pool, before: set[asyncio.Task[object]]) -> None:
        """Nothing of the process is left: no task, no connection."""
        left = [task for task in asyncio.all_tasks() - before if "RequestHandler" not in task.get_coro().__qualname__]
        for task in left:
            task.cancel()
        pool.terminate()
        await asyncio.gather(*left, return_exceptions=True)
        await self._leave()
        await self._enter()
        # A sequence keeps the numbers of a transaction that was rolled back; without the gaps, runs compare equal.
        for (statement,) in await self.database.fetch(IDENTITIES_SQL):
            await self.database.execute(statement)

    async def wait(self) -> bool:
        """Let leases run out, or move the clock to the next work that is due later. False if nothing is left.

        Leases first: a fit that a dead process left must not become one of a later instant by a delivery that waits.
        """
        if await self.database.fetch(EXPIRE_LEASES_SQL, self.clock.now()):
            return True
        dues = [self.broker.next_due(), await self.database.fetchval(NEXT_DELIVERY_SQL)]
        instants = [due for due in dues if due is not None]
        if instants:
            self.clock.move_to(max(self.clock.now(), min(instants)))
        return bool(instants)

    def _own_url(self) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{self.name}"))

    async def _from(self, template: str) -> None:
        await self._leave()
        await self.server.execute(f'drop database if exists "{self.name}" with (force)')
        await self.server.execute(f'create database "{self.name}" template "{template}" strategy file_copy')
        await self._enter()

    async def _leave(self) -> None:
        if self._database is not None:
            await self._database.close()
            self._database = None
        # PostgreSQL tells nobody when a connection has ended.
        while not await self.server.fetchval(ALONE_SQL, self.name):  # noqa: ASYNC110
            await asyncio.sleep(0.002)

    async def _enter(self) -> None:
        self._database = await asyncpg.connect(self._own_url(), server_settings={"timezone": "UTC"})


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[Receiver, str]]:
    """A receiver, and its URL."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield receiver, f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
