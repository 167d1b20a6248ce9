import numpy as np
import pytest

from shared.sources.simulation.climate import REGIMES, Climate


def drawn(days: int, *, seed: int = 5, jump_day: int | None = None) -> Climate:
    return Climate.draw(np.random.default_rng(seed), days, jump_day=jump_day, jump=-0.4)


def test_a_longer_climate_begins_like_a_shorter_one() -> None:
    shorter, longer = drawn(50), drawn(80)
    for name in ("log_floor", "activity", "log_eth_usd"):
        assert np.array_equal(getattr(longer, name)[:50], getattr(shorter, name)), name


def test_regimes_differ_in_what_they_promise() -> None:
    climate = drawn(20_000)
    moves = climate.log_floor[:, 1] - climate.log_floor[:, 0]
    eth = np.diff(climate.log_eth_usd, prepend=climate.log_eth_usd[0])
    names = [regime.name for regime in REGIMES]
    days = {name: climate.regime == number for number, name in enumerate(names)}
    assert all(chosen.sum() > 500 for chosen in days.values())
    assert moves[days["rally"]].mean() > 0.005 > -0.005 > moves[days["crash"]].mean()
    assert abs(moves[days["calm"]].mean()) < 0.002
    assert moves[days["crash"]].std() > 1.5 * moves[days["calm"]].std()
    assert climate.activity[days["rally"]].mean() > 1.5 * climate.activity[days["calm"]].mean()
    assert 0.9 < climate.activity.mean() < 1.1
    # Rallies and crashes are ETH/USD's too, and on every day the floor goes along a little.
    assert eth[days["rally"]].mean() > 0 > eth[days["crash"]].mean()
    assert 0.05 < np.corrcoef(moves, eth)[0, 1] < 0.5


def test_in_the_long_run_the_floor_stays_in_sight() -> None:
    climate = drawn(20_000)
    floor = np.exp(climate.log_floor)
    assert 5 < floor.min() < floor.max() < 300
    assert np.exp(climate.log_eth_usd).min() > 200
    assert np.exp(climate.log_eth_usd).max() < 30_000


def test_a_break_is_a_step_of_the_floor_and_nothing_else_that_day() -> None:
    whole, broken = drawn(100), drawn(100, jump_day=60)
    step = broken.log_floor - whole.log_floor
    assert np.all(step[:60] == 0.0)
    assert step[60:] == pytest.approx(np.full((40, 2), -0.4), abs=1e-6)
    assert np.array_equal(whole.activity, broken.activity)
