"""Where a model's code came from is what the image says, else what git says."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.runtime import lineage


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    lineage.current.cache_clear()
    yield
    lineage.current.cache_clear()


def test_an_image_names_its_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUNKCAST_GIT_SHA", "abc123")
    here = lineage.current()
    assert (here.git_sha, here.git_dirty) == ("abc123", False)
    assert len(here.environment_hash) == 64


@pytest.mark.parametrize(("changes", "dirty"), [("", False), (" M shared/clock.py", True)])
def test_a_checkout_names_its_commit_and_changes(monkeypatch: pytest.MonkeyPatch, changes: str, dirty: bool) -> None:
    monkeypatch.delenv("PUNKCAST_GIT_SHA", raising=False)
    answers = {"rev-parse": "abc123\n", "status": f"{changes}\n"}

    def git(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, stdout=answers[command[1]])

    monkeypatch.setattr(subprocess, "run", git)
    here = lineage.current()
    assert (here.git_sha, here.git_dirty) == ("abc123", dirty)


def test_without_git_the_code_is_named_by_its_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unpacked archive has a lineage too: the same files, the same name."""
    monkeypatch.delenv("PUNKCAST_GIT_SHA", raising=False)

    def no_git(*_: object, **__: object) -> None:
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", no_git)
    here = lineage.current()
    assert re.fullmatch("sources-[0-9a-f]{40}", here.git_sha)
    lineage.current.cache_clear()
    assert lineage.current() == here
    lineage.current.cache_clear()
    monkeypatch.setattr(Path, "read_bytes", lambda path: path.name.encode())
    assert lineage.current().git_sha != here.git_sha
