"""All services as processes on servers of their own, with a champion and its nowcast."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random, randrange
from time import monotonic

import asyncpg
import httpx

from shared.database.migrate import migrate
from shared.messaging.amqp_layout import Layout
from shared.messaging.bus import RETRY_DELAYS
from tests.chaos.load import Publisher
from tests.chaos.market import write_market
from tests.chaos.outages.postgres import Server, url_of
from tests.chaos.outages.store import StoreProxy
from tests.chaos.supervisor import SERVICES, Supervisor
from tests.e2e.command import unset
from tests.factories.waiting import eventually
from tests.plugins.packages import found_or_installed
from tests.plugins.rabbitmq_node import Node, free_ports

LIVE = timedelta(minutes=10)
DISK = "700m"
PATIENCE_S = 120.0
PROBES = re.compile(rb'"(http://127[.0-9]+:[0-9]+)"')
NEWEST_SQL = "select max(as_of) from generations where role = 'champion'"


@dataclass
class Stage:
    """The servers and the services on them. `recoveries_s`: seconds from each recovery to the next nowcast."""

    broker: Node
    databases: tuple[Server, Server]
    store: StoreProxy
    supervisor: Supervisor
    gateway: httpx.AsyncClient
    layout: Layout
    database_url: str
    disk: Path
    """The primary's, which may be small."""
    clock: Path
    """Holds the offset of every service's clock, as `+1h`."""
    requested: list[str] = field(default_factory=list)
    recoveries_s: dict[str, float] = field(default_factory=dict)

    async def ask(self, query: str, *arguments: object) -> object:
        """A value from the server that takes writes; None while no server does."""
        try:
            connection = await asyncpg.connect(self.database_url)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return None
        try:
            return await connection.fetchval(query, *arguments)
        finally:
            await connection.close()

    async def tick(self, *jobs: str) -> datetime:
        """Send ticks for the present second, and return it."""
        slot = datetime.now(UTC).replace(microsecond=0)
        async with AsyncExitStack() as stack:
            publisher = await Publisher.open(self.broker.url, self.layout.prefix, Random(1), stack)
            for job in jobs:
                await publisher.tick(job, slot)
        return slot

    async def request_training(self, reason: str) -> None:
        self.requested.append(reason)
        async with AsyncExitStack() as stack:
            publisher = await Publisher.open(self.broker.url, self.layout.prefix, Random(1), stack)
            await publisher.request_training(reason, datetime.now(UTC) - timedelta(days=3))

    def freeze(self, *names: str, signal_number: int) -> None:
        for name in names:
            process = self.supervisor.kept[name].process
            assert process is not None
            process.send_signal(signal_number)

    async def nowcast(self) -> None:
        """Send a tick and wait for its nowcast."""
        slot = await self.tick("nowcast")
        await self.reached(f"the nowcast of {slot}", lambda: self._published(slot))

    async def _published(self, slot: datetime) -> bool:
        newest = await self.ask(NEWEST_SQL)
        return isinstance(newest, datetime) and newest >= slot

    @asynccontextmanager
    async def goes_on(self, outage: str) -> AsyncIterator[None]:
        """The block ends the outage; afterwards a nowcast is made, and every probe says that its process serves."""
        yield
        started = monotonic()
        await self.nowcast()
        self.recoveries_s[outage] = monotonic() - started
        await self.reached("every probe is ready", self.all_ready)

    async def readiness(self) -> dict[str, int]:
        """The status of `/readyz` of each process."""
        async with httpx.AsyncClient() as client:
            addresses = {name: self._probe(name) for name in SERVICES}
            answers = {name: (await client.get(f"{url}/readyz")).status_code for name, url in addresses.items()}
        return answers | {"api": (await self.gateway.get("/readyz")).status_code}

    async def all_ready(self) -> bool:
        try:
            return set((await self.readiness()).values()) == {200}
        except httpx.HTTPError:
            return False

    async def reached(self, what: str, condition: Callable[[], object], *, within_s: float = PATIENCE_S) -> None:
        try:
            await eventually(condition, within_s=within_s)
        except AssertionError as error:
            raise AssertionError(f"{what}: {error}\n{self.supervisor.tails()}") from error

    def _probe(self, service: str) -> str:
        log = self.supervisor.log(service).read_bytes().splitlines()
        found = [PROBES.search(line) for line in log if b"probes are up" in line]
        assert found and found[-1]
        return found[-1][1].decode()


