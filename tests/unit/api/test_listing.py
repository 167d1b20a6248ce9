"""Filters, order and pages against a plain reading of what they mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.api import listing
from services.api.resident.facts import Catalogue, Generation, GenerationFacts, PunkRow, ValueRow
from services.api.resident.rendering import render_catalogue, render_generation
from shared.errors import InvalidInputError

AT = datetime(2025, 6, 1, tzinfo=UTC)
FACTS = GenerationFacts(1, "m-" + "0" * 16, "0" * 64, AT, AT, 0, 10**18, 1, "0" * 64, "0" * 64)
TRAITS = ("Hoodie", "Pipe", "Beanie")

punk_rows = st.dictionaries(
    st.integers(0, 60),
    st.tuples(st.sampled_from(("Male", "Ape")), st.sets(st.sampled_from(TRAITS)).map(sorted), st.integers(1, 6)),
    max_size=25,
)
queries = st.builds(
    listing.PunkQuery,
    type=st.sampled_from((None, "Male", "Ape")),
    traits=st.lists(st.sampled_from(TRAITS), max_size=2).map(tuple),
    trait_count=st.none() | st.integers(0, 3),
    min_wei=st.none() | st.integers(0, 7),
    max_wei=st.none() | st.integers(0, 7),
    sort=st.sampled_from(("value", "punk_id")),
    order=st.sampled_from(("asc", "desc")),
)


def built(rows: dict[int, tuple[str, list[str], int]]) -> tuple[Generation, Catalogue]:
    punks = [PunkRow(punk, kind, None, tuple(traits)) for punk, (kind, traits, _) in rows.items()]
    values = [ValueRow(punk, *[str(value)] * 7, "A") for punk, (_, _, value) in rows.items()]
    return render_generation(FACTS, values), render_catalogue(punks)


def plainly(rows: dict[int, tuple[str, list[str], int]], query: listing.PunkQuery) -> list[int]:
    kept = [
        (value if query.sort == "value" else 0, punk)
        for punk, (kind, traits, value) in rows.items()
        if (query.type in (None, kind))
        and set(query.traits) <= set(traits)
        and query.trait_count in (None, len(traits))
        and (query.min_wei is None or value >= query.min_wei)
        and (query.max_wei is None or value <= query.max_wei)
    ]
    return [punk for _, punk in sorted(kept, reverse=query.order == "desc")]


@settings(max_examples=300)
@given(rows=punk_rows, query=queries, limit=st.integers(1, 30))
def test_the_pages_put_together_are_the_plain_answer(
    rows: dict[int, tuple[str, list[str], int]], query: listing.PunkQuery, limit: int
) -> None:
    generation, catalogue = built(rows)
    found: list[int] = []
    after = None
    while True:
        page, after = listing.page(generation, catalogue, query, after=after, limit=limit)
        assert len(page) <= limit
        found += page
        if after is None:
            break
        assert len(page) == limit
    assert found == plainly(rows, query)


@given(first=queries, second=queries)
def test_a_digest_stands_for_one_query(first: listing.PunkQuery, second: listing.PunkQuery) -> None:
    plain = [replace(query, traits=tuple(sorted(query.traits))) for query in (first, second)]
    assert (first.digest == second.digest) == (plain[0] == plain[1])


def test_a_name_is_found_whatever_its_case_and_a_near_one_is_suggested() -> None:
    names = {"hoodie": "Hoodie", "pipe": "Pipe"}
    assert listing.known_name("trait", " HOODIE ", names) == "Hoodie"
    with pytest.raises(InvalidInputError, match="did you mean Hoodie"):
        listing.known_name("trait", "hoody", names)
