from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.valuation.explanation.comparables import (
    AGE_WEIGHT,
    LEAST_SIMILARITY,
    MOST,
    OTHER_TYPE,
    RARITY_WEIGHT,
    YEAR_S,
    MarketThen,
    own_sales,
    trait_premia,
)
from shared.valuation.explanation.parts import KINDS
from shared.valuation.explanation.stored import NOBODY, Comparable
from tests.factories import market, small_market
from tests.factories.explained import explained
from tests.factories.market_story import BEGAN, Event, event_frame

PUNKS = {
    0: ("Female", "Mid", ["Hoodie", "Pipe"]),
    1: ("Female", "Mid", ["Hoodie", "Pipe"]),
    2: ("Male", "Mid", ["Hoodie", "Pipe"]),
    3: ("Female", "Dark", ["Hoodie", "Pipe"]),
    4: ("Ape", None, ["Mole"]),
}
"""Everybody else is a female without anything."""


def traits() -> Traits:
    rows = [PUNKS.get(punk, ("Female", "Light", [])) for punk in range(10_000)]
    kinds, skins, accessories = zip(*rows, strict=True)
    return Traits.from_frame(
        pl.DataFrame({"punk_id": range(10_000), "type": kinds, "skin": skins, "accessories": accessories})
    )


def wallet(name: str, punk: int) -> str:
    """One of its own for each punk."""
    return f"0x{name}{punk:0{40 - len(name)}}"


def sale(punk: int, eth: float, *, buyer: str = "b", seller: str = "a", at: timedelta | None = None) -> Event:
    return Event("sale", punk, eth, sender=wallet(seller, punk), receiver=wallet(buyer, punk), at=at)


def market_of(*story: Event) -> MarketTimeline:
    asks = (Event("listed", punk, 8.0 + punk / 1_000, sender=wallet("a", punk)) for punk in range(20, 24))
    return market.timeline(event_frame(*asks, *story), traits())


def after(**gap: float) -> int:
    return int((BEGAN + timedelta(**gap)).timestamp())


def nearest(folded: MarketTimeline, as_of: int, punk: int) -> list[Comparable]:
    """As a generation's columns have them."""
    then, names = MarketThen(folded, as_of), folded.traits.names
    near, similarity = np.full((10_000, MOST), NOBODY), np.zeros((10_000, MOST))
    sold, alike = then.near(punk)
    near[punk, : len(sold)], similarity[punk, : len(sold)] = sold, alike
    columns = replace(explained(1, "m"), near=near, similarity=similarity, **then.sold)
    return columns.comparables(punk, lambda one: [names[trait] for trait in folded.traits.trait_lists[one]])


def test_punks_with_the_same_traits_come_first_and_another_type_last() -> None:
    folded = market_of(sale(2, 10.0), sale(3, 10.0), sale(1, 10.0), sale(30, 9.0), sale(4, 90.0))
    near = nearest(folded, after(hours=1), 0)
    assert [one.punk_id for one in near][:3] == [1, 3, 2]
    assert near[0].similarity == pytest.approx(1.0, abs=1e-3)
    assert (near[0].lacks, near[0].adds) == ([], [])
    assert (near[1].lacks, near[1].adds) == (["skin:Mid"], ["skin:Dark"])
    assert "type:Female" in near[1].shared
    similar = [one.similarity for one in near]
    assert similar == sorted(similar, reverse=True)
    assert 4 not in [one.punk_id for one in near[:-1]]


def test_of_two_equal_punks_the_one_sold_later_is_nearer() -> None:
    folded = market_of(sale(40, 9.0, at=timedelta(days=1)), sale(41, 9.0, at=timedelta(days=90)))
    assert [one.punk_id for one in nearest(folded, after(days=91), 50)] == [41, 40]


def test_a_punks_own_sale_and_sales_at_the_instant_are_no_comparables() -> None:
    folded = market_of(sale(0, 10.0, at=timedelta(hours=1)), sale(1, 11.0, at=timedelta(hours=2)))
    assert nearest(folded, after(hours=2), 0) == []
    assert [one.punk_id for one in nearest(folded, after(hours=2, seconds=1), 0)] == [1]
    assert nearest(folded, after(hours=1), 0) == []


def test_a_sale_that_does_not_count_is_no_comparable_but_is_among_the_punks_own_sales() -> None:
    folded = market_of(sale(1, 0.001), sale(1, 12.0, seller="b", buyer="c"))
    near, own = nearest(folded, after(hours=1), 0), own_sales(folded, 1, after(hours=1))
    assert [one.price_eth for one in near] == [pytest.approx(12.0)]
    assert [(one.price_eth, one.excluded) for one in own] == [(12.0, None), (0.001, "dust")]
    assert own[1].adjusted_eth is None  # the index knew of no sale by then
    assert near[0].floor_eth == pytest.approx(own[0].floor_eth) == pytest.approx(8.02)


END = int(small_market.END.timestamp())


