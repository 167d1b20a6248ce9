"""The forward scorecard: values published before each valid sale, beside the floor of the same generation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from statistics import fmean, median
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.api.repositories.outcomes import Scored

Horizon = Literal["latest", "24h", "7d"]
HORIZONS: tuple[Horizon, ...] = ("latest", "24h", "7d")
SEGMENTS = (("floor", 1.08), ("low", 1.3), ("mid", 2.5), ("premium", float("inf")))
"""Name and upper bound of value / floor, both known before the sale."""


class _Card(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Scorecard(_Card):
    """Errors relative to the sale price, as fractions: 0.05 is five percent. Null when nothing was scored."""

    n: int
    median_ape: float | None
    mape: float | None
    bias: Annotated[float | None, Field(description="Mean of (value - price) / price; above zero: too high")]
    within_5: Annotated[float | None, Field(description="Share of sales with an error of at most 5 %")]
    within_10: float | None


class ValueScorecard(Scorecard):
    """With the share of sale prices inside the published intervals."""

    coverage_50: float | None
    coverage_80: float | None
    coverage_90: float | None


class Comparison(_Card):
    """The champion's values and the floor baseline on the same sales."""

    champion: ValueScorecard
    floor: Scorecard


class Group(Comparison):
    name: Annotated[str, Field(examples=["premium", "2025-03"])]


class PerformanceBody(_Card):
    """What has been scored so far."""

    computed_at: datetime
    horizon: Annotated[Horizon, Field(description="Horizon of the breakdowns below")]
    by_horizon: dict[Horizon, Comparison]
    by_segment: Annotated[
        list[Group], Field(description="By predicted premium: value over floor at publication")
    ]
    by_month: list[Group]
    by_kind: list[Group]
    by_type: list[Group]
    by_model: list[Group]


class PerformanceDocument(PerformanceBody):
    degraded: list[Literal["database_away"]]


def performance(scored: Sequence[Scored], *, horizon: Horizon, computed_at: datetime) -> PerformanceBody:
    """All scorecards over `scored`; the breakdowns are of `horizon`."""
    chosen = [sale for sale in scored if sale.horizon == horizon]
    order = [name for name, _ in SEGMENTS]
    return PerformanceBody(
        computed_at=computed_at,
        horizon=horizon,
        by_horizon={name: compare([sale for sale in scored if sale.horizon == name]) for name in HORIZONS},
        by_segment=sorted(_groups(chosen, segment), key=lambda group: order.index(group.name)),
        by_month=_groups(chosen, lambda sale: sale.event_time.strftime("%Y-%m")),
        by_kind=_groups(chosen, lambda sale: sale.kind),
        by_type=_groups(chosen, lambda sale: sale.punk_type or "unknown"),
        by_model=_groups(chosen, lambda sale: sale.model_id),
    )


def segment(sale: Scored) -> str:
    """Segment of the predicted premium over the floor."""
    premium = sale.value_eth / sale.floor_eth if sale.floor_eth > 0 else float("inf")
    return next((name for name, bound in SEGMENTS if premium < bound), "premium")


def compare(sales: Sequence[Scored]) -> Comparison:
    """Champion beside floor on the same sales."""
    champion = scorecard((sale.value_eth, sale.price_eth) for sale in sales)
    coverage = {
        "coverage_50": _share(sale.in50 for sale in sales),
        "coverage_80": _share(sale.in80 for sale in sales),
        "coverage_90": _share(sale.in90 for sale in sales),
    }
    return Comparison(
        champion=ValueScorecard(**champion.model_dump(), **coverage),
        floor=scorecard((sale.floor_eth, sale.price_eth) for sale in sales),
    )


def scorecard(pairs: Iterable[tuple[float, float]]) -> Scorecard:
    """Of (value, price) pairs; the price is above zero, as every valid sale's is."""
    errors = [(value - price) / price for value, price in pairs]
    sizes = [abs(error) for error in errors]
    return Scorecard(
        n=len(errors),
        median_ape=median(sizes) if sizes else None,
        mape=fmean(sizes) if sizes else None,
        bias=fmean(errors) if errors else None,
        within_5=_share(size <= 0.05 for size in sizes),
        within_10=_share(size <= 0.10 for size in sizes),
    )


def _share(flags: Iterable[bool]) -> float | None:
    found = list(flags)
    return sum(found) / len(found) if found else None


def _groups(sales: Sequence[Scored], key: Callable[[Scored], str]) -> list[Group]:
    grouped: dict[str, list[Scored]] = {}
    for sale in sales:
        grouped.setdefault(key(sale), []).append(sale)
    return [
        Group(name=name, champion=found.champion, floor=found.floor)
        for name in sorted(grouped)
        for found in (compare(grouped[name]),)
    ]
