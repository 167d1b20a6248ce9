"""What is wrong with a replay's options or files is one line and exit code 2, before anything is made."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import typer
from rich.console import Console

from services.cli.__main__ import main
from services.cli.files import write_json
from services.cli.interruption import run_interruptibly
from services.cli.options import duration
from shared.errors import InvalidInputError
from tests.factories.market import punks_frame
from tests.unit.market.event_rows import event_rows, with_value

Replay = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Event files that keep the rules."""
    folder = tmp_path / "events"
    folder.mkdir()
    event_rows().write_parquet(folder / "events.parquet")
    punks_frame().write_parquet(folder / "punks.parquet")
    return folder


@pytest.fixture
def refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Replay:
    """Runs a replay that must be refused, and returns the one line; options can be given otherwise."""
    monkeypatch.setenv("PUNKCAST_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PUNKCAST_DATABASE_URL", "embedded://")

    def replay(**otherwise: str) -> str:
        options = {"events": str(folder), "from": "2025-02-01", "to": "2025-02-02", **otherwise}
        arguments = [text for name, value in options.items() for text in (f"--{name.replace('_', '-')}", value)]
        monkeypatch.setattr("sys.argv", ["punkcast", "replay", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        output = capsys.readouterr()
        assert "Traceback" not in output.err + output.out
        assert not (tmp_path / "home").exists()
        assert output.err.count("\n") == 1, output.err
        return output.err.removeprefix("punkcast: ").strip()

    return replay


def test_a_window_that_ends_before_it_begins(refused: Replay) -> None:
    assert refused(to="2025-01-31") == "--to 2025-01-31 is before --from 2025-02-01"


@pytest.mark.parametrize(
    "text", ["soon", "", "12", "h", "0h", "-1h", "1.5h", "12H", "12 h", "٣h", "9999999999d", "1h\n"]
)
def test_durations_that_are_none(refused: Replay, text: str) -> None:
    line = refused(nowcast_every=text)
    assert line == f"{text!r} is no duration; write it like 30m, 12h or 14d"


@pytest.mark.parametrize("text", ["1m", "4m", "367d", "999999d"])
def test_durations_nobody_can_want(refused: Replay, text: str) -> None:
    assert refused(nowcast_every=text) == "--nowcast-every must be 5m to 366d"


def test_durations() -> None:
    wanted = {"30m": timedelta(minutes=30), "12h": timedelta(hours=12), "14d": timedelta(days=14)}
    assert {text: duration(text) for text in wanted} == wanted


def test_no_such_folder(refused: Replay) -> None:
    assert refused(events="/no/such/place") == "/no/such/place: there is no such file or directory"


def test_a_folder_without_events(refused: Replay, folder: Path) -> None:
    (folder / "events.parquet").unlink()
    assert refused() == f"{folder}: holds no event files; expected events*.parquet or events*.csv"


def test_a_folder_without_punks(refused: Replay, folder: Path) -> None:
    (folder / "punks.parquet").unlink()
    assert refused() == f"{folder}/punks.parquet: is missing; a source needs the punks' attributes"


@pytest.mark.parametrize("name", ["events.parquet", "punks.parquet"])
def test_a_truncated_file(refused: Replay, folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    assert refused().startswith(f"{folder / name}: is no readable Parquet file (")


def test_a_file_whose_middle_was_overwritten(refused: Replay, folder: Path) -> None:
    file = folder / "events.parquet"
    whole = bytearray(file.read_bytes())
    whole[8:200] = os.urandom(192)
    file.write_bytes(whole)
    assert refused().startswith(f"{file}: ")


def test_a_row_that_breaks_a_rule(refused: Replay, folder: Path) -> None:
    file = folder / "events.parquet"
    with_value(event_rows(), 4, "punk_id", 10_000).write_parquet(file)
    assert refused() == f"{file}: row 5: column 'punk_id' must be a punk from 0 to 9999 (found 10000)"


def test_a_json_file_that_cannot_be_written(refused: Replay, folder: Path) -> None:
    assert refused(json=str(folder)) == f"--json {folder}: is a folder; name a file in it"
    below = folder / "events.parquet" / "figures.json"
    assert refused(json=str(below)) == f"--json {below}: its folder cannot be made (File exists)"


def test_figures_are_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    write_json(file, {"scored": 1})
    write_json(file, {"scored": 2})
    assert json.loads(file.read_text()) == {"scored": 2}
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(IsADirectoryError):
        write_json(tmp_path, {})
    assert list(tmp_path.parent.glob(f".{tmp_path.name}*")) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_work_in_order_and_says_how_to_go_on(number: signal.Signals, code: int) -> None:
    console, steps = Console(file=StringIO()), []

    async def work() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            steps.append("cleaned up")

    with pytest.raises(typer.Exit) as ended:
        run_interruptibly(work(), console, advice="go on like this")
    assert ended.value.exit_code == code
    assert steps == ["cleaned up"]
    assert console.file.getvalue() == "go on like this\n"  # type: ignore[attr-defined]


def test_work_that_is_not_interrupted_returns_or_raises_as_ever() -> None:
    async def seven() -> int:
        return 7

    async def wrong() -> int:
        raise InvalidInputError("no")

    before = signal.getsignal(signal.SIGINT)
    assert run_interruptibly(seven(), Console(), advice="") == 7
    with pytest.raises(InvalidInputError):
        run_interruptibly(wrong(), Console(), advice="")
    assert signal.getsignal(signal.SIGINT) == before
