"""Filter, sort and page through one generation in memory."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Literal

from services.api.config import digest
from services.api.schemas import Grade
from services.api.view.catalogue import Catalogue
from services.api.view.generation import Generation
from services.api.view.market import Market
from shared.errors import InvalidInputError
from shared.market.discount import discount

Sort = Literal["value", "punk_id", "price", "discount", "trait_count"]
Order = Literal["asc", "desc"]
Key = tuple[int, int]
"""Sort key (wei, billionths, a count, or the punk), and the punk."""


@dataclass(frozen=True)
class PunkQuery:
    """Filters and order. Bounds are inclusive: of values and asks in wei, of discounts in billionths. A punk must have
    every trait. Names are written as in the catalogue."""

    type: str | None = None
    traits: tuple[str, ...] = ()
    trait_count: int | None = None
    min_wei: int | None = None
    max_wei: int | None = None
    listed: bool | None = None
    min_ask: int | None = None
    max_ask: int | None = None
    min_discount: int | None = None
    max_discount: int | None = None
    grades: tuple[Grade, ...] = ()
    sort: Sort = "punk_id"
    order: Order = "asc"

    @property
    def digest(self) -> str:
        """A digest of filters and order: the scope of a cursor."""
        bounds = (self.min_wei, self.max_wei, self.min_ask, self.max_ask, self.min_discount, self.max_discount)
        parts = (self.type, self.trait_count, self.listed, *bounds, self.sort, self.order, *sorted(set(self.grades)))
        return digest("punks", *map(str, parts), *sorted(self.traits))

    @property
    def needs_ask(self) -> bool:
        """Only punks with an ask can match."""
        bounds = (self.min_ask, self.max_ask, self.min_discount, self.max_discount)
        by_ask = self.sort in ("price", "discount")
        return bool(self.listed) or by_ask or any(bound is not None for bound in bounds)

    @property
    def needs_market(self) -> bool:
        """The answer depends on asks, and so on more than the generation."""
        return self.needs_ask or self.listed is not None


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
    market: Market,
    catalogue: Catalogue,
    query: PunkQuery,
    *,
    after: Key | None,
    limit: int,
) -> tuple[Sequence[int], Key | None]:
    """Up to `limit` punks after the key `after`, and the key of the last one (None at the end of the list)."""
    found = list(islice(_matching(generation, market, catalogue, query, after), limit + 1))
    more = found[limit - 1] if len(found) > limit else None
    return [punk for _, punk in found[:limit]], more


def _matching(
    generation: Generation, market: Market, catalogue: Catalogue, query: PunkQuery, after: Key | None
) -> Iterator[Key]:
    allowed = _with_traits(catalogue, query)
    ordered = _ordered(generation, market, catalogue, query, allowed)
    start, stop = 0, len(ordered)
    if query.order == "asc":
        if after is not None:
            start = bisect_right(ordered, after)
        places = range(start, stop)
    else:
        if after is not None:
            stop = bisect_left(ordered, after)
        places = range(stop - 1, start - 1, -1)
    for place in places:
        punk = ordered[place][1]
        if (allowed is None or punk in allowed) and _fits(generation, market, query, punk):
            yield ordered[place]


def _with_traits(catalogue: Catalogue, query: PunkQuery) -> Set[int] | None:
    """Punks with the type, the traits and their count; None without such a filter."""
    wanted = [f"accessory:{name}" for name in query.traits]
    if query.type is not None:
        wanted.append(f"type:{query.type}")
    if query.trait_count is not None:
        wanted.append(f"count:{query.trait_count}")
    if not wanted:
        return None
    # From the rarest on, so that the sets stay small.
    first, *rest = sorted((catalogue.holders.get(trait, ()) for trait in wanted), key=len)
    return set(first).intersection(*rest)


def _ordered(
    generation: Generation, market: Market, catalogue: Catalogue, query: PunkQuery, allowed: Set[int] | None
) -> Sequence[Key]:
    """All punks that can match, by the sort key, ascending."""
    if query.sort == "value":
        low = bisect_left(generation.by_value, (query.min_wei or 0, -1))
        high = len(generation.by_value)
        if query.max_wei is not None:
            high = bisect_right(generation.by_value, (query.max_wei, 10_000))
        return generation.by_value[low:high]
    if query.sort == "price":
        return [(ask, punk) for ask, punk in market.by_ask if punk in generation.wei]
    asked: Iterable[int] = market.asks if query.needs_ask else generation.punks if allowed is None else allowed
    punks = [punk for punk in asked if punk in generation.wei]
    if query.sort == "discount":
        return sorted((discount(market.asks[punk], generation.wei[punk]), punk) for punk in punks)
    if query.sort == "trait_count":
        return sorted((_trait_count(catalogue, punk), punk) for punk in punks)
    return [(punk, punk) for punk in sorted(punks)]


def _trait_count(catalogue: Catalogue, punk: int) -> int:
    row = catalogue.punks.get(punk)
    return len(row.accessories) if row else 0


def _fits(generation: Generation, market: Market, query: PunkQuery, punk: int) -> bool:
    return (
        _within(generation.wei[punk], query.min_wei, query.max_wei)
        and (not query.grades or generation.grade(punk) in query.grades)
        and _fits_market(generation, market, query, punk)
    )


def _fits_market(generation: Generation, market: Market, query: PunkQuery, punk: int) -> bool:
    if not query.needs_market:
        return True
    ask = market.asks.get(punk)
    if ask is None:
        return not query.needs_ask
    if query.listed is False:
        return False
    return _within(ask, query.min_ask, query.max_ask) and _within(
        discount(ask, generation.wei[punk]), query.min_discount, query.max_discount
    )


def _within(amount: int, low: int | None, high: int | None) -> bool:
    return (low is None or amount >= low) and (high is None or amount <= high)
