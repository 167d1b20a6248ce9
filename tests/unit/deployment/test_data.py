"""The market in `data/` is the recorded one, small, and for the repository alone."""

import hashlib
import tomllib
from pathlib import Path

import pytest

from shared.sources.event_files import read_event_files

MOST_BYTES = 17_000_000
NOT_DATA = {"README.md", "SHA256SUMS"}


@pytest.fixture(scope="module")
def files(root: Path) -> dict[str, bytes]:
    folder = root / "data"
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_every_file_has_the_noted_hash(files: dict[str, bytes]) -> None:
    noted = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert noted == {name: hashlib.sha256(body).hexdigest() for name, body in files.items() if name not in NOT_DATA}


def test_all_of_it_is_small_enough_for_a_repository(files: dict[str, bytes]) -> None:
    assert sum(map(len, files.values())) < MOST_BYTES


def test_the_events_keep_every_rule_and_whole_transaction_hashes(root: Path) -> None:
    read = read_event_files(root / "data")
    assert read.events.height == 336_793
    assert read.events["tx_hash"].str.len_chars().unique().to_list() == [66]
    assert read.eth_usd is not None
    assert read.eth_usd["date"][-1] == read.events["timestamp"][-1].date()


def test_neither_an_image_nor_a_package_contains_it(root: Path) -> None:
    assert not [line for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!data")]
    build = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
    assert "data" not in build["wheel"]["packages"]
    assert "/data" in build["sdist"]["exclude"]
