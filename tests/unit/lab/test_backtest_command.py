"""`punkcast backtest` on files: the books against a few lines of polars."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from lab.history import read_history
from lab.window import Window
from services.cli.app import app
from shared.errors import PunkcastError
from shared.evaluation.predictions import COLUMNS, FURTHER
from tests.factories.event_folder import DAYS, START, write_event_folder
from tests.factories.predictions import predicted


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_event_folder(tmp_path_factory.mktemp("events"))


@pytest.fixture(scope="module")
def valued(folder: Path) -> pl.DataFrame:
    """Made-up values of every valid sale of the folder's last days: two of three above the price."""
    window = Window(START.date(), (START + timedelta(days=DAYS - 1)).date())
    sales = [sale for sale in read_history(folder, window).timeline.counted if sale.time >= START.timestamp()]
    price = np.array([sale.price_eth for sale in sales])
    value = price * np.resize([0.9, 1.1, 1.2], len(sales))
    columns = {name: [getattr(sale, name) for sale in sales] for name in ("tx_hash", "log_index", "punk_id", "kind")}
    bounds = dict.fromkeys(("50", "80", "90"), (value * 0.9, value * 1.1))
    frame = predicted(
        [datetime.fromtimestamp(sale.time, UTC) for sale in sales], value, bounds, price_eth=price, **columns
    )
    assert set(frame.columns) == {*COLUMNS, *FURTHER}
    assert frame.height > 20
    return frame


@pytest.fixture(scope="module")
def played(folder: Path, valued: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    out = tmp_path_factory.mktemp("played")
    valued.write_parquet(out / "predictions.parquet")
    result = CliRunner(env={"COLUMNS": "200"}).invoke(
        app,
        ["backtest", "--predictions", str(out / "predictions.parquet"), "--events", str(folder), "--resamples", "50",
         "--json", str(out / "figures.json")],
        catch_exceptions=False,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "seed_style" in result.stdout
    assert "executable" not in result.stdout
    return json.loads((out / "figures.json").read_text())


def test_the_trades_are_those_that_the_predictions_say(played: dict[str, object], valued: pl.DataFrame) -> None:
    books = {book["book"]: book["trades"] for book in played["books"]}  # type: ignore[attr-defined]
    under = valued.filter(pl.col("price_eth") < pl.col("value_eth"))
    assert books["buy_all"]["opened"] == valued.height
    assert books["seed_style"]["opened"] == under.height
    # A position is closed when the punk is sold again.
    following = pl.col("price_eth").shift(-1).over("punk_id", order_by="sale_time")
    again = valued.with_columns(following=following).filter(pl.col("following").is_not_null())
    assert books["buy_all"]["closed"] == again.height
    ours = again.filter(pl.col("price_eth") < pl.col("value_eth"))
    assert books["seed_style"]["closed"] == ours.height
    gains = ours["following"] / ours["price_eth"] - 1
    if ours.height:
        assert books["seed_style"]["mean_return"]["value"] == pytest.approx(gains.mean(), rel=1e-6)
        assert books["seed_style"]["hit_rate"]["value"] == pytest.approx((gains > 0).mean())


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["backtest", *arguments])
    assert isinstance(result.exception, PunkcastError), result.output
    return str(result.exception)


def test_bad_input_is_refused(folder: Path, valued: pl.DataFrame, tmp_path: Path) -> None:
    late = tmp_path / "late.parquet"
    valued.with_columns(as_of=pl.col("sale_time")).write_parquet(late)
    foreign = tmp_path / "foreign.parquet"
    valued.with_columns(tx_hash=pl.lit("0x") + pl.int_range(pl.len()).cast(pl.String)).write_parquet(foreign)
    broken = tmp_path / "broken.parquet"
    broken.write_text("no parquet")
    assert "go together" in refused("--predictions", str(late))
    for file, words in (
        (late, "was valued when the sale was over"),
        (foreign, "none of the sales"),
        (broken, "cannot be read"),
        (tmp_path / "none", "cannot be read"),
    ):
        assert words in refused("--predictions", str(file), "--events", str(folder))
