"""A simulated year resembles the real one: the table in docs/measurements.md, within stated factors."""

from dataclasses import fields
from pathlib import Path
from statistics import median

import pytest

from tests.bench.simulated_statistics import Statistics, real_year, simulated_year

SEEDS = (1, 2, 7)
FACTOR = 1.5
"""The median of the seeds over the real figure, or the other way round, is at most this …"""
FACTORS = {
    "dispersion_of_sales": 2.5,
    "days_without_a_sale": 2.5,
    "floor_daily_volatility": 2.0,
    "unmoved_floors": 2.0,
    "floor_range": 2.0,
    "asks_near_floor": 2.0,
    "dream_asks": 2.0,
}
"""… and for what depends on how a single year goes, this."""


@pytest.fixture(scope="module")
def real(market_data: Path) -> Statistics:
    return real_year(market_data)


@pytest.mark.realdata
async def test_a_simulated_year_is_like_the_real_one(real: Statistics) -> None:
    simulated = [await simulated_year(seed) for seed in SEEDS]
    far = {}
    for field in fields(Statistics):
        ratio = median(getattr(year, field.name) for year in simulated) / getattr(real, field.name)
        if not 1.0 / FACTORS.get(field.name, FACTOR) <= ratio <= FACTORS.get(field.name, FACTOR):
            far[field.name] = round(ratio, 2)
    assert far == {}


@pytest.mark.realdata
def test_the_real_year_is_what_is_known_of_it(real: Statistics) -> None:
    """Figures counted by other means: the reference tables and plain counts of events."""
    assert real.public_asks == pytest.approx(1_010, rel=0.01)
    assert real.floor_daily_volatility == pytest.approx(0.0295, abs=0.0005)
    assert real.valid_sales_a_day * 365 == pytest.approx(2_267, abs=2)
    assert real.private_listings * 9_354 == pytest.approx(466, abs=0.5)
    assert real.bids_per_sale * real.valid_sales_a_day * 365 == pytest.approx(24_853, abs=0.5)
