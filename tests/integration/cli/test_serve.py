"""`punkcast serve` as a process: it answers, works, and ends on a signal."""

import signal
from pathlib import Path

import pytest

from shared.stores import event_repository
from tests.e2e.command import Home, end_of, serving
from tests.factories.database import Database
from tests.factories.waiting import eventually


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_answers_takes_the_market_in_and_ends_gracefully(
    database: Database, fresh_database_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    settings = {
        "PUNKCAST_DATABASE_URL": fresh_database_url,
        "PUNKCAST_BROKER_URL": "memory://",
        "PUNKCAST_SOURCE_URL": "simulated://?seed=1&days=2&history_days=3",
    }
    async with serving(Home(tmp_path, settings), "serve") as (process, client):
        assert (await client.get("/livez")).status_code == 200
        await eventually(lambda: database.run(event_repository.last_place), within_s=60)
        process.send_signal(number)
        served = await end_of(process)
    assert served.code == 0, served.errors
    assert "Traceback" not in served.errors
