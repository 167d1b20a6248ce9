"""`punkcast retention`, and what other commands say afterwards."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from shared.clock import SystemClock
from tests.factories import record
from tests.factories.database import Database
from tests.integration.cli.conftest import said

NOW = SystemClock().now().replace(minute=0, second=0, microsecond=0)
DAYS = 34
PUNKS = 3


@pytest.fixture
async def made(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[record.Made]:
    """Thirty-four days of a champion, a generation every three hours and two in the last of them."""
    monkeypatch.setenv("PUNKCAST_OBJECT_STORE_URL", f"folder://{tmp_path / 'objects'}")
    async with database.transaction() as connection:
        models = [("champion", await record.champion(connection, NOW - timedelta(days=DAYS)))]
        return await record.publish(
            connection, tmp_path / "objects", models, start=NOW - timedelta(days=DAYS), end=NOW, punks=PUNKS,
            pace=timedelta(minutes=30), readable=True,
        )  # fmt: skip


async def test_a_dry_run_tells_what_a_run_then_does(database: Database, made: list[record.Made]) -> None:
    old = sum(NOW - one.as_of > timedelta(days=30) for one in made)
    told = await said("retention", "--dry-run")
    assert await database.value("select count(*) from nowcasts") == len(made) * PUNKS
    due = int(next(line for line in told.splitlines() if line.startswith("hourly")).split()[-1])
    assert abs(due - old / 2) <= 2
    done = await said("retention")
    assert f"{due} generations lost {due * PUNKS} rows" in done
    assert "hourly" in (again := await said("retention", "--dry-run"))
    assert next(line for line in again.splitlines() if line.startswith("hourly")).split()[-1] == "0"
    assert "MB; store" in await said("status")


async def test_nowcasts_without_rows_are_exported_from_their_file(
    database: Database, made: list[record.Made], tmp_path: Path
) -> None:
    at = (made[4].as_of + timedelta(minutes=1)).isoformat()[:16]
    for name in ("before", "after"):
        await said("export", "nowcasts", "--as-of", at, "--out", str(tmp_path / f"{name}.parquet"))
        await said("retention")
    assert made[4].generation_id in {
        row["generation_id"] for row in await database.rows("select generation_id from thinned_generations")
    }
    before, after = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("before", "after"))
    assert before.equals(after)
    assert before.schema == after.schema
