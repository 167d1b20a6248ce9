"""The daily retention job, on a queue of its own."""

import structlog

from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import RetentionRequested
from shared.database.pool import Database
from shared.messaging.transaction import handling
from shared.storage.object_store import ObjectStore
from shared.stores.retention import job
from shared.stores.retention.job import Sizes
from shared.stores.retention.policy import RetentionPolicy
from shared.telemetry.metrics import DATABASE_BYTES, NOWCASTS_BYTES, STORE_BYTES, STORE_OBJECTS

log = structlog.get_logger(__name__)
CONSUMER = "retention"


class Retention:
    """Applies the policy and reports sizes."""

    def __init__(self, *, database: Database, store: ObjectStore, clock: Clock, policy: RetentionPolicy) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._policy = policy

    async def on_retention_requested(self, message: Envelope) -> None:
        """The steps of a run commit one by one, and a second run finds nothing to do.

        A tick during a backup is skipped: a backup may outlast all retries, and the next tick does the same work.
        """
        assert isinstance(message.data, RetentionRequested)
        done = None
        try:
            done = await job.run(
                database=self._database,
                store=self._store,
                clock=self._clock,
                policy=self._policy,
                slot=message.data.slot,
            )
        except job.RetentionBusyError as error:
            log.warning("retention.skipped", reason=str(error))
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message):
            pass
        if done is not None:
            _report(done.sizes)


def _report(sizes: Sizes) -> None:
    DATABASE_BYTES.set(sizes.database)
    NOWCASTS_BYTES.set(sizes.nowcasts)
    for kind, left in sizes.store.items():
        STORE_OBJECTS.labels(kind).set(left.objects)
        STORE_BYTES.labels(kind).set(left.bytes)
