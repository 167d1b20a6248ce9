"""The forward scorecard: values published before each valid sale, beside the floor of the same generation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from math import isnan
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from services.api.repositories.outcomes import Scored
from shared.evaluation import metrics

Horizon = Literal["latest", "24h", "7d"]
HORIZONS: tuple[Horizon, ...] = ("latest", "24h", "7d")


class Card(BaseModel):
    """Errors relative to the sale price, as fractions (0.05 is five percent); null where too little was scored."""

    model_config = ConfigDict(extra="forbid")

    n: int
    median_ape: Annotated[float | None, Field(description="Median of |value - price| / price")]
    mape: Annotated[float | None, Field(description="Mean of the same")]
    bias: Annotated[float | None, Field(description="Mean of (value - price) / price; above zero: too high")]
    median_bias: float | None
    within_5: Annotated[float | None, Field(description="Share of sales with an error of at most 5 %")]
    within_10: float | None
    cod: Annotated[float | None, Field(description="Coefficient of dispersion, percent (IAAO)")]
    prd: Annotated[float | None, Field(description="Price-related differential (IAAO)")]
    prb: Annotated[float | None, Field(description="Price-related bias (IAAO)")]


class ValueCard(Card):
    """With the share of sale prices inside the published intervals."""

    coverage_50: float | None
    coverage_80: float | None
    coverage_90: float | None


class Comparison(BaseModel):
    """The champion's values and the floor baseline on the same sales."""

    model_config = ConfigDict(extra="forbid")

    champion: ValueCard
    floor: Card


class Group(Comparison):
    name: Annotated[str, Field(examples=["premium", "2025-03"])]


class PerformanceBody(BaseModel):
    """What has been scored so far."""

    model_config = ConfigDict(extra="forbid")

    computed_at: datetime
    horizon: Annotated[Horizon, Field(description="Horizon of the breakdowns below")]
    by_horizon: dict[Horizon, Comparison]
    by_segment: Annotated[
        list[Group],
        Field(
            description="By predicted premium, value over floor at publication: floor_tier below 1.08, "
            "mid below 1.3, premium below 2.5, rare above"
        ),
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
    order = metrics.SEGMENTS
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
    """Segment of the predicted premium over the floor, both known before the sale."""
    if sale.floor_eth <= 0:
        return metrics.SEGMENTS[-1]
    index = metrics.premium_segment(np.array([sale.value_eth]), np.array([sale.floor_eth]))[0]
    return metrics.SEGMENTS[int(index)]


def compare(sales: Sequence[Scored]) -> Comparison:
    """Champion beside floor on the same sales; a sale without a floor counts for the champion alone."""
    floored = [sale for sale in sales if sale.floor_eth > 0]
    champion = _card([sale.price_eth for sale in sales], [sale.value_eth for sale in sales])
    return Comparison(
        champion=ValueCard(
            **champion.model_dump(),
            coverage_50=_share([sale.in50 for sale in sales]),
            coverage_80=_share([sale.in80 for sale in sales]),
            coverage_90=_share([sale.in90 for sale in sales]),
        ),
        floor=_card([sale.price_eth for sale in floored], [sale.floor_eth for sale in floored]),
    )


def _card(prices: Sequence[float], values: Sequence[float]) -> Card:
    scored = metrics.scorecard(np.array(prices, dtype=np.float64), np.array(values, dtype=np.float64))
    return Card(
        n=scored.n,
        median_ape=_known(scored.median_ape),
        mape=_known(scored.mape),
        bias=_known(scored.mean_bias),
        median_bias=_known(scored.median_bias),
        within_5=_known(scored.within_5),
        within_10=_known(scored.within_10),
        cod=_known(scored.cod),
        prd=_known(scored.prd),
        prb=_known(scored.prb),
    )


def _known(figure: float) -> float | None:
    return None if isnan(figure) else figure


def _share(flags: Sequence[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None


def _groups(sales: Sequence[Scored], key: Callable[[Scored], str]) -> list[Group]:
    grouped: dict[str, list[Scored]] = {}
    for sale in sales:
        grouped.setdefault(key(sale), []).append(sale)
    found = {name: compare(members) for name, members in grouped.items()}
    return [Group(name=name, champion=one.champion, floor=one.floor) for name, one in sorted(found.items())]
