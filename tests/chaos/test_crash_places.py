"""A process dies at every place of its life; the world ends as if it had lived on."""

from pathlib import Path

import pytest

from tests.chaos.crash_points.plants import PLANTS
from tests.chaos.crash_points.shares import played

SEEDS = (5, 8)
LEAST = 500
"""Crashes under each seed."""


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS)
async def test_a_crash_at_any_place_loses_nothing_and_doubles_nothing(seed: int, tmp_path: Path) -> None:
    # Each share draws its own places, second deaths and orders.
    drawn = ("--places", "250", "--pairs", "15", "--whole", "3", "--orders", "1")
    shares = await played(tmp_path, "--seed", str(seed), *drawn)
    assert [share["wrong"] for share in shares] == [{}, {}]
    assert sum(share["crashes"] for share in shares) >= LEAST
    assert min(share["pairs"] for share in shares) and min(share["orders"] for share in shares)


@pytest.mark.timeout(3600)
async def test_every_planted_fault_is_found(tmp_path: Path) -> None:
    shares = await played(tmp_path, "--seed", str(SEEDS[0]), "--plant", "all")
    found = {name for share in shares for name in share["found"]}
    assert PLANTS.keys() - found == set()
    assert len(found) >= 20
