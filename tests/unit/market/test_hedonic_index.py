"""The index against the textbook's Kalman filter, and what its parts mean."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.market.hedonic_index import (
    LEVEL_DRIFT,
    NOISE,
    NOISE_PER_PREMIUM,
    OUTLIER,
    PREMIUM_DRIFT,
    PRIOR_LEVEL,
    PRIOR_PREMIUM,
    HedonicIndex,
    Premia,
)
from shared.market.traits import TYPES
from shared.units import DAY_S
from tests.factories import market

TRAITS = market.TRAITS
FEMALE = TYPES.index("Female")
WIDTH = 1 + len(TRAITS.names)


class Textbook:
    """Kalman's equations with whole matrices; a row of `h` is one for the level and for each of the punk's traits."""

    def __init__(self, first_log_price: float) -> None:
        self.x = np.array([first_log_price, *np.zeros(WIDTH - 1)])
        self.p = np.diag([PRIOR_LEVEL**2, *[PRIOR_PREMIUM**2] * (WIDTH - 1)])
        self.q = np.diag([LEVEL_DRIFT**2 / DAY_S, *[PREMIUM_DRIFT**2 / (30 * DAY_S)] * (WIDTH - 1)])

    def update(self, seconds: int, punk: int, log_price: float) -> tuple[float, float]:
        """Forecast error and its variance."""
        h = np.zeros((1, WIDTH))
        h[0, [0, *[trait + 1 for trait in TRAITS.trait_lists[punk]]]] = 1.0
        self.p = self.p + self.q * seconds
        over_common = float((h @ self.x)[0]) - self.level()
        error = log_price - float((h @ self.x)[0])
        s = float((h @ self.p @ h.T)[0, 0]) + (NOISE + NOISE_PER_PREMIUM * max(over_common, 0.0)) ** 2
        gain = (self.p @ h.T)[:, 0] / s
        self.x = self.x + gain * error
        self.p = (np.eye(WIDTH) - np.outer(gain, h)) @ self.p
        return error, s

    def level(self) -> float:
        return float(self.x[0] + TRAITS.common @ self.x[1:])


@settings(max_examples=10)
@given(st.integers(0, 10**6), st.integers(2, 60))
def test_without_outliers_it_is_the_kalman_filter_of_the_textbook(seed, count):
    generator = np.random.default_rng(seed)
    index, now = HedonicIndex(TRAITS), 1_600_000_000
    plain: Textbook | None = None
    for _ in range(count):
        step = int(generator.integers(0, 40 * DAY_S))
        now, punk = now + step, int(generator.integers(10_000))
        log_price = 2.0 + 0.03 * (punk % 5) + generator.uniform(-0.05, 0.05)
        plain, seconds = (plain, step) if plain else (Textbook(log_price), 0)
        expected, variance = plain.update(seconds, punk, log_price)
        assert abs(expected) < OUTLIER * variance**0.5, "an outlier: the textbook has no rule for it"
        assert index.update(now, punk, log_price) == pytest.approx(expected, abs=1e-9)
        assert index.level == pytest.approx(plain.level(), abs=1e-9)
        assert index._state == pytest.approx(plain.x, abs=1e-9)
        assert np.abs(index._covariance - plain.p).max() < 1e-9
    index.flush()
    assert index.states.rows[-1] == pytest.approx([plain.level(), *plain.x[1:]], abs=1e-6)
    assert index.variances.rows[-1] == pytest.approx(np.diag(plain.p), rel=1e-5)
    assert len(index.states.rows) == len(index.variances.rows) == count


def learnt(seed: int = 0, count: int = 300) -> tuple[HedonicIndex, int]:
    generator, index, now = np.random.default_rng(seed), HedonicIndex(TRAITS), 1_600_000_000
    for _ in range(count):
        now, punk = now + 3_600, int(generator.integers(10_000))
        index.update(now, punk, 3.0 + 0.2 * (TRAITS.type_code[punk] == FEMALE) + generator.normal(0, 0.03))
    return index, now


def moved_by(error: float) -> float:
    """How far one more sale of punk 5, so far from its forecast (log units), moves the level."""
    index, now = learnt()
    before = index.level
    index.update(now, 5, index.level + index.premium(5) + error)
    return index.level - before


def test_a_sale_far_from_its_forecast_moves_the_level_no_further_than_one_at_the_bound():
    near, far, absurd = (moved_by(error) for error in (0.05, 0.5, 5.0))
    assert moved_by(0.1) == pytest.approx(2 * near), "within the bound the move is in proportion"
    assert near < far < 10 * near
    assert absurd == pytest.approx(far), "beyond the bound the distance does not count any more"
    assert moved_by(-5.0) == pytest.approx(-absurd)


def test_an_outlier_teaches_less_certainty_than_a_plain_sale():
    doubt = []
    for error in (0.0, 5.0):
        index, now = learnt()
        index.update(now, 5, index.level + index.premium(5) + error)
        index.flush()
        doubt.append(index.variances.rows[-1].sum())
    assert doubt[0] < doubt[1]


def test_level_and_premium_are_relative_to_common_punks():
    index, _ = learnt()
    every = np.array([index.premium(punk) for punk in range(10_000)])
    human = np.isin(TRAITS.type_code, [0, 1])
    rarest = np.where(TRAITS.members[:, 3:] >= 0, TRAITS.rarity[np.maximum(TRAITS.members[:, 3:], 0)], 0.0).max(axis=1)
    common = human & (rarest <= np.median(rarest[human]))
    assert every[common].mean() == pytest.approx(0.0, abs=1e-9)
    females = (TRAITS.type_code == FEMALE)[common].mean()
    assert index.level == pytest.approx(3.0 + 0.2 * females, abs=0.02)
    assert every[common & (TRAITS.type_code == FEMALE)].mean() == pytest.approx(0.2 * (1 - females), abs=0.02)
    assert every[common & (TRAITS.type_code != FEMALE)].mean() == pytest.approx(-0.2 * females, abs=0.02)


def test_what_all_premia_have_in_common_belongs_to_the_level():
    """Punks that cost half more, all of them, are no dearer than common ones: the level is higher."""
    index, now = learnt()
    for punk in range(200):
        now += 3_600
        index.update(now, punk, 3.5)
    every = np.array([index.premium(punk) for punk in range(10_000)])
    assert index.level == pytest.approx(3.5, abs=0.1)
    assert abs(np.median(every[np.isin(TRAITS.type_code, [0, 1])])) < 0.05


def test_premia_of_a_stored_state_are_those_the_index_had_then():
    index, _ = learnt()
    index.flush()
    premia = Premia(TRAITS, index.states.rows[-1])
    punks = np.array([0, 7, 9_999, 4, 7])
    assert premia.of(punks) == pytest.approx([index.premium(punk) for punk in punks], abs=1e-5)
    assert premia.level == pytest.approx(index.level, abs=1e-5)
    alone = [premia.of(np.array([punk]))[0] for punk in punks]
    assert premia.of(punks).tobytes() == np.array(alone).tobytes()


def test_certainty_fades_with_time_and_comes_back_with_sales():
    index, now = learnt()
    index.update(now + 365 * DAY_S, 5, 3.0)
    index.flush()
    before, after = index.variances.rows[-2], index.variances.rows[-1]
    zombie = 1 + TRAITS.names.index("type:Zombie")
    assert not (TRAITS.members[5] == zombie - 1).any()
    assert after[zombie] == pytest.approx(before[zombie] + PREMIUM_DRIFT**2 * 365 / 30, rel=0.2)
    assert (after > 0).all()
