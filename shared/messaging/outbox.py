"""The relay publishes committed outbox rows at least once, in the order of writing.

What the broker does not take waits, and blocks nothing else: rows of a routing key without a queue or with a full one.
Every worker has a relay; each takes rows that the others have not locked. After a crash between publish and delete a
row is published twice, and the consumers' inboxes drop the duplicate.
"""

import asyncio
import contextlib
from collections.abc import Sequence, Set
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog

from shared.clock import Clock, SystemClock
from shared.contracts.envelope import MalformedMessageError, decode
from shared.database.pool import Connection, Database
from shared.errors import PermanentError, PunkcastError
from shared.messaging import failpoints
from shared.messaging.bus import Bus, QueueFullError, UnroutableError, Volatile
from shared.messaging.transaction import ONE_CONSUMER, purge_inbox
from shared.tasks import end
from shared.telemetry import metrics

log = structlog.get_logger(__name__)

CHANNEL = "punkcast_outbox"
BATCH = 100
INBOX_KEPT = timedelta(days=30)

_WAITING_SQL = "select exists (select from outbox)"
_TAKE_SQL = """
    select id, message_id, routing_key, body from outbox
    where message_id <> all($2::uuid[]) and routing_key <> all($3::text[])
    order by id limit $1
    for update skip locked
"""
_DELETE_SQL = "delete from outbox where message_id = any($1::uuid[])"
_DEPTH_SQL = "select count(*), min(created_at) from outbox"


