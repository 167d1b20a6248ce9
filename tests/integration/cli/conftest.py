"""Commands in this process, on a database and a home of the test's own."""

import asyncio
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from services.cli.app import app


@pytest.fixture(autouse=True)
def environment(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PUNKCAST_DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("PUNKCAST_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "250")


def invoke(*arguments: object, answer: str | None = None) -> Result:
    """`answer`: what is typed."""
    return CliRunner().invoke(app, list(map(str, arguments)), input=answer, catch_exceptions=False)


def run(*arguments: object) -> str:
    """The standard output of a command that has to succeed."""
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


# A command has an event loop of its own, so a test with a loop runs it in a thread.


async def ran(*arguments: object, answer: str | None = None) -> Result:
    return await asyncio.to_thread(invoke, *arguments, answer=answer)


async def said(*arguments: object) -> str:
    return await asyncio.to_thread(run, *arguments)
