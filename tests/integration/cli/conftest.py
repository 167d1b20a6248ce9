"""Running commands against a database of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.app import app


@pytest.fixture
def run(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """Run a command that has to succeed; what it printed to standard output."""
    monkeypatch.setenv("PUNKCAST_DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("PUNKCAST_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    return run