def test_a_price_is_brought_to_the_instant_by_the_index() -> None:
    folded, as_of = small_market.timeline(), END
    levels = folded.index.states
    now = levels.last_before(np.array([as_of]))[0, 0]
    for one in nearest(folded, as_of, 5):
        then = levels.last_before(np.array([int(one.time.timestamp()) + 1]))[0, 0]
        assert one.adjusted_eth == pytest.approx(one.price_eth * np.exp(now - then), rel=1e-6)
        own = own_sales(folded, one.punk_id, as_of)[0]
        assert (own.time, own.adjusted_eth) == (one.time, pytest.approx(one.adjusted_eth, rel=1e-6))


def test_there_are_at_most_so_many_each_punk_once_with_its_last_sale() -> None:
    folded, as_of = small_market.timeline(), END
    near = nearest(folded, as_of, 5)
    assert len(near) == MOST == len({one.punk_id for one in near})
    last = {s.punk_id: s.time for s in folded.sales if s.excluded is None and s.floor_wei is not None}
    assert all(last[one.punk_id] == one.time.timestamp() for one in near)


EVENTS = market.events_frame(3)
CLEAN = market.timeline(EVENTS, small_market.timeline().traits)


@settings(max_examples=15)
@given(st.integers(0, market.STEP_S * EVENTS.height), st.integers(0, 10**6))
def test_poisoning_the_future_changes_no_comparable_no_own_sale_and_no_premium(offset: int, seed: int) -> None:
    as_of = market.START + offset
    poisoned = market.timeline(market.poison(EVENTS, as_of, seed), CLEAN.traits)
    clean, other = MarketThen(CLEAN, as_of), MarketThen(poisoned, as_of)
    columns, others = ((one.premia, one.errors, *one.sold.values()) for one in (clean, other))
    assert [column.tobytes() for column in columns] == [column.tobytes() for column in others]
    for punk in (0, 7, 5_000):
        assert [one.tobytes() for one in clean.near(punk)] == [one.tobytes() for one in other.near(punk)]
        assert own_sales(CLEAN, punk, as_of) == own_sales(poisoned, punk, as_of)


def test_before_the_first_sale_nothing_is_known_of_any_trait() -> None:
    for known in trait_premia(CLEAN, market.START):
        assert not known.any()
    assert nearest(CLEAN, market.START, 0) == []
    assert own_sales(CLEAN, 0, market.START) == []


def test_the_premia_of_a_punks_traits_are_its_premium_but_for_what_common_accessories_are_worth() -> None:
    folded = small_market.timeline()
    (premia, _), index = trait_premia(folded, END), folded.index
    assert premia.any()
    offsets = [premia[folded.traits.trait_lists[punk]].sum() - index.premium(punk) for punk in range(0, 10_000, 500)]
    # A zombie, ape or alien has no skin to be over that of common punks.
    human = [o for o, punk in zip(offsets, range(0, 10_000, 500), strict=True) if folded.traits.skin_code[punk] >= 0]
    assert np.ptp(human) == pytest.approx(0.0, abs=1e-5)


def test_the_distance_is_what_the_differences_are_worth_and_the_years_between() -> None:
    """Computed plainly for each pair; the search adds the same up in another order."""
    folded, as_of = small_market.timeline(), END
    (worth, _), traits = trait_premia(folded, as_of), folded.traits
    last = {s.punk_id: s.time for s in folded.sales if s.excluded is None and s.floor_wei is not None}

    def apart(punk: int, sold: int) -> float:
        total = AGE_WEIGHT * (as_of - last[sold]) / YEAR_S
        (*kinds, own), (*its_kinds, its) = (
            (*traits.members[one][:KINDS].tolist(), {t for t in traits.members[one][KINDS:].tolist() if t >= 0})
            for one in (punk, sold)
        )
        for place, pair in enumerate(zip(kinds, its_kinds, strict=True)):
            if pair[0] != pair[1]:
                mine, other = ((worth[t], traits.rarity[t]) if t >= 0 else (0.0, 0.0) for t in pair)
                total += abs(mine[0] - other[0]) + RARITY_WEIGHT * (mine[1] + other[1])
                total += OTHER_TYPE if place == 0 else 0.0
        return total + sum(abs(worth[t]) + RARITY_WEIGHT * traits.rarity[t] for t in own ^ its)

    search = MarketThen(folded, as_of)
    for punk in (0, 5, int(np.argmax(traits.type_code == 4)), int(np.argmax(traits.accessory_count))):
        plain = sorted((apart(punk, sold), sold) for sold in last if sold != punk)[:MOST]
        sold, similarity = search.near(punk)
        assert sold.tolist() == [one for distance, one in plain if np.exp(-distance) >= LEAST_SIMILARITY]
        assert similarity == pytest.approx([np.exp(-distance) for distance, _ in plain][: len(sold)], abs=1e-9)


def test_premiums_are_surer_the_more_was_sold() -> None:
    folded = small_market.timeline()
    early, late = (trait_premia(folded, END - hours * 3_600)[1] for hours in (1940, 0))
    assert np.isfinite(late).all()
    assert (late > 0).any()
    assert np.median(late) < np.median(early)
