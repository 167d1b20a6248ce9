from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.valuation.explanation.parts import LATEST, PunkParts, shares_of
from shared.valuation.explanation.stored import BASE_VALUE, GROUPS, PartKey
from shared.valuation.feature_table import (
    ASKS_AND_BIDS,
    COMBINATIONS,
    FEATURE_NAMES,
    FEATURES,
    FLAGS,
    OWN_HISTORY,
)
from tests.factories import small_market

TRAITS = small_market.timeline().traits
PREMIA = np.linspace(-1.0, 1.0, len(TRAITS.names))
PART_OF = {feature.name: feature.part for feature in FEATURES}


def split(punks: Iterable[int], contributions: np.ndarray, premia: np.ndarray = PREMIA) -> list[dict[PartKey, float]]:
    """The parts of each punk by their keys; nothing is usual or latest."""
    punks, nothing = np.array(list(punks)), np.zeros(len(contributions))
    parts = PunkParts(TRAITS, premia, FEATURE_NAMES)
    kind, log = parts.split(punks, contributions, nothing, nothing)
    return [
        {parts.keys[one]: amount for one, amount in zip(kinds, logs, strict=True) if one >= 0}
        for kinds, logs in zip(kind.tolist(), log.tolist(), strict=True)
    ]


def parts_of(punk: int, feature: str, contribution: float) -> dict[PartKey, float]:
    """The parts that are not zero when one feature contributes so much, and nothing else does."""
    contributions = np.zeros((1, len(FEATURE_NAMES)))
    contributions[0, FEATURE_NAMES.index(feature)] = contribution
    return {key: log for key, log in split([punk], contributions)[0].items() if log}


def plainly(punk: int, contributions: list[float], premia: np.ndarray) -> dict[PartKey, float]:
    """The same for one punk, feature by feature and trait by trait."""
    kind, skin, count, *rest = TRAITS.members[punk].tolist()
    worn = sorted((trait for trait in rest if trait >= 0), key=lambda trait: -premia[trait])
    dearest = [worn[rank] if rank < len(worn) else count for rank in range(3)]
    skin = kind if skin < 0 else skin
    concerned = {
        "type": [kind], "type_premium": [kind], "skin": [skin], "skin_premium": [skin], "accessories": [count],
        "count_premium": [count], "premium": TRAITS.trait_lists[punk], "accessory_premium_sum": worn or [count],
        "accessory_premium_min": [worn[-1]] if worn else [count],
        **{f"accessory_premium_{rank}": [trait] for rank, trait in enumerate(dearest, start=1)},
        **{flag: [TRAITS.names.index(name)] for flag, name in FLAGS.items()
           if name in {TRAITS.names[trait] for trait in TRAITS.trait_lists[punk]}},
    }  # fmt: skip
    found: dict[PartKey, float] = dict.fromkeys((("traits", TRAITS.names[t]) for t in TRAITS.trait_lists[punk]), 0.0)
    for feature, contribution in zip(FEATURE_NAMES, contributions, strict=True):
        traits = concerned.get(feature)
        if traits is None:
            key = COMBINATIONS if feature in FLAGS else PART_OF[feature]
            found[key] = found.get(key, 0.0) + contribution
            continue
        pull = [max(np.sign(contribution) * premia[trait], 0.0) for trait in traits]
        size = [abs(premia[trait]) for trait in traits]
        weight = pull if any(pull) else size if any(size) else [1.0] * len(traits)
        for trait, share in zip(traits, weight, strict=True):
            key = "traits", TRAITS.names[trait]
            found[key] = found.get(key, 0.0) + contribution * share / sum(weight)
    return found


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), gaps=st.sampled_from([0.0, 0.5, 1.0]))
def test_all_punks_at_once_have_the_parts_that_each_has_by_itself(seed: int, gaps: float) -> None:
    generator = np.random.default_rng(seed)
    punks = [*generator.integers(0, 10_000, 20).tolist(), int(np.argmax(TRAITS.type_code == 4))]
    contributions = generator.standard_normal((len(punks), len(FEATURE_NAMES)))
    contributions[generator.random(contributions.shape) < 0.3] = 0.0
    premia = np.where(generator.random(len(PREMIA)) < gaps, 0.0, generator.standard_normal(len(PREMIA)))
    for punk, row, parts in zip(punks, contributions, split(punks, contributions, premia), strict=True):
        plain = plainly(punk, row.tolist(), premia)
        assert set(parts) == {*plain, BASE_VALUE, LATEST}
        assert {key: parts[key] for key in plain} == pytest.approx(plain, abs=1e-9)
        assert sum(parts.values()) == pytest.approx(row.sum(), abs=1e-9)


