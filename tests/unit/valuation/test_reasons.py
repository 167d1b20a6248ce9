from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shared.valuation.blend import Blend

from shared.errors import IntegrityError, InvalidInputError
from shared.valuation.feature_table import FEATURE_NAMES, FEATURES, FLAGS
from shared.valuation.inputs import as_seconds, nowcast_snapshot
from shared.valuation.reason_parts import COMBINATIONS, GROUPS, PART_OF, TraitParts, shares_of
from shared.valuation.reasons import Reasons, by_group, changes, logarithmic_mean, reasons
from shared.valuation.trait_premia import trait_premia
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
    return reasons(small_market.model(), rows, TRAITS, premia(hours_ago))


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
        assert sum(by_group(one.parts).values()) == pytest.approx(one.value_eth - one.floor_eth)


def test_every_feature_has_a_part_and_only_its_own_punks_prices_are_own_history() -> None:
    assert list(PART_OF) == list(FEATURE_NAMES)
    assert {PART_OF[f.name][0] for f in FEATURES if f.group == "own history"} == {"own history"}
    assert PART_OF["sales_7d"][0] == PART_OF["wall_5"][0] == "liquidity"
    assert PART_OF["level"][0] == PART_OF["floor_sale_1"][0] == "market"
    assert PART_OF["implied_5"] == PART_OF["better_ask"] == PART_OF["lesser_bid"]


@settings(max_examples=100, deadline=None)
@given(st.floats(-5, 5), st.lists(st.floats(-3, 3), min_size=1, max_size=9))
@example(0.0, [0.0, 0.0])
@example(1.0, [5e-324])
def test_a_joint_contribution_is_divided_without_a_remainder_over_the_traits_that_pull_its_way(
    contribution: float, premia: list[float]
) -> None:
    shares = shares_of(contribution, np.array(premia))
    assert shares.sum() == pytest.approx(1.0)
    assert (shares >= 0.0).all()
    pulling = np.sign(premia) == np.sign(contribution)
    if contribution and pulling.any():
        assert (shares[~pulling] == 0.0).all()


def test_the_dearest_accessory_gets_what_its_own_feature_contributes() -> None:
    premia = np.linspace(-1.0, 1.0, len(TRAITS.names))
    punk = int(np.argmax(TRAITS.accessory_count >= 2))
    held = TRAITS.members[punk][3:]
    dearest = TRAITS.names[max(held[held >= 0])]
    parts = TraitParts(TRAITS, premia, punk)
    assert parts.divide("accessory_premium_1", 0.3) == [(("traits", dearest), 0.3)]
    bare = TraitParts(TRAITS, premia, int(np.argmin(TRAITS.accessory_count)))
    for feature in ("accessory_premium_1", "accessory_premium_min", "accessory_premium_sum"):
        assert bare.divide(feature, 0.3) == [(("traits", "count:0"), 0.3)]


def test_a_punk_without_a_skin_has_that_from_its_type() -> None:
    alien = int(np.argmax(TRAITS.type_code == 4))
    assert TraitParts(TRAITS, premia(), alien).divide("skin", 0.1) == [(("traits", "type:Alien"), 0.1)]


def test_having_a_trait_is_that_traits_and_lacking_one_is_no_traits() -> None:
    punk = int(np.argmax(TRAITS.accessory_count >= 1))
    own = {TRAITS.names[trait] for trait in TRAITS.trait_lists[punk]}
    parts = TraitParts(TRAITS, premia(), punk)
    for feature, trait in FLAGS.items():
        assert parts.divide(feature, 0.2) == [(("traits", trait) if trait in own else COMBINATIONS, 0.2)]


def test_a_value_at_the_floor_has_reasons_that_cancel() -> None:
    assert logarithmic_mean(np.array([8.0]), np.array([8.0])) == 8.0
    mean = logarithmic_mean(np.array([8.0 * (1 + 1e-12), 16.0]), np.array([8.0, 8.0]))
    assert mean == pytest.approx([8.0, 8.0 / np.log(2)])


def test_a_punk_without_a_floor_has_no_reasons() -> None:
    with pytest.raises(InvalidInputError, match="without a floor"):
        explained(frame()[:2].with_columns(floor_eth=pl.Series([8.0, float("nan")])))


def test_contributions_that_do_not_add_up_are_not_passed_off_as_rounding() -> None:
    class Off(Blend):
        def contributions(self, frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
            parts, constant = super().contributions(frame)
            return parts, constant + 0.01

    exact = small_market.model().blend
    off = replace(small_market.model(), blend=Off(exact.boosters, exact.networks, exact.linear))
    with pytest.raises(IntegrityError, match=r"miss the prediction by 0\.01"):
        reasons(off, frame()[:1], TRAITS, premia())


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