@asynccontextmanager
async def staged(folder: Path, databases: Path, broker: Node, s3_endpoint: str) -> AsyncIterator[Stage]:
    """Start everything and wait for the first nowcast."""
    disk = databases / "primary"
    disk.mkdir(mode=0o755)
    with small_disk(disk):
        async with _staged(folder, databases, disk, broker, s3_endpoint) as stage:
            yield stage


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Where this process may mount, `folder` is a small disk of its own; elsewhere a plain folder."""
    mount = ("mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder))
    small = subprocess.run(mount, check=False, capture_output=True)
    try:
        yield
    finally:
        if small.returncode == 0:
            subprocess.run(("umount", "--lazy", str(folder)), check=False)


@asynccontextmanager
async def _staged(folder: Path, databases: Path, disk: Path, broker: Node, s3_endpoint: str) -> AsyncIterator[Stage]:
    place = f"127.{randrange(1, 255)}.{randrange(255)}"  # another one for each run
    primary, standby = Server.at(disk, f"{place}.2"), Server.at(databases, f"{place}.3")
    clock = folder / "clock"
    clock.write_text("+0")
    await asyncio.to_thread(primary.create)
    await asyncio.to_thread(standby.follow, primary)
    url = url_of(primary, standby)
    await migrate(url)
    layout = Layout("outages", RETRY_DELAYS)
    proxy = StoreProxy(s3_endpoint)
    begins = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=25)
    market = await write_market(folder / "market", begins=begins, lasts=LIVE)
    (port,) = free_ports(1)
    async with AsyncExitStack() as stack:
        stack.callback(standby.stop)
        stack.callback(primary.stop)
        endpoint = await stack.enter_async_context(proxy.serving())
        supervisor = Supervisor(
            unset()
            | {
                "PUNKCAST_HOME": str(folder / "home"),
                "PUNKCAST_DATABASE_URL": url,
                "PUNKCAST_BROKER_URL": broker.url,
                "PUNKCAST_BROKER_PREFIX": layout.prefix,
                "PUNKCAST_OBJECT_STORE_URL": f"s3://outages?endpoint_url={endpoint}&create=true",
                "PUNKCAST_SOURCE_URL": market,
                "PUNKCAST_API_PORT": str(port),
                "PUNKCAST_THREADS": "1",
                "PUNKCAST_TRAINING_LEASE_S": "6",
                "PUNKCAST_TRAINING_REQUESTS_PER_ORIGIN": "20",
                "PUNKCAST_LOG_FORMAT": "json",
                "PUNKCAST_GIT_SHA": "outages",
                "PYTHONUNBUFFERED": "1",
                "LD_PRELOAD": _faketime(),
                "FAKETIME_TIMESTAMP_FILE": str(clock),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            },
            folder / "logs",
            {},
            services=(*SERVICES, "api"),
        )
        supervisor.start()
        stack.push_async_callback(supervisor.stop)
        client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30)
        gateway = await stack.enter_async_context(client)
        stage = Stage(broker, (primary, standby), proxy, supervisor, gateway, layout, url, disk, clock)
        await stage.reached("every service is attached", lambda: supervisor.all_ready)
        await stage.tick("ingest")
        await stage.reached("the first sales", lambda: stage.ask("select exists (select from sales)"))
        await stage.tick("retrain_check")
        await stage.reached("a nowcast", lambda: stage.ask("select exists (select from nowcast_pointer)"))
        await stage.reached("every probe is ready", stage.all_ready)
        yield stage


def _faketime() -> str:
    """The library that moves a process's clock."""

    def find() -> str | None:
        found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        return str(found[0]) if found else None

    return found_or_installed(find, "libfaketime", remedy="install libfaketime, which moves the clocks of the services")
