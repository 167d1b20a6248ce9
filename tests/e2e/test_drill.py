"""The rollback drill in its short form."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from lab.drill.drill import drill
from lab.stage import Stage
from shared.clock import ManualClock
from shared.database.pool import Database
from shared.messaging.memory import MemoryBus
from shared.runtime.platform import Platform
from shared.settings import Settings
from shared.sources.simulated import SimulatedMarket
from shared.storage.folder import FolderStore
from shared.valuation.params import Params

BEGIN = datetime(2024, 6, 2, tzinfo=UTC)


async def test_a_model_that_values_ten_times_too_high_is_gone_within_hours(database: Database, tmp_path: Path) -> None:
    usual = Params.load()
    params = usual.model_copy(update={"trees": usual.trees.model_copy(update={"rounds": 40})})
    market = SimulatedMarket(seed=11, start=datetime(2024, 6, 1, tzinfo=UTC), days=12, history_days=150)
    clock = ManualClock(BEGIN)
    bus = MemoryBus(clock)
    settings = Settings(home=tmp_path, threads=1)
    platform = Platform(
        settings=settings, clock=clock, database=database, bus=bus, store=FolderStore(tmp_path / "objects")
    )
    stage = Stage(platform, clock, bus, name="drill")
    (recovery,) = await drill(stage, market, faults=("units",), params=params)
    assert recovery.hours <= 2
    assert recovery.nowcasts >= 1
    assert "on the same snapshot" in recovery.reason
    async with database.connection() as connection:
        states = await connection.fetch("select state, count(*) as n from models group by state order by state")
        kinds = await connection.fetchval("select array_agg(action order by decided_at, action) from decisions")
    assert [(row["state"], row["n"]) for row in states] == [("champion", 1), ("rolled_back", 1)]
    assert kinds == ["promote", "promote", "rollback"]
    assert await bus.dead_letters() == []
