import socket
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from lab.demo.session import plan_of
from shared.errors import InvalidInputError
from shared.market.events import empty_events
from shared.sources.event_files import EventFileSource
from shared.sources.simulated import SimulatedMarket
from tests.factories.market import punks_frame
from tests.unit.market.event_rows import event_rows

DAY = timedelta(days=1)


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


async def test_the_first_half_year_of_a_simulated_market_is_played() -> None:
    long = await plan_of(SimulatedMarket(days=365, history_days=2), DAY)
    assert long.last - long.first == timedelta(days=179)
    plan = await plan_of(SimulatedMarket(days=3, history_days=2), DAY)
    assert (plan.first, plan.last) == (date(2024, 1, 1), date(2024, 1, 3))


@pytest.mark.parametrize(("days", "played"), [(400, 180), (100, 50), (0, 0)])
async def test_half_a_year_of_real_events_is_played_or_half_of_them(tmp_path: Path, days: int, played: int) -> None:
    events = event_rows()
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    last = pl.int_range(events.height) == events.height - 1
    events = events.with_columns(timestamp=pl.when(last).then(begin + timedelta(days=days)).otherwise(begin))
    events.cast({"timestamp": pl.Datetime("us", "UTC")}).write_parquet(tmp_path / "events.parquet")
    punks_frame().write_parquet(tmp_path / "punks.parquet")
    plan = await plan_of(EventFileSource(tmp_path), DAY)
    assert plan.last == (begin + timedelta(days=days)).date()
    assert plan.last - plan.first == timedelta(days=played)


async def test_files_without_an_event_are_refused(tmp_path: Path) -> None:
    empty_events().write_parquet(tmp_path / "events.parquet")
    punks_frame().write_parquet(tmp_path / "punks.parquet")
    with pytest.raises(InvalidInputError, match="hold no events"):
        await plan_of(EventFileSource(tmp_path), DAY)
