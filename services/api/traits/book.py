"""Every trait: its punks, their asks, and its premium by the sales index. Computed once for each view."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from math import exp
from statistics import median_low
from typing import Final

from services.api.money import money
from services.api.schemas import FloorDocument
from services.api.traits.schemas import KINDS, Premium, TraitAsk, TraitEntry, TraitKind, TraitSale
from services.api.view.current import View
from services.api.view.records import SaleRow
from shared.market.deal_odds import Z_90
from shared.units import DAY_S, ETH

YEAR_S: Final = 365 * DAY_S
SHOWN: Final = 20

TraitBook = Mapping[str, TraitEntry]
"""By id, in the order of `KINDS` and then by name."""


def trait_book(view: View) -> TraitBook:
    """All traits of the view."""
    last = view.market.record.last_event_time.timestamp() if view.market.record else 0.0
    sold: dict[int, int] = {}
    for sale in reversed(view.market.sales):
        if sale.time <= last - YEAR_S:
            break
        sold[sale.punk_id] = sold.get(sale.punk_id, 0) + 1
    return {
        trait: _entry(view, kind, trait, sold)
        for kind in KINDS
        for trait in sorted(view.catalogue.holders)
        if trait.startswith(f"{kind}:")
    }


def _entry(view: View, kind: TraitKind, trait: str, sold: Mapping[int, int]) -> TraitEntry:
    punks = [punk for punk in view.catalogue.holders[trait] if punk in view.generation.wei]
    values = sorted(view.generation.wei[punk] for punk in punks)
    asks = sorted((view.market.asks[punk], punk) for punk in punks if punk in view.market.asks)
    return TraitEntry(
        id=trait,
        kind=kind,
        name=trait.partition(":")[2],
        punks=len(view.catalogue.holders[trait]),
        listed=len(asks),
        floor=FloorDocument(price=money(asks[0][0]), punk_id=asks[0][1]) if asks else None,
        over_floor_eth=(asks[0][0] - view.market.by_ask[0][0]) / ETH if asks else None,
        lowest_value=money(values[0]) if values else None,
        median_value=money(median_low(values)) if values else None,
        sales_365d=sum(sold.get(punk, 0) for punk in punks),
        premium=_premium(view, trait),
    )


def _premium(view: View, trait: str) -> Premium | None:
    if view.explanation is None or trait not in view.explanation.explained.traits:
        return None
    explained = view.explanation.explained
    place = explained.traits.index(trait)
    log, error = float(explained.premium[place]), float(explained.premium_error[place])

    def in_eth(premium: float) -> float:
        return explained.level_eth * (exp(premium) - 1.0)

    return Premium(
        log=log,
        standard_error=error,
        eth=in_eth(log),
        lo80_eth=in_eth(log - Z_90 * error),
        hi80_eth=in_eth(log + Z_90 * error),
    )


def recent_sales(view: View, trait: str) -> list[TraitSale]:
    """The newest valid sales of punks with the trait, each at today's floor, too."""
    holders = set(view.catalogue.holders[trait])
    newest = (sale for sale in reversed(view.market.sales) if sale.punk_id in holders)
    return [_sale(view, sale) for sale in islice(newest, SHOWN)]


def _sale(view: View, sale: SaleRow) -> TraitSale:
    asks = view.market.by_ask
    return TraitSale(
        punk_id=sale.punk_id,
        time=datetime.fromtimestamp(sale.time, UTC),
        price=money(sale.price_wei),
        floor=money(sale.floor_wei),
        at_todays_floor_eth=sale.price_wei / sale.floor_wei * asks[0][0] / ETH if asks else None,
        kind=sale.kind,
    )


def lowest_asks(view: View, trait: str) -> list[TraitAsk]:
    """The lowest asks of punks with the trait."""
    holders = set(view.catalogue.holders[trait])
    lowest = ((ask, punk) for ask, punk in view.market.by_ask if punk in holders and punk in view.generation.wei)
    return [
        TraitAsk(
            punk_id=punk,
            price=money(ask),
            value=money(view.generation.wei[punk]),
            discount=1.0 - ask / view.generation.wei[punk],
        )
        for ask, punk in islice(lowest, SHOWN)
    ]
