"""A trainer that is stopped on purpose during a fit, as a rollout or a node's maintenance does."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from shared.registry import training_requests
from shared.registry.training_requests import MAX_ATTEMPTS
from tests.factories import registry
from tests.factories.harness import Harness
from tests.factories.small_market import END
from tests.factories.waiting import eventually
from tests.integration.trainer.conftest import Fits, state, trainer

ROOT = Path(__file__).parents[3]


async def test_planned_stops_use_up_no_attempt(
    harness: Harness, fits: Fits, tmp_path: Path, fresh_database_url: str, amqp_url: str, broker_prefix: str
) -> None:
    """Real processes, and a signal to the whole group, as systemd sends it."""
    await harness.run(registry.request, "age", END)
    (asked,) = await harness.run(training_requests.listing)
    # Two attempts have crashed: another stop during the fit meets the last one.
    await harness.execute("update training_requests set attempts = $1", MAX_ATTEMPTS - 1)
    environment = os.environ | {
        "PUNKCAST_HOME": str(tmp_path), "PUNKCAST_DATABASE_URL": fresh_database_url, "PUNKCAST_BROKER_URL": amqp_url,
        "PUNKCAST_BROKER_PREFIX": broker_prefix,
    }  # fmt: skip
    for _ in range(3):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.trainer", cwd=ROOT, env=environment, start_new_session=True
        )

        async def running() -> bool:
            return (await state(harness, asked.request_id)).status == "running"

        await eventually(running, within_s=120)
        os.killpg(process.pid, signal.SIGTERM)
        assert await process.wait() == 0
        stopped = await state(harness, asked.request_id)
        assert (stopped.status, stopped.attempts, stopped.error) == ("queued", MAX_ATTEMPTS - 1, None)
    assert await trainer(harness, fits).drain() == 1
    assert (await state(harness, asked.request_id)).status == "succeeded"
