"""The command line starts at once: what a command works with is imported when the command is chosen."""

import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from services.cli.app import COMMANDS, app
from services.cli.lazy import Group

HEAVY = {"polars", "numpy", "xgboost", "fastapi", "asyncpg", "aio_pika", "rich", "matplotlib", "httpx"}
RUN = textwrap.dedent("""
    import sys
    from services.cli.__main__ import main

    sys.argv = ["punkcast", *sys.argv[1:]]
    try:
        main()
    finally:
        print("imported:", *sorted({name.partition(".")[0] for name in sys.modules}))
""")
WITHOUT_THE_LABORATORY = textwrap.dedent("""
    import sys
    from importlib.machinery import PathFinder

    class Absent(PathFinder):
        @classmethod
        def find_spec(cls, name, path=None, target=None):
            return None if name == "lab" else super().find_spec(name, path, target)

    sys.meta_path = [Absent if finder is PathFinder else finder for finder in sys.meta_path]
""")


def run(*arguments: str, before: str = "") -> tuple[int, str, set[str]]:
    """Exit code, what was printed, and the packages that were imported."""
    ended = subprocess.run(
        [sys.executable, "-c", before + RUN, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": "", "PUNKCAST_API_PORT": "eight thousand"},
    )
    printed, _, imported = ended.stdout.rpartition("imported: ")
    return ended.returncode, printed + ended.stderr, set(imported.split())


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--help"], 0, "Replay history: publish, score, train"),
        (["policy", "--help"], 0, "Every threshold of the active policy"),
        (["evaluate", "--help"], 0, "Fit a new model after each such period"),
        (["bake"], 2, "No such command 'bake'"),
        (["replay"], 2, "Missing option '--events'"),
        (["drill", "--hard"], 2, "No such option"),
    ],
)
def test_help_and_wrong_words_import_nothing_that_works(arguments: list[str], code: int, text: str) -> None:
    ended, printed, imported = run(*arguments)
    assert ended == code, printed
    assert text in printed
    assert "services" in imported
    assert not imported & HEAVY


@pytest.mark.parametrize(
    "command",
    [
        *(["serve"], ["status"], ["freeze", "show"], ["models", "list"], ["models", "shadows"], ["decisions"]),
        *(["decisions", "verify", "--all"], ["keys", "list"], ["export", "events", "--out", "events.csv"]),
    ],
    ids=" ".join,
)
def test_a_bad_setting_is_reported_before_the_model_stack_is_imported(command: list[str]) -> None:
    ended, printed, imported = run(*command)
    assert ended == 2
    assert "setting PUNKCAST_API_PORT" in printed
    assert not imported & {"polars", "numpy", "xgboost", "fastapi", "aio_pika"}


@pytest.mark.parametrize(
    "command",
    [
        *(
            ["import", "/no/such"],
            ["decode", "/no/such", "--out", "events.csv"],
            ["import", ".", "--history", "/no/such"],
        ),
        *(["explain", "5", "--events", "/no/such", "--fit"], ["demo", "--events", "/no/such"]),
        *([name, "--events", "/no/such", "--from", "2021-01-01"] for name in ("replay", "evaluate")),
        *(["policy", "replay", "--events", "/no/such"], ["backtest", "--events", "/no/such"]),
    ],
    ids=" ".join,
)
def test_a_wrong_path_is_reported_before_anything_slow_is_imported(command: list[str]) -> None:
    ended, printed, imported = run(*command)
    assert ended == 2
    assert any(words in printed for words in ("no such file or directory", "does not exist", "holds no event files"))
    assert not imported & {"polars", "numpy", "xgboost", "rich"}


def test_without_the_laboratory_its_commands_are_left_out_and_the_others_stay() -> None:
    ended, printed, _ = run("--help", before=WITHOUT_THE_LABORATORY)
    assert ended == 0, printed
    assert "  serve " in printed
    assert "  replay " not in printed
    assert run("replay", before=WITHOUT_THE_LABORATORY)[:1] == (2,)


def _paths(group: Group, *path: str) -> Iterator[tuple[str, ...]]:
    for name, entry in group.commands.items():
        yield (*path, name)
        if isinstance(entry, Group):
            yield from _paths(entry, *path, name)


@pytest.mark.parametrize("path", list(_paths(COMMANDS)), ids=" ".join)
def test_every_command_of_the_table_is_there_and_says_what_it_does(path: tuple[str, ...]) -> None:
    *above, name = path
    listed = CliRunner().invoke(app, [*above, "--help"]).output
    own = CliRunner().invoke(app, [*path, "--help"])
    assert own.exit_code == 0, own.output
    summary = next(line for line in listed.splitlines() if line.startswith(f"  {name} ")).split(None, 1)[1]
    assert summary.split()[:3] == own.output.split("\n\n")[1].split()[:3]


def test_a_suggestion_is_made_for_a_mistyped_command() -> None:
    assert "'replay'" in CliRunner().invoke(app, ["replai"]).output
