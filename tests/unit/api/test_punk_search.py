"""Filters, order and pages against a plain reading of what they mean."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.api.punks import search as punk_search
from services.api.view.catalogue import Catalogue
from services.api.view.generation import Generation
from services.api.view.market import Market
from services.api.view.records import PunkMarketRow, PunkRow, ValueRow
from shared.errors import InvalidInputError
from shared.market.discount import DISCOUNT_UNIT, discount
from tests.factories import view as made
from tests.factories.view import AT

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
        return discount(self.ask, self.value)


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
discounts = st.none() | st.integers(-3, 1).map(lambda whole: whole * DISCOUNT_UNIT // 2)
queries = st.builds(
    punk_search.PunkQuery,
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
    values = [ValueRow._make((punk, *[str(row.value)] * 7, row.grade)) for punk, row in rows.items()]
    asks = [
        PunkMarketRow(punk, str(row.ask), None, AT, 1, *[None] * 12)  # type: ignore[arg-type]
        for punk, row in rows.items()
        if row.ask is not None
    ]
    return made.generation(values), made.market(asks), Catalogue.of(punks)


def fits(row: Row, query: punk_search.PunkQuery) -> bool:
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


def plainly(rows: dict[int, Row], query: punk_search.PunkQuery) -> list[int]:
    key = {
        "value": lambda row: row.value,
        "punk_id": lambda row: 0,
        "price": lambda row: row.ask,
        "discount": lambda row: row.discount,
        "trait_count": lambda row: len(row.traits),
    }[query.sort]
    kept = [(key(row), punk) for punk, row in rows.items() if fits(row, query)]
    return [punk for _, punk in sorted(kept, reverse=query.order == "desc")]


@settings(max_examples=200)
@given(rows=punk_rows, query=queries, limit=st.integers(1, 30))
def test_all_pages_are_the_plain_answer(rows: dict[int, Row], query: punk_search.PunkQuery, limit: int) -> None:
    generation, market, catalogue = built(rows)
    found: list[int] = []
    after = None
    while True:
        page, after = punk_search.page(generation, market, catalogue, query, after=after, limit=limit)
        assert len(page) <= limit
        found += page
        if after is None:
            break
        assert len(page) == limit
    assert found == plainly(rows, query)


@given(first=queries, second=queries)
def test_a_digest_stands_for_one_query(first: punk_search.PunkQuery, second: punk_search.PunkQuery) -> None:
    plain = [
        replace(query, traits=tuple(sorted(query.traits)), grades=tuple(sorted(query.grades)))
        for query in (first, second)
    ]
    assert (first.digest == second.digest) == (plain[0] == plain[1])


def test_a_name_is_found_whatever_its_case_and_a_near_one_is_suggested() -> None:
    names = {"hoodie": "Hoodie", "pipe": "Pipe"}
    assert punk_search.known_name("trait", " HOODIE ", names) == "Hoodie"
    with pytest.raises(InvalidInputError, match="did you mean Hoodie"):
        punk_search.known_name("trait", "hoody", names)
