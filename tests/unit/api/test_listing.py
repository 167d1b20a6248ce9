"""Filters, order and pages against a plain reading of what they mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.api import listing
from services.api.resident.facts import (
    Catalogue,
    Generation,
    GenerationFacts,
    Market,
    MarketFacts,
    PunkMarketRow,
    PunkRow,
)
from services.api.resident.rendering import render_catalogue, render_generation, render_market
from services.api.resident.values import ValueRow
from shared.errors import InvalidInputError

AT = datetime(2025, 6, 1, tzinfo=UTC)
FACTS = GenerationFacts(1, "m-" + "0" * 16, "0" * 64, AT, AT, 0, 10**18, 1, "0" * 64, "0" * 64)
TRAITS = ("Hoodie", "Pipe", "Beanie")


@dataclass(frozen=True)
class Row:
    type: str
    traits: list[str]
    value: int
    ask: int | None
    grade: str

    @property
    def discount(self) -> int:
        assert self.ask is not None
        return listing.discount(self.ask, self.value)


punk_rows = st.dictionaries(
    st.integers(0, 60),
    st.builds(
        Row,
        type=st.sampled_from(("Male", "Ape")),
        traits=st.sets(st.sampled_from(TRAITS)).map(sorted),
        value=st.integers(1, 6),
        ask=st.none() | st.integers(1, 7),
        grade=st.sampled_from("AB"),
    ),
    max_size=25,
)
bounds = st.none() | st.integers(0, 7)
discounts = st.none() | st.integers(-3, 1).map(lambda whole: whole * listing.DISCOUNT_UNIT // 2)
queries = st.builds(
    listing.PunkQuery,
    type=st.sampled_from((None, "Male", "Ape")),
    traits=st.lists(st.sampled_from(TRAITS), max_size=2).map(tuple),
    trait_count=st.none() | st.integers(0, 3),
    min_wei=bounds,
    max_wei=bounds,
    listed=st.sampled_from((None, None, True, False)),
    min_ask=bounds,
    max_ask=bounds,
    min_discount=discounts,
    max_discount=discounts,
    grades=st.sampled_from(((), ("A",), ("B", "A"))),
    sort=st.sampled_from(("value", "punk_id", "price", "discount", "trait_count")),
    order=st.sampled_from(("asc", "desc")),
)


def built(rows: dict[int, Row]) -> tuple[Generation, Market, Catalogue]:
    punks = [PunkRow(punk, row.type, None, tuple(row.traits)) for punk, row in rows.items()]
    values = [ValueRow(punk, *[str(row.value)] * 7, row.grade) for punk, row in rows.items()]
    asks = [
        PunkMarketRow(punk, str(row.ask), None, AT, 1, *[None] * 12)  # type: ignore[arg-type]
        for punk, row in rows.items()
        if row.ask is not None
    ]
    market = render_market(MarketFacts(1, 0, 1, AT, asks, (), None, None))
    return render_generation(FACTS, values), market, render_catalogue(punks)


def fits(row: Row, query: listing.PunkQuery) -> bool:
    bounded = (query.min_ask, query.max_ask, query.min_discount, query.max_discount)
    if row.ask is None:
        by_ask = query.listed is not True and query.sort not in ("price", "discount")
        offered = by_ask and all(bound is None for bound in bounded)
    else:
        offered = (
            query.listed is not False
            and between(row.ask, query.min_ask, query.max_ask)
            and between(row.discount, query.min_discount, query.max_discount)
        )
    return (
        offered
        and query.type in (None, row.type)
        and set(query.traits) <= set(row.traits)
        and query.trait_count in (None, len(row.traits))
        and between(row.value, query.min_wei, query.max_wei)
        and (not query.grades or row.grade in query.grades)
    )


def between(amount: int, low: int | None, high: int | None) -> bool:
    return (low is None or amount >= low) and (high is None or amount <= high)


def plainly(rows: dict[int, Row], query: listing.PunkQuery) -> list[int]:
    key = {
        "value": lambda row: row.value,
        "punk_id": lambda row: 0,
        "price": lambda row: row.ask,
        "discount": lambda row: row.discount,
        "trait_count": lambda row: len(row.traits),
    }[query.sort]
    kept = [(key(row), punk) for punk, row in rows.items() if fits(row, query)]
    return [punk for _, punk in sorted(kept, reverse=query.order == "desc")]


@settings(max_examples=200, deadline=None)
@given(rows=punk_rows, query=queries, limit=st.integers(1, 30))
def test_the_pages_put_together_are_the_plain_answer(
    rows: dict[int, Row], query: listing.PunkQuery, limit: int
) -> None:
    generation, market, catalogue = built(rows)
    found: list[int] = []
    after = None
    while True:
        page, after = listing.page(generation, market, catalogue, query, after=after, limit=limit)
        assert len(page) <= limit
        found += page
        if after is None:
            break
        assert len(page) == limit
    assert found == plainly(rows, query)


@given(first=queries, second=queries)
def test_a_digest_stands_for_one_query(first: listing.PunkQuery, second: listing.PunkQuery) -> None:
    plain = [
        replace(query, traits=tuple(sorted(query.traits)), grades=tuple(sorted(query.grades)))
        for query in (first, second)
    ]
    assert (first.digest == second.digest) == (plain[0] == plain[1])


def test_a_name_is_found_whatever_its_case_and_a_near_one_is_suggested() -> None:
    names = {"hoodie": "Hoodie", "pipe": "Pipe"}
    assert listing.known_name("trait", " HOODIE ", names) == "Hoodie"
    with pytest.raises(InvalidInputError, match="did you mean Hoodie"):
        listing.known_name("trait", "hoody", names)
