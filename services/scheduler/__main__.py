"""`python -m services.scheduler [--once | --tick JOB]`.

`--tick nowcast` publishes the tick of the current slot and exits. CronJobs run it; it needs only the broker.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from functools import partial

from services.scheduler.bootstrap import Scheduler, build
from shared.clock import SystemClock
from shared.errors import InvalidInputError
from shared.messaging.bus import BusUnavailableError
from shared.messaging.ticks import JOBS, slot_at
from shared.messaging.topology import declare_platform
from shared.runtime.platform import open_bus
from shared.runtime.worker import execute
from shared.runtime.worker import main as run_worker
from shared.settings import Settings
from shared.urls import split

_BROKER_TIMEOUT_S = 60.0


async def publish_tick(settings: Settings, job: str) -> None:
    """Publish the newest tick of `job`.

    Raises:
        InvalidInputError: the broker is `memory://`, which no other process can read.
        BusUnavailableError: the broker was not available within a minute.
    """
    if split(settings.broker_url, "PUNKCAST_BROKER_URL").scheme == "memory":
        raise InvalidInputError("no other process receives a tick on memory://; set PUNKCAST_BROKER_URL=amqp://…")
    clock = SystemClock()
    bus = open_bus(settings, clock)
    try:
        async with asyncio.timeout(_BROKER_TIMEOUT_S):
            await declare_platform(bus)
            await Scheduler(bus=bus, clock=clock).publish(job, slot_at(job, clock.now()))
    except TimeoutError as error:
        raise BusUnavailableError(
            f"the broker did not answer within {_BROKER_TIMEOUT_S:g} s; check that it runs, and PUNKCAST_BROKER_URL"
        ) from error
    finally:
        await bus.stop()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m services.scheduler")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--once", action="store_true", help="publish the newest tick of every job and exit")
    group.add_argument("--tick", choices=tuple(JOBS), help="publish the newest tick of one job and exit")
    arguments = parser.parse_args(argv)
    if arguments.tick is None:
        return run_worker("scheduler", build, ["--once"] if arguments.once else [])
    return execute("scheduler", partial(publish_tick, job=arguments.tick))


if __name__ == "__main__":
    sys.exit(main())
