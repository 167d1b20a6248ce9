"""The forward scorecard: values published before each valid sale, compared with floor and last sale."""

from collections.abc import Callable, Sequence
from datetime import datetime
from math import isnan

import numpy as np

from services.api.outcomes.queries import Scored
from services.api.outcomes.schemas import (
    HORIZONS,
    Calibration,
    Card,
    Comparison,
    Coverage,
    Group,
    Horizon,
    PerformanceDocument,
    ValueCard,
)
from shared.evaluation import metrics
from shared.evaluation.paired import wilson
from shared.market.sale_labels import DEALING, DELIVERY, UNLABELLED
from shared.market.tiers import TIERS, tier_of

_LEVELS = ((0.5, "in50"), (0.8, "in80"), (0.9, "in90"))
_Z95 = 1.959963984540054


def performance(
    scored: Sequence[Scored],
    *,
    horizon: Horizon,
    computed_at: datetime,
    exclusions: bool = True,
    excluded_sales: int = 0,
) -> PerformanceDocument:
    """All scorecards over `scored`; the breakdowns are of `horizon`."""
    chosen = [sale for sale in scored if sale.horizon == horizon]
    order = TIERS
    return PerformanceDocument(
        computed_at=computed_at,
        horizon=horizon,
        exclusions=exclusions,
        excluded_sales=excluded_sales,
        by_horizon={name: compare([sale for sale in scored if sale.horizon == name]) for name in HORIZONS},
        by_segment=sorted(_groups(chosen, segment), key=lambda group: order.index(group.name)),
        by_month=_groups(chosen, lambda sale: sale.event_time.strftime("%Y-%m")),
        by_kind=_groups(chosen, lambda sale: sale.kind),
        by_channel=_groups(chosen, lambda sale: sale.channel or UNLABELLED),
        by_dealer=_groups(chosen, lambda sale: DEALING[sale.dealer]),
        by_pass_through=_groups(chosen, lambda sale: DELIVERY[sale.pass_through]),
        by_type=_groups(chosen, lambda sale: sale.punk_type or "unknown"),
        by_model=_groups(chosen, lambda sale: sale.model_id),
        calibration=[
            _calibration("all", chosen),
            *(_calibration(name, [sale for sale in chosen if segment(sale) == name]) for name in order),
        ],
    )


def _calibration(name: str, sales: Sequence[Scored]) -> Calibration:
    levels = []
    for level, flag in _LEVELS:
        n, covered = len(sales), sum(getattr(sale, flag) for sale in sales)
        lo, hi = wilson(covered, n, z=_Z95) if n else (None, None)
        levels.append(Coverage(level=level, n=n, covered=covered, share=covered / n if n else None, lo=lo, hi=hi))
    return Calibration(name=name, levels=levels)


def segment(sale: Scored) -> str:
    """Segment of the predicted premium over the floor, both known before the sale."""
    if sale.floor_eth <= 0:
        return TIERS[-1]
    return TIERS[int(tier_of(np.array([sale.value_eth / sale.floor_eth]))[0])]


def compare(sales: Sequence[Scored]) -> Comparison:
    """The champion and the baselines; a sale without a baseline counts for the champion alone."""
    floored = [sale for sale in sales if sale.floor_eth > 0]
    carried = [(sale, sale.last_sale_eth) for sale in sales if sale.last_sale_eth]
    carried_prices = [sale.price_eth for sale, _ in carried]
    champion = _card([sale.price_eth for sale in sales], [sale.value_eth for sale in sales])
    return Comparison(
        champion=ValueCard(
            **vars(champion),
            coverage_50=_share([sale.in50 for sale in sales]),
            coverage_80=_share([sale.in80 for sale in sales]),
            coverage_90=_share([sale.in90 for sale in sales]),
        ),
        floor=_card([sale.price_eth for sale in floored], [sale.floor_eth for sale in floored]),
        last_sale=_card(carried_prices, [value for _, value in carried]),
        champion_beside_last_sale=_card(carried_prices, [sale.value_eth for sale, _ in carried]),
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
    return [Group(name=name, **vars(one)) for name, one in sorted(found.items())]
