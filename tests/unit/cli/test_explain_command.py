"""`punkcast explain --events`: without a database."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.cli.explain.text import BAR, bar, label
from shared.errors import InvalidInputError, NotFoundError
from shared.valuation.training import TooFewSalesError
from tests.factories import small_market
from tests.factories.small_market import END


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small market as event files, and a model beside it."""
    folder = tmp_path_factory.mktemp("market")
    small_market.EVENTS.drop("seq").write_parquet(folder / "events.parquet")
    small_market.PUNKS.write_parquet(folder / "punks.parquet")
    small_market.closes().write_parquet(folder / "eth_usd_daily.parquet")
    (folder / "model.json").write_bytes(small_market.model().to_bytes())
    return folder


def explain(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["explain", *map(str, arguments)], catch_exceptions=False, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_value_is_printed_with_everything_it_rests_on(folder: Path) -> None:
    printed = explain(5, "--events", folder, "--model", folder / "model.json", "--as-of", END.isoformat())
    snapshot, model = small_market.nowcast(), small_market.model()
    value = model.predict(snapshot.frame, small_market.calibration(model, END)).value_eth[5]
    assert f"{value:,.2f} ETH" in printed
    for words in (
        "Punk 5 (",
        "confidence ",
        "Why: the floor",
        "other punks' asks and bids",
        "latest sales",
        "Comparable sales",
        "Its own sales",
        "What changed since the nowcast before",
        f"snapshot {snapshot.snapshot_id}",
        f"model {model.model_id}, data until ",
        "only the registry knows them, a model file does not",
    ):
        assert words in printed
    assert "owner_holds" not in printed


def test_the_feature_row_is_printed_when_asked_for(folder: Path) -> None:
    printed = explain(5, "--events", folder, "--model", folder / "model.json", "--features")
    assert "owner_holds" in printed
    assert "punks its owner holds" in printed


def test_the_json_adds_up_and_says_what_is_unknown_with_null(folder: Path, tmp_path: Path) -> None:
    arguments = (5, "--events", folder, "--model", folder / "model.json", "--as-of", END.isoformat())
    document = json.loads(explain(*arguments, "--json", "-"))
    reasons = sum(part["eth"] for part in document["reasons"])
    assert reasons == pytest.approx(document["value_eth"] - document["floor_eth"], rel=1e-6)
    changed = sum(part["eth"] for part in document["changes"]["parts"])
    assert changed == pytest.approx(document["changes"]["after_eth"] - document["changes"]["before_eth"], abs=1e-6)
    assert document["model"]["git_sha"] is None
    assert document["confidence"]["grade"] in "ABCD"
    assert document["reproduction"]["explained_wei"] == str(round(document["value_eth"] * 1e6)) + "0" * 12
    row = small_market.nowcast().frame[[5]]
    unknown = {name for name in document["features"] if np.isnan(row[name][0])}
    assert {name for name, number in document["features"].items() if number is None} == unknown != set()
    explain(*arguments, "--json", tmp_path / "explained.json")
    assert json.loads((tmp_path / "explained.json").read_text()) == document


def test_without_an_instant_it_is_just_after_the_last_event(folder: Path) -> None:
    document = json.loads(explain(5, "--events", folder, "--model", folder / "model.json", "--json", "-"))
    assert datetime.fromisoformat(document["as_of"]) == small_market.EVENTS["timestamp"][-1] + timedelta(seconds=1)


def test_a_model_can_be_fitted_there_and_then(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUNKCAST_THREADS", "1")
    document = json.loads(explain(5, "--events", folder, "--fit", "--as-of", "2020-11-01", "--json", "-"))
    assert document["model"]["data_cutoff"] == "2020-11-01T00:00:00+00:00"
    assert len(document["model"]["training_snapshot"]) == 64
    assert document["model"]["git_sha"]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((5, "--fit", "--as-of", "2019-01-01"), NotFoundError, r"the market of .* begins at 2020-09-13T12:26:40"),
        ((5, "--fit", "--as-of", "2020-09-15"), TooFewSalesError, "a model needs 300"),
        ((5, "--fit", "--as-of", "soon"), InvalidInputError, "--as-of 'soon': expected a date or instant"),
        ((5,), InvalidInputError, "add --model FILE, or --fit"),
        ((5, "--model", "m-0123456789abcdef"), InvalidInputError, "there is no such file"),
        ((5, "--fit", "--model", "m"), InvalidInputError, "leave --model out"),
        ((5, "--fit", "--json", "/no/such/place/x.json"), InvalidInputError, "there is no folder /no/such/place"),
    ],
)
def test_a_refusal_says_why(folder: Path, arguments: tuple[object, ...], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        explain("--events", folder, *arguments)


@pytest.mark.parametrize(
    ("punk", "bound"), [(-1, "greater than or equal to 0"), (10_000, "less than or equal to 9999")]
)
def test_a_punk_that_does_not_exist_is_refused(punk: int, bound: str) -> None:
    result = CliRunner().invoke(app, ["explain", "--", str(punk)])
    assert result.exit_code == 2
    assert f"Invalid value for 'punk': Input should be {bound}" in result.output


def test_a_fit_without_event_files_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="from --events DIR"):
        explain(5, "--fit")


def test_bars_stand_on_their_side_of_the_axis_and_are_all_as_wide() -> None:
    assert bar(2.0, 2.0) == " " * BAR + "│" + "█" * BAR
    assert bar(-1.0, 2.0) == " " * (BAR // 2) + "█" * (BAR // 2) + "│" + " " * BAR
    assert bar(0.0, 0.0) == " " * BAR + "│" + " " * BAR


def test_traits_have_names_that_people_use() -> None:
    names = ("type:Ape", "skin:Dark", "count:1", "count:0", "accessory:3D Glasses", "own history")
    assert [label(name) for name in names] == [
        "Ape", "Dark skin", "1 accessory", "0 accessories", "3D Glasses", "own history",
    ]  # fmt: skip
