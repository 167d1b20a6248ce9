"""A process dies at every place of its life; the world ends as if it had lived on."""

import pytest

from tests.chaos.conftest import SEEDS, CrashPlaces
from tests.chaos.crash_points.plants import PLANTS

LEAST = 500
"""Crashes under each seed."""


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS)
async def test_a_crash_at_any_place_loses_nothing_and_doubles_nothing(seed: int, crash_places: CrashPlaces) -> None:
    played = await crash_places[seed].result()
    assert played["wrong"] == {}
    assert played["crashes"] >= LEAST
    assert played["pairs"] and played["orders"]


@pytest.mark.timeout(3600)
async def test_every_planted_fault_is_found(crash_places: CrashPlaces) -> None:
    # Half of the faults under each seed.
    found = {name for runs in crash_places.values() for name in (await runs.result())["found"]}
    assert PLANTS.keys() - found == set()
    assert len(found) >= 20