class Relay:
    """Publishes outbox rows to the bus.

    Args:
        poll_s: polling interval in case a notification is lost.
        heartbeat_s: interval between checks of the listening connection.
        unroutable_pause_s: pause of a routing key after a refusal; then its oldest row is tried, and alone.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        *,
        clock: Clock | None = None,
        poll_s: float = 3.0,
        heartbeat_s: float = 30.0,
        unroutable_pause_s: float = 5.0,
    ) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock or SystemClock()
        self._poll_s = poll_s
        self._heartbeat_s = heartbeat_s
        self._unroutable_pause_s = unroutable_pause_s
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        # Routing keys, and rows that no queue can ever take: until when they wait.
        self._parked: dict[str | UUID, float] = {}
        # Keys of rows, with the ids of their messages.
        self._handed_over: dict[UUID, UUID] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    async def run_once(self) -> int:
        """Publish one batch and delete the rows that the bus has confirmed.

        Returns:
            The number of published rows.

        Raises:
            BusUnavailableError: the broker is unavailable. Confirmed rows are deleted, the others stay.
        """
        return await self._batch(set())

    async def _batch(self, refused: set[str | UUID]) -> int:
        """As `run_once`, without what is in `refused`; adds what the broker refuses."""
        failures: list[BaseException] = []
        async with self._database.connection() as connection:
            # Most polls find nothing and need no transaction.
            if not self._handed_over and not await connection.fetchval(_WAITING_SQL):
                return 0
            async with connection.transaction():
                await self._delete_settled(connection)
                rows = self._without_doubtful(await connection.fetch(_TAKE_SQL, BATCH, *self._left_out(refused)))
                results = await asyncio.gather(*(self._publish(row) for row in rows), return_exceptions=True)
                published: dict[UUID, UUID] = {}
                for row, result in zip(rows, results, strict=True):
                    if isinstance(result, UUID):
                        published[row["message_id"]] = result
                        self._parked.pop(row["routing_key"], None)
                    elif isinstance(result, (UnroutableError, QueueFullError)):
                        refused.add(self._park(row["routing_key"], result))
                    elif isinstance(result, PermanentError):
                        refused.add(self._park(row["message_id"], result))
                    else:
                        failures.append(result)
                if published:
                    failpoints.passing("after-publish")
                if isinstance(self._bus, Volatile):
                    self._handed_over.update(published)
                elif published:
                    await connection.execute(_DELETE_SQL, list(published))
        if failures:
            raise failures[0]
        return len(published)

    async def drain(self) -> int:
        """Publish batches until all other rows wait for a queue; returns the number of published rows."""
        total, refused = 0, set[str | UUID]()
        while True:
            known = len(refused)
            published = await self._batch(refused)
            total += published
            if not published and len(refused) == known:
                return total

    async def run(self) -> None:
        """Relay until `stop`; retry during outages of the broker or the database."""
        self._idle.clear()
        listener = asyncio.create_task(self._listen())
        try:
            await self._relay_until_stopped()
        finally:
            await end([listener])
            self._idle.set()

    async def stop(self) -> None:
        """End `run` after a last attempt to publish the remaining rows."""
        self._stopping.set()
        self._wake.set()
        await self._idle.wait()

    async def _relay_until_stopped(self) -> None:
        failures = 0
        next_purge = 0.0
        while True:
            stopping = self._stopping.is_set()
            self._wake.clear()
            try:
                try:
                    await self.drain()
                finally:
                    # The depth matters most while nothing can be published.
                    next_purge = await self._housekeeping(next_purge)
                if failures:
                    log.info("outbox relay is working again", failures=failures)
                failures = 0
            except Exception as error:
                failures += 1
                if failures == 1:
                    log.warning("outbox relay is waiting", reason=f"{type(error).__name__}: {error}")
            if stopping:
                return
            with contextlib.suppress(TimeoutError):
                # After a failure wait for the pause or the stop; another row changes nothing.
                async with asyncio.timeout(self._poll_s):
                    await (self._stopping if failures else self._wake).wait()

    async def _listen(self) -> None:
        while True:
            # After any error polling continues, and a new connection listens again.
            with contextlib.suppress(Exception):
                async with self._database.connection() as connection:
                    await connection.add_listener(CHANNEL, self._on_notify)
                    self._wake.set()
                    try:
                        while True:
                            await asyncio.sleep(self._heartbeat_s)
                            # Only a query detects a dead peer.
                            await connection.execute("select 1", timeout=10)
                    finally:
                        with contextlib.suppress(Exception):
                            await connection.remove_listener(CHANNEL, self._on_notify)
            await asyncio.sleep(self._poll_s)

    def _on_notify(self, *_: object) -> None:
        self._wake.set()

    async def _publish(self, row: asyncpg.Record) -> UUID:
        """Publish a row; returns its message's id."""
        body: bytes = row["body"]
        key: UUID = row["message_id"]
        consumer = row["routing_key"].removeprefix(ONE_CONSUMER)
        try:
            envelope = decode(body)
        except MalformedMessageError:
            # Another version wrote this message: consumers validate it, the relay only publishes.
            await (
                self._bus.publish_raw(consumer, body)
                if consumer == row["routing_key"]
                else self._bus.hand(consumer, body)
            )
            return key
        if consumer == row["routing_key"]:
            await self._bus.publish(envelope)
        else:
            await self._bus.hand(consumer, body)
        return envelope.id

    async def _delete_settled(self, connection: Connection) -> None:
        """On a volatile bus, delete rows whose messages every queue has settled."""
        if isinstance(self._bus, Volatile) and self._handed_over:
            unsettled = self._bus.unsettled()
            settled = [key for key, message_id in self._handed_over.items() if message_id not in unsettled]
            if settled:
                await connection.execute(_DELETE_SQL, settled)
                for key in settled:
                    del self._handed_over[key]

    def _park(self, key: str | UUID, error: PunkcastError) -> str | UUID:
        if key not in self._parked:
            log.error("outbox messages wait", of=str(key), reason=str(error))
        self._parked[key] = asyncio.get_running_loop().time() + self._unroutable_pause_s
        return key

    def _left_out(self, refused: Set[str | UUID]) -> tuple[Sequence[UUID], Sequence[str]]:
        """The rows, and the routing keys, that are not tried now: `refused` and those whose pause is not over."""
        now = asyncio.get_running_loop().time()
        waiting = refused | {key for key, until in self._parked.items() if until > now}
        rows = [key for key in waiting if isinstance(key, UUID)]
        return [*self._handed_over, *rows], [key for key in waiting if isinstance(key, str)]

    def _without_doubtful(self, rows: Sequence[asyncpg.Record]) -> Sequence[asyncpg.Record]:
        """Of a key that was refused the oldest row only: a refused message may have reached other queues."""
        tried: set[str] = set()
        chosen = []
        for row in rows:
            key = row["routing_key"]
            if key not in self._parked or key not in tried:
                chosen.append(row)
            tried.add(key)
        return chosen

    async def _housekeeping(self, next_purge: float) -> float:
        """Measure the outbox; once an hour, delete old inbox entries."""
        now = asyncio.get_running_loop().time()
        async with self._database.connection() as connection:
            depth, oldest = await connection.fetchrow(_DEPTH_SQL)
            metrics.OUTBOX_DEPTH.set(depth)
            age = (self._clock.now() - oldest).total_seconds() if oldest else 0.0
            metrics.OUTBOX_AGE_SECONDS.set(age)
            if now >= next_purge:
                await purge_inbox(connection, before=self._clock.now() - INBOX_KEPT)
                next_purge = now + 3600.0
        return next_purge
