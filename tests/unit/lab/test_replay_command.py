"""What is wrong with a replay's options or files is one line and exit code 2, before anything is made."""

import asyncio
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
import typer
from rich.console import Console

from services.cli.interruption import run_interruptibly
from services.cli.options import duration
from shared.errors import InvalidInputError
from tests.factories.market import punks_frame
from tests.unit.market.event_rows import event_rows

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
def refused_replay(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Replay) -> Replay:
    """Runs a replay that must be refused, and returns the one line; options can be given otherwise."""
    monkeypatch.setenv("PUNKCAST_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PUNKCAST_DATABASE_URL", "embedded://")

    def replay(**otherwise: str) -> str:
        options = {"events": str(folder), "from": "2025-02-01", "to": "2025-02-02", **otherwise}
        line = refused("replay", *(f"--{name.replace('_', '-')}={value}" for name, value in options.items()))
        assert not (tmp_path / "home").exists()
        return line

    return replay


NO_DURATIONS = ("soon", "", "12", "h", "0h", "-1h", "1.5h", "12H", "12 h", "٣h", "9999999999d", "1h\n")


@pytest.mark.parametrize(
    ("otherwise", "line"),
    [
        ({"to": "2025-01-31"}, "--to 2025-01-31 is before --from 2025-02-01"),
        ({"nowcast_every": "4m"}, "--nowcast-every must be 5m to 366d"),
        *(({"nowcast_every": t}, f"{t!r} is not a duration; write it like 30m, 12h or 14d") for t in NO_DURATIONS),
    ],
)
def test_options_that_make_no_sense_are_refused(refused_replay: Replay, otherwise: dict[str, str], line: str) -> None:
    assert refused_replay(**otherwise) == line


def test_durations() -> None:
    wanted = {"30m": timedelta(minutes=30), "12h": timedelta(hours=12), "14d": timedelta(days=14)}
    assert {text: duration(text) for text in wanted} == wanted


def test_missing_and_truncated_event_files_are_refused(refused_replay: Replay, folder: Path) -> None:
    file = folder / "events.parquet"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert refused_replay().startswith(f"{file}: is not a readable Parquet file (")
    file.unlink()
    assert refused_replay() == (
        f"{folder}: holds no event files; expected events* with one of .parquet, .csv, .arrow, .ipc, .feather"
    )


def test_a_json_file_that_cannot_be_written(refused_replay: Replay, folder: Path) -> None:
    assert refused_replay(json=str(folder)) == f"--json {folder}: is a folder; give a file name inside it"
    below = folder / "events.parquet" / "figures.json"
    assert refused_replay(json=str(below)) == f"--json {below}: its folder cannot be made (File exists)"


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