def test_parts_come_by_group_the_kind_of_punk_before_its_accessories() -> None:
    punk = int(np.argmax(TRAITS.accessory_count >= 2))
    (parts,) = split([punk], np.ones((1, len(FEATURE_NAMES))))
    places = [list(GROUPS).index(group) for group, _ in parts]
    assert places == sorted(places)
    names = [name for group, name in parts if group == "traits"]
    kind, accessories = names[: names.index(COMBINATIONS[1])], names[names.index(COMBINATIONS[1]) + 1 :]
    assert [name.partition(":")[0] for name in kind] == ["type", "skin", "count"]
    assert {name.partition(":")[0] for name in accessories} == {"accessory"}


def test_every_feature_counts_for_a_part_and_only_its_own_punks_prices_for_own_history() -> None:
    assert {part[0] for part in PART_OF.values()} < set(GROUPS)
    assert {f.group for f in FEATURES if f.part == OWN_HISTORY} == {"own history"}
    assert {f.part for f in FEATURES if f.group == "own history"} == {OWN_HISTORY}
    assert PART_OF["sales_7d"][0] == PART_OF["wall_5"][0] == "liquidity"
    assert PART_OF["level"][0] == PART_OF["floor_sale_1"][0] == "market"
    assert PART_OF["implied_5"] == PART_OF["better_ask"] == PART_OF["lesser_bid"] == ASKS_AND_BIDS
    assert {f.name: f.part for f in FEATURES if f.group == "trait flags"} == {
        flag: ("traits", trait) for flag, trait in FLAGS.items()
    }


@settings(max_examples=100)
@given(st.floats(-5, 5), st.lists(st.floats(-3, 3), min_size=1, max_size=9))
@example(0.0, [0.0, 0.0])
@example(1.0, [5e-324])
def test_a_joint_contribution_goes_to_the_traits_that_pull_its_way(contribution: float, premia: list[float]) -> None:
    # A dear trait of somebody else stands in the last place.
    worth, among = np.array([[*premia, 4.0]]), np.array([[True] * len(premia) + [False]])
    *shares, others = shares_of(np.array([contribution]), worth, among)[0]
    assert sum(shares) == pytest.approx(1.0)
    assert min(shares) >= 0.0
    assert others == 0.0
    pulling = np.sign(premia) == np.sign(contribution)
    if contribution and pulling.any():
        assert (np.array(shares)[~pulling] == 0.0).all()


def test_the_dearest_accessory_gets_what_its_own_feature_contributes() -> None:
    punk = int(np.argmax(TRAITS.accessory_count >= 2))
    held = TRAITS.members[punk][3:]
    dearest = TRAITS.names[max(held[held >= 0])]
    assert parts_of(punk, "accessory_premium_1", 0.3) == {("traits", dearest): 0.3}
    bare = int(np.argmin(TRAITS.accessory_count))
    for feature in ("accessory_premium_1", "accessory_premium_min", "accessory_premium_sum"):
        assert parts_of(bare, feature, 0.3) == {("traits", "count:0"): 0.3}


def test_a_punk_without_a_skin_has_that_from_its_type() -> None:
    alien = int(np.argmax(TRAITS.type_code == 4))
    assert parts_of(alien, "skin", 0.1) == {("traits", "type:Alien"): 0.1}


def test_having_a_trait_is_that_traits_and_lacking_one_is_no_traits() -> None:
    punk = int(np.argmax(TRAITS.accessory_count >= 1))
    own = {TRAITS.names[trait] for trait in TRAITS.trait_lists[punk]}
    for feature, trait in FLAGS.items():
        assert parts_of(punk, feature, 0.2) == {("traits", trait) if trait in own else COMBINATIONS: 0.2}
