"""Publishes the platform's ticks on schedule; locally it replaces the Kubernetes CronJobs."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.errors import TransientError
from shared.messaging.bus import Bus, Subscription
from shared.messaging.ticks import JOBS, Job, slot_at, tick
from shared.runtime.platform import Platform

log = structlog.get_logger(__name__)

SOURCE = "scheduler"
_RETRY_S = 2.0
# A sleep does not count time during which the machine is suspended, so long sleeps would end late.
_LONGEST_SLEEP_S = 60.0


class Scheduler:
    """One loop per job, without state: after a start it sends each job's newest slot, and the consumer's inbox drops
    duplicates. Missed slots are skipped; the latest tick covers them.

    Ticks go directly to the broker. Their ids are deterministic, so an unconfirmed publish is repeated.
    """

    name = "scheduler"

    def __init__(self, *, bus: Bus, clock: Clock, jobs: Mapping[str, Job] = JOBS) -> None:
        self._bus = bus
        self._clock = clock
        self._jobs = jobs

    def subscriptions(self) -> Sequence[Subscription]:
        return []

    async def background(self) -> None:
        """Publish every job's ticks until cancelled."""
        async with asyncio.TaskGroup() as group:
            for job in self._jobs:
                group.create_task(self._run(job))

    async def drain(self) -> None:
        """Publish the newest tick of every job, once."""
        for job in self._jobs:
            await self.publish(job, slot_at(job, self._clock.now()))

    async def publish(self, job: str, slot: datetime) -> None:
        """Publish the tick of `job` for `slot`. Raises what `Bus.publish` raises."""
        payload, identity = tick(job, slot)
        await self._bus.publish(Envelope.wrap(payload, source=SOURCE, time=self._clock.now(), message_id=identity))

    async def _run(self, job: str) -> None:
        sent: datetime | None = None
        waiting = False
        while True:
            now = self._clock.now()
            slot = slot_at(job, now)
            if slot == sent:
                left_s = (slot + self._jobs[job].every - now).total_seconds()
                await self._clock.sleep(min(left_s, _LONGEST_SLEEP_S))
                continue
            try:
                await self.publish(job, slot)
            except TransientError as error:
                if not waiting:
                    log.warning("a tick is waiting for the broker", job=job, reason=str(error))
                waiting = True
                await self._clock.sleep(_RETRY_S)
            else:
                log.info("tick", job=job, slot=slot.isoformat())
                sent, waiting = slot, False


def build(platform: Platform) -> Scheduler:
    return Scheduler(bus=platform.bus, clock=platform.clock)
