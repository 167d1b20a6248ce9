"""A node is asked only for the time after the history that comes with the source tree."""

from pathlib import Path

import pytest

from services.cli import bundled
from shared.clock import SystemClock
from shared.messaging.memory import MemoryBus
from shared.runtime.platform import Platform
from shared.settings import Settings
from shared.sources.source import open_source
from tests.factories import small_market
from tests.factories.database import Database


@pytest.mark.parametrize(
    ("url", "imports"),
    [
        ("ethereum+http://127.0.0.1:1/", True),
        ("ethereum+http://127.0.0.1:1/?start_block=20000000", False),
        ("ethereum+http://127.0.0.1:1/?chain_id=31337", False),
        ("simulated://?days=1&history_days=1", False),
    ],
)
async def test_an_empty_database_begins_with_the_bundled_history(
    url: str, imports: bool, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "BUNDLED", tmp_path)
    small_market.EVENTS.drop("seq", strict=False).write_parquet(tmp_path / "events.parquet")
    small_market.closes().write_parquet(tmp_path / "eth_usd_daily.parquet")
    platform = Platform(Settings(), SystemClock(), database, MemoryBus(SystemClock()), None)  # type: ignore[arg-type]
    said = list[str]()
    for _ in range(2):
        await bundled.begin_with_history(platform, open_source(url), said.append)
    assert await database.value("select count(*) from market_events") == imports * small_market.EVENTS.height
    assert len(said) == 2 * imports, "once"
    assert await database.value("select count(*) from punks") == imports * 10_000
