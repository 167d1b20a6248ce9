"""The daily retention job, on a queue of its own."""

from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import RetentionRequested
from shared.database.pool import Database
from shared.messaging.transaction import handling
from shared.storage.object_store import ObjectStore
from shared.stores.retention import job
from shared.stores.retention.policy import RetentionPolicy
from shared.telemetry.metrics import DATABASE_BYTES, NOWCASTS_BYTES, STORE_BYTES, STORE_OBJECTS

CONSUMER = "retention"


class Retention:
    """Applies the policy and reports sizes."""

    def __init__(self, *, database: Database, store: ObjectStore, clock: Clock, policy: RetentionPolicy) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._policy = policy

    async def on_retention_requested(self, message: Envelope) -> None:
        """The steps of a run commit one by one, and a second run finds nothing to do."""
        assert isinstance(message.data, RetentionRequested)
        done = await job.run(
            database=self._database,
            store=self._store,
            clock=self._clock,
            policy=self._policy,
            slot=message.data.slot,
        )
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message):
            pass
        DATABASE_BYTES.set(done.sizes.database)
        NOWCASTS_BYTES.set(done.sizes.nowcasts)
        for kind, left in done.sizes.store.items():
            STORE_OBJECTS.labels(kind).set(left.objects)
            STORE_BYTES.labels(kind).set(left.bytes)
