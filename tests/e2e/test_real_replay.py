"""Four days of the real market."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.e2e.command import Home

FIRST, END = datetime(2025, 2, 1, tzinfo=UTC), datetime(2025, 2, 5, tzinfo=UTC)


@pytest.mark.realdata
async def test_every_valid_sale_of_the_window_is_scored(home: Home, market_data: Path, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    finished = await home.run(
        *("replay", "--events", str(market_data), "--from", "2025-02-01", "--to", "2025-02-04"),
        *("--nowcast-every", "12h", "--json", str(file)),
    )
    assert finished.code == 0, finished.errors
    reference = pl.read_parquet(market_data / "sales_reference.parquet")
    clean = reference.filter((pl.col("timestamp") >= FIRST) & (pl.col("timestamp") < END) & pl.col("clean"))
    figures = json.loads(file.read_text())
    assert figures["valid_sales"] == clean.height > 20
    assert figures["promotions"] == 1
    async with home.connection() as connection:
        # The gate may find the first contender inconclusive; then nothing is published before the next one.
        began = await connection.fetchval("select min(published_at) from generations where role = 'champion'")
        slots = [FIRST + timedelta(hours=12) * number for number in range(4 * 2 + 1)]
        assert figures["nowcasts"] == sum(slot > began for slot in slots) + figures["promotions"]
        clean = clean.filter(pl.col("timestamp") > began)
        assert figures["scored"] == clean.height > 20
        scored = await connection.fetch(
            "select block, log_index, s.price_wei from outcomes join sales s using (event_seq) "
            "where track = 'champion' and horizon = 'latest' and s.event_time >= $1 order by block, log_index",
            FIRST,
        )
        events = await connection.fetchval("select count(*) from market_events")
    expected = [(row["block"], row["log_index"], int(row["price_wei"])) for row in clean.iter_rows(named=True)]
    assert [(row["block"], row["log_index"], int(row["price_wei"])) for row in scored] == sorted(expected)
    # What comes after the window stays out of the database.
    everything = pl.read_parquet(market_data / "events.parquet", columns=["timestamp"])
    assert events == everything.filter(pl.col("timestamp") <= END).height < everything.height
