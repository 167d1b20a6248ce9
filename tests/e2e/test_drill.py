"""The rollback drill in its short form."""

from datetime import UTC, datetime
from pathlib import Path

from lab.drill.drill import drill
from lab.stage import Stage
from shared.sources.simulated import SimulatedMarket
from shared.valuation.params import Params
from tests.factories.database import Database
from tests.factories.harness import Harness

BEGIN = datetime(2024, 6, 2, tzinfo=UTC)


async def test_a_model_that_values_ten_times_too_high_is_gone_within_hours(database: Database, tmp_path: Path) -> None:
    usual = Params.load()
    params = usual.model_copy(update={"trees": usual.trees.model_copy(update={"rounds": 40})})
    market = SimulatedMarket(seed=11, start=datetime(2024, 6, 1, tzinfo=UTC), days=12, history_days=150)
    harness = Harness.at(BEGIN, database, tmp_path)
    stage = Stage(harness.platform, harness.clock, harness.bus, name="drill")
    (recovery,) = await drill(stage, market, faults=("units",), params=params)
    assert recovery.hours <= 2
    assert recovery.nowcasts >= 1
    assert "on the same snapshot" in recovery.reason
    states = await harness.rows("select state, count(*) as n from models group by state order by state")
    actions = await harness.value("select array_agg(action order by decided_at, action) from decisions")
    assert [tuple(row) for row in states] == [("champion", 1), ("rolled_back", 1)]
    assert actions == ["promote", "promote", "rollback"]
    assert await harness.dead() == []
