"""`punkcast tune` with its study in a real PostgreSQL."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from services.cli.tuning.storage import make_schema, open_storage
from shared.valuation.params import Params
from tests.factories.event_folder import DAYS, START, quick, write_event_folder

Run = Callable[..., str]
LAST = (START + timedelta(days=DAYS - 1)).date()


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_event_folder(tmp_path_factory.mktemp("events"))


def options(events: Path, out: Path, **otherwise: str) -> list[str]:
    given = {
        "events": str(events), "until": str(LAST), "window": f"{DAYS // 2}d", "refit-every": "90d", "threads": "1",
        "params": str(events / "quick.toml"), "out": str(out), "study": "small", "trials": "1", **otherwise,
    }  # fmt: skip
    return [text for name, value in given.items() for text in (f"--{name}", value)]


@pytest.fixture
def embedded(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands keep what they know in a database that runs only as long as each of them."""
    # Not below pytest's tmp_path: for root the server runs as another user.
    home = Path(tempfile.mkdtemp(prefix="punkcast-tune-"))
    monkeypatch.setenv("PUNKCAST_DATABASE_URL", f"embedded://{home / 'postgres'}")
    yield
    shutil.rmtree(home, ignore_errors=True)


@pytest.mark.usefixtures("embedded")
def test_a_search_is_kept_in_the_database_and_goes_on(run: Run, events: Path, tmp_path: Path) -> None:
    run("tune", *options(events, tmp_path / "out"))
    first = json.loads((tmp_path / "out" / "tuning.json").read_text())
    assert [trial["state"] for trial in first["trials"]] == ["complete"]
    assert Params.load(tmp_path / "out" / "params.toml").trees.rounds == quick().trees.rounds

    told = run("tune", *options(events, tmp_path / "out", trials="2"))
    log = json.loads((tmp_path / "out" / "tuning.json").read_text())
    assert log["trials"][0] == first["trials"][0]
    assert len(log["trials"]) == 2
    assert log["trials"][1]["params"] != log["trials"][0]["params"]
    assert log["best"] == min(log["trials"], key=lambda trial: trial["value"])["number"]
    assert f"2 trials; the best is number {log['best']}" in told


async def test_the_study_has_a_schema_of_its_own(fresh_database_url: str) -> None:
    await make_schema(fresh_database_url)
    await make_schema(fresh_database_url)
    with open_storage(fresh_database_url):
        pass
    connection = await asyncpg.connect(fresh_database_url)
    try:
        schemas = await connection.fetch("select schemaname from pg_tables where tablename in ('studies', 'trials')")
    finally:
        await connection.close()
    assert {row["schemaname"] for row in schemas} == {"optuna"}
