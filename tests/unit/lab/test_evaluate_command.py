"""The commands that walk through history, on a small simulated market."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from lab.evaluation.charts import charts
from lab.history import read_history
from lab.window import Window
from services.cli.app import app
from shared.evaluation.predictions import COLUMNS, FURTHER, KEY
from shared.evaluation.report import report
from shared.units import as_seconds
from tests.factories.event_folder import DAYS, START, write_event_folder

FIRST, LAST = START.date(), (START + timedelta(days=DAYS - 1)).date()
Refused = Callable[..., str]
CHARTS = ("value-against-price", "error-over-time", "calibration", "reliability-by-segment", "model-age")


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_event_folder(tmp_path_factory.mktemp("events"))


def options(events: Path, out: Path, **otherwise: str) -> list[str]:
    given = {
        "events": str(events), "from": str(FIRST), "to": str(LAST), "refit-every": "6d", "out": str(out),
        "params": str(events / "quick.toml"), "threads": "1", **otherwise,
    }  # fmt: skip
    return [text for name, value in given.items() for text in (f"--{name}", value)]


@pytest.fixture(scope="module")
def evaluated(events: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of an evaluation at two horizons, and what was printed."""
    out = tmp_path_factory.mktemp("evaluated") / "new" / "folder"
    arguments = [*options(events, out), "--horizon", "24h", "--horizon", "30m"]
    result = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["evaluate", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return out, result.stdout


def test_every_valid_sale_is_predicted_once_at_each_horizon(events: Path, evaluated: tuple[Path, str]) -> None:
    predictions = pl.read_parquet(evaluated[0] / "predictions.parquet")
    assert tuple(predictions.columns[: len(COLUMNS)]) == COLUMNS
    assert set(predictions.columns) == {*COLUMNS, *FURTHER}
    window = Window(FIRST, LAST)
    timeline = read_history(events, window).timeline
    wanted = {
        (sale.tx_hash, sale.log_index, horizon)
        for sale in timeline.counted
        if as_seconds(window.start) <= sale.time < as_seconds(window.end)
        for horizon in ("30m", "24h")
    }
    assert len(wanted) > 30
    assert predictions.height == len(wanted)
    assert set(predictions.select(KEY).iter_rows()) == wanted


def test_the_last_day_belongs_to_the_window() -> None:
    window = Window(FIRST, LAST)
    assert (window.start, window.end) == (START, START + timedelta(days=DAYS))


def test_no_model_knew_what_came_after_its_value(evaluated: tuple[Path, str]) -> None:
    predictions = pl.read_parquet(evaluated[0] / "predictions.parquet")
    assert (predictions["data_cutoff"] <= predictions["as_of"]).all()
    assert predictions["model_id"].n_unique() == predictions["data_cutoff"].n_unique() > 2


def test_the_report_is_that_of_the_predictions_beside_it(events: Path, evaluated: tuple[Path, str]) -> None:
    out, _ = evaluated
    written = json.loads((out / "report.json").read_text())
    assert list(written["horizons"]) == ["30m", "24h"]
    again = report(pl.read_parquet(out / "predictions.parquet"))
    assert written["horizons"]["24h"]["overall"] == json.loads(json.dumps(again["24h"]))["overall"]
    assert (written["from"], written["to"], written["refit_every"]) == (str(FIRST), str(LAST), "6d")
    assert written["params"]["trees"]["rounds"] == 12
    assert written["files"].keys() == {
        "events-1.parquet", "events-2.parquet", "punks.parquet", "eth_usd_daily.parquet",
    }  # fmt: skip
    body = (events / "events-2.parquet").read_bytes()
    assert written["files"]["events-2.parquet"] == hashlib.sha256(body).hexdigest()


def test_every_chart_is_there_to_look_at_and_to_scale(evaluated: tuple[Path, str]) -> None:
    out, _ = evaluated
    files = {file.name for file in out.iterdir()}
    charts_written = {f"{chart}.{kind}" for chart in CHARTS for kind in ("svg", "png")}
    assert files == {"report.json", "report.md", "predictions.parquet"} | charts_written
    for chart in CHARTS:
        assert (out / f"{chart}.png").read_bytes().startswith(b"\x89PNG")
        assert "</svg>" in (out / f"{chart}.svg").read_text()


def test_the_table_shows_each_horizon_its_segments_and_baselines(evaluated: tuple[Path, str]) -> None:
    out, printed = evaluated
    overall = json.loads((out / "report.json").read_text())["horizons"]["30m"]["overall"]
    row = next(line for line in printed.splitlines() if line.startswith("30m"))
    assert row.split()[1:3] == [f"{overall['n']:,}", f"{overall['median_ape']:.2%}"]
    assert printed.count("premium < 1.08") == printed.count("trait median") == 2


def test_the_table_for_documents_has_the_figures_of_the_report(evaluated: tuple[Path, str]) -> None:
    out, _ = evaluated
    overall = json.loads((out / "report.json").read_text())["horizons"]["24h"]["overall"]
    lines = (out / "report.md").read_text().splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert len(lines) == 2 + 2 * (1 + 4 + 7 + 3)
    cells = next(line for line in lines if line.startswith("| **24h**")).split(" | ")
    assert cells[1] == f"{overall['n']:,}"
    assert cells[2].startswith(f"{overall['median_ape']:.2%} (")
    assert cells[-2] == f"{overall['intervals'][2]['coverage']:.1%}"


def test_the_same_predictions_draw_the_same_charts(evaluated: tuple[Path, str]) -> None:
    predictions = pl.read_parquet(evaluated[0] / "predictions.parquet")
    for name, body in charts(predictions, report(predictions)).items():
        assert body == (evaluated[0] / name).read_bytes(), name


@pytest.fixture
def refused_evaluation(events: Path, tmp_path: Path, refused: Callable[..., str]) -> Callable[..., str]:
    def evaluate(folder: Path = events, **otherwise: str) -> str:
        given = {"params": str(events / "quick.toml"), **otherwise}
        return refused("evaluate", *options(folder, tmp_path / "out", **given))

    return evaluate


@pytest.mark.parametrize(
    ("otherwise", "words"),
    [
        ({"from": str(LAST + timedelta(days=1)), "to": str(LAST + timedelta(days=2))}, "is not within the events of"),
        ({"from": "2023-01-01"}, "is not within the events of"),
        ({"from": str(LAST), "to": str(FIRST)}, "is before --from"),
        ({"refit-every": "fortnight"}, "is not a duration"),
        ({"horizon": "0h"}, "is not a duration"),
        ({"params": "nowhere.toml"}, "nowhere.toml"),
    ],
)
def test_senseless_options_are_refused(refused_evaluation: Refused, otherwise: dict[str, str], words: str) -> None:
    assert words in refused_evaluation(**otherwise)


@pytest.mark.parametrize("missing", ["eth_usd_daily.parquet", "events-1.parquet"])
def test_a_missing_file_is_named(refused_evaluation: Refused, events: Path, tmp_path: Path, missing: str) -> None:
    folder = tmp_path / "incomplete"
    folder.mkdir()
    for file in events.glob("*.parquet"):
        if file.name != missing and (file.name != "events-2.parquet" or missing != "events-1.parquet"):
            (folder / file.name).symlink_to(file)
    assert ("holds no event files" if missing.startswith("events") else missing) in refused_evaluation(folder)


def test_a_full_folder_is_written_over_only_with_force(refused_evaluation: Refused, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    assert "is not empty" in refused_evaluation()
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["thesis.txt"]
