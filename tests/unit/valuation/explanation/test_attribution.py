from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import IntegrityError, InvalidInputError
from shared.valuation.explanation.attribution import Attributor, Reasons, changes
from shared.valuation.explanation.comparables import trait_premia
from shared.valuation.explanation.stored import GROUPS, logarithmic_mean
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.inputs import as_seconds, nowcast_snapshot
from shared.valuation.model import ValuationModel
from tests.factories import small_market
from tests.factories.small_market import END

TRAITS = small_market.timeline().traits


@cache
def frame(hours_ago: int = 0) -> pl.DataFrame:
    at = END - timedelta(hours=hours_ago)
    return nowcast_snapshot(small_market.timeline(), small_market.prices(), at).frame


@cache
def premia(hours_ago: int = 0) -> np.ndarray:
    return trait_premia(small_market.timeline(), as_seconds(END - timedelta(hours=hours_ago)))


def explained(rows: pl.DataFrame, hours_ago: int = 0) -> list[Reasons]:
    model = small_market.model()
    return Attributor(model, rows, TRAITS, premia(hours_ago), small_market.calibration(model)).of(slice(None)).reasons()


def test_the_parts_add_up_to_the_value_less_the_floor_for_every_kind_of_punk() -> None:
    every_tenth = frame().gather_every(10)
    made = explained(every_tenth)
    assert set(every_tenth["type"].unique()) == {0, 1, 2, 3, 4}
    assert np.array_equal([one.value_eth for one in made], small_market.model().predict(every_tenth).value_eth)
    for one in made:
        assert sum(part.eth for part in one.parts) == pytest.approx(one.value_eth - one.floor_eth, abs=1e-9)
        assert sum(part.log for part in one.parts) == pytest.approx(np.log(one.value_eth / one.floor_eth), abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), floor=st.floats(1e-3, 1e4), gaps=st.floats(0, 0.5))
def test_the_parts_add_up_whatever_the_features(seed: int, floor: float, gaps: float) -> None:
    """Feature values of other punks, some unknown, at any floor: the sum is a property of the method."""
    generator = np.random.default_rng(seed)
    rows = frame()[generator.integers(0, 10_000, 6).tolist()]
    mixed = {name: rows[name].to_numpy()[generator.permutation(6)].copy() for name in FEATURE_NAMES}
    for name in set(mixed) - {"type"}:
        mixed[name][generator.random(6) < gaps] = np.nan
    for one in explained(rows.with_columns(floor_eth=pl.lit(floor), **{k: pl.Series(v) for k, v in mixed.items()})):
        assert sum(part.eth for part in one.parts) == pytest.approx(one.value_eth - floor, rel=1e-6, abs=1e-6 * floor)


def test_what_a_punk_is_told_to_be_is_what_it_is() -> None:
    for one in explained(frame()[:200]):
        own = {TRAITS.names[trait] for trait in TRAITS.trait_lists[one.punk_id]}
        told = {part.name for part in one.parts if part.group == "traits"}
        assert told <= own | {"rarity and combinations"}
        assert {name for name in own if name.startswith(("type:", "count:"))} <= told


def test_parts_come_once_each_and_in_the_order_of_the_groups() -> None:
    for one in explained(frame()[:50]):
        names = [part.name for part in one.parts]
        assert len(names) == len(set(names))
        places = [list(GROUPS).index(part.group) for part in one.parts]
        assert places == sorted(places)


def test_a_value_at_the_floor_has_reasons_that_cancel() -> None:
    assert logarithmic_mean(8.0, 8.0) == 8.0
    assert logarithmic_mean(8.0 * (1 + 1e-12), 8.0) == pytest.approx(8.0)
    assert logarithmic_mean(16.0, 8.0) == pytest.approx(8.0 / np.log(2))


def test_a_punk_without_a_floor_has_no_reasons() -> None:
    with pytest.raises(InvalidInputError, match="without a floor"):
        explained(frame()[:2].with_columns(floor_eth=pl.Series([8.0, float("nan")])))


def test_contributions_that_do_not_add_up_are_not_passed_off_as_rounding() -> None:
    class Off(ValuationModel):
        def contributions(self, frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
            parts, constant = super().contributions(frame)
            return parts, constant + 0.01

    model = small_market.model()
    off = Off(**{field.name: getattr(model, field.name) for field in fields(model)})
    with pytest.raises(IntegrityError, match=r"miss the prediction by 0\.01"):
        Attributor(off, frame()[:1], TRAITS, premia(), small_market.calibration(model)).of(slice(None))


@settings(max_examples=25, deadline=None)
@given(punk=st.integers(0, 9_999), hours=st.integers(0, 200))
def test_what_changed_adds_up_to_the_difference_of_the_values(punk: int, hours: int) -> None:
    hours -= hours % 40  # few snapshots, many punks
    before, after = explained(frame(hours)[[punk]], hours)[0], explained(frame()[[punk]])[0]
    made = changes(before, after)
    assert sum(part.eth for part in made.parts) == pytest.approx(after.value_eth - before.value_eth, abs=1e-9)
    moved = next(part for part in made.parts if part.group == "floor")
    assert moved.log == pytest.approx(np.log(after.floor_eth / before.floor_eth))
    usual = next(part for part in made.parts if part.group == "usual")
    assert usual.log == pytest.approx(0.0, abs=1e-5)


def test_nothing_changed_between_a_snapshot_and_itself() -> None:
    one = explained(frame()[[7]])[0]
    assert all(part.eth == 0.0 for part in changes(one, one).parts)


def test_two_punks_are_not_compared() -> None:
    one, other = explained(frame()[:2])
    with pytest.raises(InvalidInputError, match="punk 0 cannot be compared with those of 1"):
        changes(one, other)
