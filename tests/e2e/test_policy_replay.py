"""`punkcast policy replay` as people run it."""

import json
from pathlib import Path

import pytest

from services.cli.__main__ import main
from tests.e2e.command import Home
from tests.factories import small_market

WINDOW = ("--from", "2020-11-10", "--to", "2020-11-30", "--refit-every", "10d")


@pytest.fixture
def events(tmp_path: Path) -> Path:
    folder = tmp_path / "events"
    folder.mkdir()
    small_market.EVENTS.drop("seq").write_parquet(folder / "events.parquet")
    small_market.PUNKS.write_parquet(folder / "punks.parquet")
    small_market.closes().write_parquet(folder / "eth_usd_daily.parquet")
    return folder


async def test_four_policies_are_compared_and_the_figures_written(events: Path, tmp_path: Path) -> None:
    file = tmp_path / "policies.json"
    home = Home(tmp_path / "home")
    options = ("--events", str(events), *WINDOW, "--inject", "units@2020-11-15", "--json", str(file))
    ended = (await home.run("policy", "replay", *options)).succeeded()
    written = json.loads(file.read_text())
    assert (written["from"], written["to"], written["refit_every_days"]) == ("2020-11-10", "2020-11-30", 10.0)
    policies = {one["policy"]: one for one in written["policies"]}
    assert set(policies) == {"ours", "point estimate + MAPE", "never retrain", "always promote"}
    (fault,) = written["faults"]
    assert (fault["fault"], fault["at"]) == ("units", "2020-11-20")
    assert fault["extra_error"] > 1.5
    assert policies["always promote"]["bad_days"] == 10.0
    assert policies["ours"]["fates"][0]["ended"] == "stopped by the gate"
    assert "ours" in ended.output
    assert not (home.folder / "postgres").exists(), "no database is needed"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--inject", "rain@2020-11-15"), "kinds: label_noise"),
        (("--inject", "all"), "needs 11 refits"),
        (("--policy", "/no/such/policy.toml"), "cannot be read"),
        (("--refit-every", "often"), "is not a duration"),
        (("--from", "2020-12-30"), "is before --from"),
        (("--events", "/no/such/folder"), "no such file"),
        (("--json", "/dev/null/figures.json"), "cannot be made"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    events: Path,
    tmp_path: Path,
    options: tuple[str, str],
    complaint: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = dict(zip(WINDOW[::2], WINDOW[1::2], strict=True))
    given |= {"--events": str(events), "--json": str(tmp_path / "figures.json")} | dict([options])
    arguments = [text for pair in given.items() for text in pair]
    monkeypatch.setattr("sys.argv", ["punkcast", "policy", "replay", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    output = capsys.readouterr()
    assert complaint in output.err
    assert output.err.count("\n") == 1
