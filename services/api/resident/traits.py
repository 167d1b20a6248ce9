"""Every trait: who has it, what they are offered for, what the index says it adds. Made once for each view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from math import exp
from statistics import median_low
from typing import Final

from services.api.deals import Z_90
from services.api.resident.facts import SaleRow, View
from services.api.resident.rendering import instant, money_member
from shared.units import DAY_S, ETH

KINDS: Final = ("type", "skin", "count", "accessory")
YEAR_S: Final = 365 * DAY_S
SHOWN: Final = 20


@dataclass(frozen=True)
class TraitBook:
    """Entries by id, as JSON documents, in the order of `KINDS` and then by name."""

    entries: Mapping[str, dict[str, object]]


def render(view: View) -> TraitBook:
    """All traits of the view."""
    last = view.market.facts.last_event_time.timestamp() if view.market.facts else 0.0
    sold: dict[int, int] = {}
    for sale in reversed(view.market.sales):
        if sale.time <= last - YEAR_S:
            break
        sold[sale.punk_id] = sold.get(sale.punk_id, 0) + 1
    ordered = sorted(view.catalogue.holders, key=lambda trait: (KINDS.index(trait.partition(":")[0]), trait))
    return TraitBook({trait: _entry(view, trait, sold) for trait in ordered})


def _entry(view: View, trait: str, sold: Mapping[int, int]) -> dict[str, object]:
    kind, _, name = trait.partition(":")
    punks = [punk for punk in view.catalogue.holders[trait] if punk in view.generation.wei]
    values = sorted(view.generation.wei[punk] for punk in punks)
    asks = sorted((view.market.asks[punk], punk) for punk in punks if punk in view.market.asks)
    floor = view.market.floor
    return {
        "id": trait,
        "kind": kind,
        "name": name,
        "punks": len(view.catalogue.holders[trait]),
        "listed": len(asks),
        "floor": {"price": money_member(asks[0][0]), "punk_id": asks[0][1]} if asks else None,
        "over_floor_eth": (asks[0][0] - floor.wei) / ETH if asks and floor else None,
        "lowest_value": money_member(values[0]) if values else None,
        "median_value": money_member(median_low(values)) if values else None,
        "sales_365d": sum(sold.get(punk, 0) for punk in punks),
        "premium": _premium(view, trait),
    }


def _premium(view: View, trait: str) -> dict[str, object] | None:
    if view.explained is None:
        return None
    told = view.explained.explained
    if trait not in told.traits:
        return None
    place = told.traits.index(trait)
    log, error = float(told.premium[place]), float(told.premium_error[place])

    def in_eth(premium: float) -> float:
        return told.level_eth * (exp(premium) - 1.0)

    return {
        "log": log,
        "standard_error": error,
        "eth": in_eth(log),
        "lo80_eth": in_eth(log - Z_90 * error),
        "hi80_eth": in_eth(log + Z_90 * error),
    }


def recent_sales(view: View, trait: str) -> list[dict[str, object]]:
    """The newest valid sales of punks with the trait, each at today's floor, too."""
    holders = set(view.catalogue.holders[trait])
    newest = (sale for sale in reversed(view.market.sales) if sale.punk_id in holders)
    return [_sale(view, sale) for sale in islice(newest, SHOWN)]


def _sale(view: View, sale: SaleRow) -> dict[str, object]:
    floor = view.market.floor
    now = sale.price_wei / sale.floor_wei * floor.wei / ETH if floor else None
    return {
        "punk_id": sale.punk_id,
        "time": instant(datetime.fromtimestamp(sale.time, UTC)),
        "price": money_member(sale.price_wei),
        "floor": money_member(sale.floor_wei),
        "at_todays_floor_eth": now,
        "kind": sale.kind,
    }


def lowest_asks(view: View, trait: str) -> Sequence[dict[str, object]]:
    """The lowest asks of punks with the trait."""
    holders = set(view.catalogue.holders[trait])
    lowest = ((ask, punk) for ask, punk in view.market.by_ask if punk in holders and punk in view.generation.wei)
    return [
        {
            "punk_id": punk,
            "price": money_member(ask),
            "value": money_member(view.generation.wei[punk]),
            "discount": view.discount(punk),
        }
        for ask, punk in islice(lowest, SHOWN)
    ]
