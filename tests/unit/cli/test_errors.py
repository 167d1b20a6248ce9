"""What goes wrong is said in one line, with exit code 2 and without a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.__main__ import main
from tests.unit.market.event_rows import event_rows, with_value


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["punkcast", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings whose database nobody listens at."""
    monkeypatch.setenv("PUNKCAST_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("PUNKCAST_HOME", str(tmp_path / "home"))


def said(capsys: pytest.CaptureFixture[str]) -> str:
    output = capsys.readouterr()
    assert output.err.count("\n") == 1
    assert "Traceback" not in output.err + output.out
    return output.err


def test_a_path_that_does_not_exist(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "import", "/no/such/place") == 2
    assert said(capsys) == "punkcast: /no/such/place: there is no such file or directory\n"


def test_only_a_chain_is_read_piece_by_piece(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "backfill") == 2
    assert "set PUNKCAST_SOURCE_URL to ethereum+https://host/path" in said(capsys)


def test_a_chain_is_no_demo(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PUNKCAST_SOURCE_URL", "ethereum+https://node.example/secret")
    assert run(monkeypatch, "demo", "--exit") == 2
    assert "run `punkcast backfill`, then `serve`" in said(capsys)


def test_a_source_without_a_node_says_where_nodes_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUNKCAST_SOURCE_URL", "ethereum://?confirmations=3")
    assert run(monkeypatch, "backfill") == 2
    assert "set PUNKCAST_RPC_URLS" in said(capsys)


def test_a_bad_row_is_told_before_the_database_is_even_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "events.parquet"
    with_value(event_rows(), 4, "punk_id", 10_000).write_parquet(file)
    assert run(monkeypatch, "import", str(tmp_path)) == 2
    assert said(capsys) == (f"punkcast: {file}: row 5: column 'punk_id' must be a punk from 0 to 9999 (found 10000)\n")


@pytest.mark.parametrize("command", [["status"], ["migrate"], ["models", "list"], ["keys", "list"], ["decisions"]])
def test_a_database_that_is_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert run(monkeypatch, *command) == 2
    assert "Connect call failed ('127.0.0.1', 1)" in said(capsys)


def test_a_setting_that_makes_no_sense(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PUNKCAST_API_PORT", "eight thousand")
    assert run(monkeypatch, "status") == 2
    assert said(capsys).startswith("punkcast: setting PUNKCAST_API_PORT: Input should be a valid integer")


def test_a_training_request_without_a_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "training", "request", "--reason", " ") == 2
    assert said(capsys).startswith("punkcast: reason: ")


def test_an_unknown_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "bake") == 2
    assert "No such command 'bake'" in capsys.readouterr().err


def test_help_names_every_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--help") == 0
    text = capsys.readouterr().out
    for command in ("migrate", "import", "status", "models", "decisions", "training", "dead-letters", "keys"):
        assert command in text
