"""What was published can be made again by anyone who has the archive: same input, same bytes."""

from datetime import timedelta
from pathlib import Path

import pytest

from services.ingestor.bootstrap import build as build_ingestor
from services.nowcaster.bootstrap import build as build_nowcaster
from shared.contracts.messages import IngestRequested, NowcastRequested
from shared.registry import models
from shared.stores import snapshot_repository as snapshots
from shared.stores.market_reader import MarketReader
from shared.valuation import generation as generations
from shared.valuation.inputs import later_sales, nowcast_snapshot
from shared.valuation.model import ValuationModel
from tests.factories import small_market
from tests.factories.database import Database
from tests.factories.harness import Harness
from tests.factories.small_market import END, Source

START = END - timedelta(days=2)


@pytest.fixture
async def played(database: Database, tmp_path: Path) -> Harness:
    """Half a day of small steps: ingest and nowcast on one timeline, hour by hour."""
    harness = Harness.at(START, database, tmp_path)
    reader = MarketReader()
    await harness.import_until(START)
    await harness.promote(small_market.model())
    await harness.host(build_ingestor, source=Source(), reader=reader)
    await harness.host(build_nowcaster, reader=reader)
    for _ in range(4):
        harness.clock.move_to(harness.clock.now() + timedelta(hours=3))
        await harness.send(IngestRequested(slot=harness.clock.now()))
        await harness.send(NowcastRequested(slot=harness.clock.now()))
    assert await harness.dead() == []
    return harness


async def test_archived_snapshot_model_file_and_calibration_give_the_published_values_whatever_the_threads(
    played: Harness,
) -> None:
    rows = await played.rows("select * from generations order by generation_id")
    assert len(rows) == 4
    record = await played.database.run(models.get, rows[0]["model_id"])
    read = [await played.database.run(snapshots.load, played.store, row["snapshot_id"]) for row in rows]
    body = await played.store.get(models.artifact(record))
    for threads in (1, 2):
        model = ValuationModel.from_bytes(body, threads=threads)
        recorded = [model.recorded(row["interval_offsets"], row["value_shifts"]) for row in rows]
        made = [
            generations.build(model.predict(snapshot.frame, calibration))
            for snapshot, calibration in zip(read, recorded, strict=True)
        ]
        assert [one.values_sha256 for one in made] == [row["values_sha256"] for row in rows]
        assert [one.merkle_root() for one in made] == [row["merkle_root"] for row in rows]


async def test_the_calibration_of_every_generation_can_be_made_again_from_the_events(played: Harness) -> None:
    rows = await played.rows("select * from generations order by generation_id")
    reader, model = MarketReader(), small_market.model()
    async with reader.alone(), played.database.connection() as connection:
        await reader.refresh(connection)
    of_the_fit = small_market.calibration(model)
    for row in rows:
        sales = later_sales(reader.timeline, reader.prices, data_cutoff=model.data_cutoff, instant=row["as_of"])
        made = model.calibrator(sales).at(row["as_of"])
        assert (made.offsets.tolist(), made.shifts.tolist()) == (row["interval_offsets"], row["value_shifts"])
        assert made.offsets.tolist() != of_the_fit.offsets.tolist()


async def test_a_timeline_read_at_once_gives_the_snapshots_of_one_that_grew_in_small_steps(played: Harness) -> None:
    rows = await played.rows("select distinct snapshot_id, as_of from generations order by as_of")
    published = [row["snapshot_id"] for row in rows]
    reader = MarketReader()
    async with reader.alone(), played.database.connection() as connection:
        await reader.refresh(connection)
    again = [nowcast_snapshot(reader.timeline, reader.prices, row["as_of"]).snapshot_id for row in rows]
    assert again == published
    assert len(set(published)) == 4
