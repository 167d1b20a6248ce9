"""The daily tick, as the nowcaster handles it."""

import pytest
from prometheus_client import REGISTRY

from shared.contracts.messages import RetentionRequested
from shared.stores.retention import job
from tests.factories.harness import Harness
from tests.integration.nowcaster.conftest import tick

pytestmark = pytest.mark.usefixtures("champion")
HANDLED = "select count(*) from inbox where consumer = 'retention'"


async def test_a_tick_runs_the_job_once_and_its_sizes_are_metrics(harness: Harness) -> None:
    await tick(harness)
    slot = harness.clock.now()
    await harness.send(RetentionRequested(slot=slot), deliveries=2)
    found = await harness.run(job.last_run)
    assert found is not None
    sizes = found[1].sizes
    assert REGISTRY.get_sample_value("punkcast_database_bytes") == sizes.database
    assert REGISTRY.get_sample_value("punkcast_nowcasts_bytes") == sizes.nowcasts
    for kind, left in sizes.store.items():
        assert REGISTRY.get_sample_value("punkcast_store_objects", {"kind": kind}) == left.objects > 0
        assert REGISTRY.get_sample_value("punkcast_store_bytes", {"kind": kind}) == left.bytes > 0
    assert await harness.rows("select slot from job_runs where finished_at is not null") == [(slot,)]
    assert (await harness.value(HANDLED), await harness.dead()) == (1, [])


async def test_a_tick_during_a_backup_is_left_to_the_next_one(harness: Harness) -> None:
    async with harness.database.connection() as backup:
        await backup.fetchval(job.TRY_ALONE_SQL)
        await harness.send(RetentionRequested(slot=harness.clock.now()))
        await backup.fetchval(job.RELEASE_SQL)
    assert (await harness.value(HANDLED), await harness.dead()) == (1, [])
    assert await harness.run(job.last_run) is None
