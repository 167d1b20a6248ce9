"""`punkcast backtest` on files: the books against a few lines of polars."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from lab.history import read_history
from lab.window import Window
from services.cli.app import app
from shared.errors import PunkcastError
from shared.evaluation.predictions import COLUMNS, FURTHER
from tests.factories.event_folder import DAYS, START, write_event_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_event_folder(tmp_path_factory.mktemp("events"))


@pytest.fixture(scope="module")
def predicted(folder: Path) -> pl.DataFrame:
    """Made-up values of every valid sale of the folder's last days: two of three above the price."""
    window = Window(START.date(), (START + timedelta(days=DAYS - 1)).date())
    sales = [sale for sale in read_history(folder, window).timeline.counted if sale.time >= START.timestamp()]
    rows = []
    for number, sale in enumerate(sales):
        at = datetime.fromtimestamp(sale.time, UTC)
        value = sale.price_eth * (0.9, 1.1, 1.2)[number % 3]
        rows.append(
            {
                "tx_hash": sale.tx_hash, "log_index": sale.log_index, "punk_id": sale.punk_id, "horizon": "30m",
                "as_of": at - timedelta(minutes=30), "value_eth": value,
                **{f"lo{level}": value * 0.9 for level in (50, 80, 90)},
                **{f"hi{level}": value * 1.1 for level in (50, 80, 90)},
                "floor_eth": 40.0, "model_id": "m-1", "data_cutoff": at - timedelta(days=3), "sale_time": at,
                "price_eth": sale.price_eth, "kind": sale.kind, "punk_type": "Male", "last_sale_carry_eth": None,
                "trait_median_eth": None, "confidence": "A",
            }
        )  # fmt: skip
    frame = pl.DataFrame(rows, schema_overrides={"last_sale_carry_eth": pl.Float64, "trait_median_eth": pl.Float64})
    assert set(frame.columns) == {*COLUMNS, *FURTHER}
    assert frame.height > 20
    return frame


@pytest.fixture(scope="module")
def played(folder: Path, predicted: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    out = tmp_path_factory.mktemp("played")
    predicted.write_parquet(out / "predictions.parquet")
    result = CliRunner(env={"COLUMNS": "200"}).invoke(
        app,
        ["backtest", "--predictions", str(out / "predictions.parquet"), "--events", str(folder), "--resamples", "50",
         "--json", str(out / "figures.json")],
        catch_exceptions=False,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "seed_style" in result.stdout
    assert "executable" not in result.stdout
    document: dict[str, object] = json.loads((out / "figures.json").read_text())
    return document


def test_the_trades_are_those_that_the_predictions_say(played: dict[str, object], predicted: pl.DataFrame) -> None:
    books = {book["book"]: book["trades"] for book in played["books"]}  # type: ignore[attr-defined]
    under = predicted.filter(pl.col("price_eth") < pl.col("value_eth"))
    assert books["buy_all"]["opened"] == predicted.height
    assert books["seed_style"]["opened"] == under.height
    # A position is closed when the punk is sold again.
    again = predicted.with_columns(
        following=pl.col("price_eth").shift(-1).over("punk_id", order_by="sale_time")
    ).filter(pl.col("following").is_not_null())
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


def test_bad_input_is_refused(folder: Path, predicted: pl.DataFrame, tmp_path: Path) -> None:
    late = tmp_path / "late.parquet"
    predicted.with_columns(as_of=pl.col("sale_time")).write_parquet(late)
    foreign = tmp_path / "foreign.parquet"
    predicted.with_columns(tx_hash=pl.lit("0x") + pl.int_range(pl.len()).cast(pl.String)).write_parquet(foreign)
    broken = tmp_path / "broken.parquet"
    broken.write_text("no parquet")
    assert "go together" in refused("--predictions", str(late))
    assert "was valued when the sale was over" in refused("--predictions", str(late), "--events", str(folder))
    assert "none of the sales" in refused("--predictions", str(foreign), "--events", str(folder))
    assert "cannot be read" in refused("--predictions", str(broken), "--events", str(folder))
    assert "cannot be read" in refused("--predictions", str(tmp_path / "none"), "--events", str(folder))
