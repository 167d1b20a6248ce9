"""Filter, sort and page through one generation in memory."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Literal

from services.api.config import digest
from services.api.resident.facts import Catalogue, Generation
from shared.errors import InvalidInputError

Sort = Literal["value", "punk_id"]
Order = Literal["asc", "desc"]


@dataclass(frozen=True)
class PunkQuery:
    """What to list. Bounds in wei, inclusive; every trait must be there; names as they are written in the
    catalogue."""

    type: str | None
    traits: tuple[str, ...]
    trait_count: int | None
    min_wei: int | None
    max_wei: int | None
    sort: Sort
    order: Order

    @property
    def digest(self) -> str:
        """Stands for filters and order: a cursor belongs to one of these."""
        parts = (self.type, self.trait_count, self.min_wei, self.max_wei, self.sort, self.order)
        return digest("punks", *map(str, parts), *sorted(self.traits))


def known_name(kind: str, asked: str, names: Mapping[str, str]) -> str:
    """The written name of a type or trait, whatever its case.

    Raises:
        InvalidInputError: there is none; says which names are near.
    """
    found = names.get(asked.strip().lower())
    if found is not None:
        return found
    near = [names[name] for name in get_close_matches(asked.strip().lower(), list(names), n=3)]
    hint = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(sorted(names.values())) or 'none yet'}."
    raise InvalidInputError(f"There is no {kind} {asked[:60]!r}; {hint}")


def page(
    generation: Generation,
    catalogue: Catalogue,
    query: PunkQuery,
    *,
    after: tuple[int, int] | None,
    limit: int,
) -> tuple[Sequence[int], tuple[int, int] | None]:
    """Up to `limit` punks behind the key `after`, and the key to go on from (None at the end).

    A key is (value in wei, punk) when sorted by value and (punk, punk) when sorted by punk.
    """
    found = list(islice(_matching(generation, catalogue, query, after), limit + 1))
    more = found[limit - 1] if len(found) > limit else None
    return [punk for _, punk in found[:limit]], more


def _matching(
    generation: Generation, catalogue: Catalogue, query: PunkQuery, after: tuple[int, int] | None
) -> Iterator[tuple[int, int]]:
    if query.sort == "value":
        ordered: Sequence[tuple[int, int]] = generation.by_value
        allowed = None
    else:
        ordered = [(punk, punk) for punk in generation.by_punk]
        low = bisect_left(generation.by_value, (query.min_wei or 0, -1))
        high = _end(generation, query)
        bounded = query.min_wei is not None or query.max_wei is not None
        allowed = {punk for _, punk in generation.by_value[low:high]} if bounded else None
    start, stop = 0, len(ordered)
    if query.sort == "value":
        start, stop = bisect_left(ordered, (query.min_wei or 0, -1)), _end(generation, query)
    if query.order == "asc":
        if after is not None:
            start = max(start, bisect_right(ordered, after))
        places = range(start, stop)
    else:
        if after is not None:
            stop = min(stop, bisect_left(ordered, after))
        places = range(stop - 1, start - 1, -1)
    for place in places:
        punk = ordered[place][1]
        if (allowed is None or punk in allowed) and _fits(catalogue, query, punk):
            yield ordered[place]


def _end(generation: Generation, query: PunkQuery) -> int:
    if query.max_wei is None:
        return len(generation.by_value)
    return bisect_right(generation.by_value, (query.max_wei, 10_000))


def _fits(catalogue: Catalogue, query: PunkQuery, punk: int) -> bool:
    if query.type is None and query.trait_count is None and not query.traits:
        return True
    row = catalogue.punks.get(punk)
    if row is None:
        return False
    return (
        (query.type is None or row.type == query.type)
        and (query.trait_count is None or len(row.accessories) == query.trait_count)
        and all(trait in row.accessories for trait in query.traits)
    )
