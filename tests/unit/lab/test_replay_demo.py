import socket
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from lab.demo.market import Market, plan_of, source_url
from shared.errors import InvalidInputError
from shared.market.events import empty_events
from shared.settings import Settings
from shared.sources.event_files import EventFileSource
from shared.sources.simulated import SimulatedMarket
from shared.sources.source import BlockSource, open_source
from tests.unit.market.event_rows import event_rows

DAY = timedelta(days=1)
ROOT = Path(__file__).parents[3]


def test_a_taken_port_is_refused(monkeypatch: pytest.MonkeyPatch, refused: Callable[..., str], tmp_path: Path) -> None:
    monkeypatch.setenv("PUNKCAST_HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("PUNKCAST_API_PORT", str(port))
        assert refused("demo") == (
            f"127.0.0.1:{port} is taken (Address already in use); stop what listens there, or set PUNKCAST_API_PORT to "
            "another port"
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("setting", "market", "events", "url"),
    [
        (None, "real", None, f"files://{ROOT}/data"),
        (None, "real", "/a b", "files:///a%20b"),
        (None, "simulated", None, "simulated://?seed=7&days=180&start=2026-01-02"),
        (None, "simulated", "/a b", "files:///a%20b"),
        ("simulated://?seed=1", "real", None, "simulated://?seed=1"),
        ("simulated://?seed=1", "real", "/a b", "files:///a%20b"),
    ],
)
def test_given_events_come_first_then_the_settings_source_then_the_market(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, market: str, events: str | None, url: str
) -> None:
    monkeypatch.delenv("PUNKCAST_SOURCE_URL", raising=False)
    if setting is not None:
        monkeypatch.setenv("PUNKCAST_SOURCE_URL", setting)
    folder = None if events is None else Path(events)
    assert source_url(Settings(), Market(market), folder, today=date(2026, 7, 1)) == url


async def test_a_simulated_market_ends_with_yesterday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUNKCAST_SOURCE_URL", raising=False)
    source = open_source(source_url(Settings(), Market.SIMULATED, None, today=date(2026, 7, 1)))
    assert not isinstance(source, BlockSource)
    plan = await plan_of(source, DAY)
    assert (plan.first, plan.last) == (date(2026, 1, 2), date(2026, 6, 30))


def test_without_the_source_tree_the_reader_is_told_what_to_set(
    monkeypatch: pytest.MonkeyPatch, refused: Callable[..., str], tmp_path: Path
) -> None:
    monkeypatch.delenv("PUNKCAST_SOURCE_URL", raising=False)
    monkeypatch.setattr("lab.demo.market.BUNDLED", tmp_path / "data")
    assert refused("demo") == (
        f"{tmp_path}/data: the real market comes with the source tree; set EVENTS to a folder of event files, or "
        "MARKET=simulated"
    )


async def test_the_first_half_year_of_a_simulated_market_is_played() -> None:
    long = await plan_of(SimulatedMarket(days=365, history_days=2), DAY)
    assert long.last - long.first == timedelta(days=179)
    plan = await plan_of(SimulatedMarket(days=3, history_days=2), DAY)
    assert (plan.first, plan.last) == (date(2024, 1, 1), date(2024, 1, 3))


@pytest.mark.parametrize(("days", "played"), [(400, 27), (30, 15), (0, 0)])
async def test_the_last_four_weeks_of_recorded_events_are_played_or_half_of_them(
    tmp_path: Path, days: int, played: int
) -> None:
    events = event_rows()
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    last = pl.int_range(events.height) == events.height - 1
    events = events.with_columns(timestamp=pl.when(last).then(begin + timedelta(days=days)).otherwise(begin))
    events.cast({"timestamp": pl.Datetime("us", "UTC")}).write_parquet(tmp_path / "events.parquet")
    plan = await plan_of(EventFileSource(tmp_path), DAY)
    assert plan.last == (begin + timedelta(days=days)).date()
    assert plan.last - plan.first == timedelta(days=played)


async def test_files_without_an_event_are_refused(tmp_path: Path) -> None:
    empty_events().write_parquet(tmp_path / "events.parquet")
    with pytest.raises(InvalidInputError, match="hold no events"):
        await plan_of(EventFileSource(tmp_path), DAY)
