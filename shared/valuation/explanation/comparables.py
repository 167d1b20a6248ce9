"""Sales of punks most like one, brought to today's market, and the punk's own sales beside them.

Two punks are as far apart as their differences are worth by the index: of two types, skins or accessory counts the
difference of the premia, of an accessory that only one of them has the size of its premium. Each trait in which they
differ adds a little for its rarity, so that a rare one matters before the index has learnt much about it; another type
and age add something, too. A sale's price is brought to the instant by the index: ln(price) + level now - level then.
Nothing at or after the instant goes in, and no ask or bid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from math import exp, isnan
from typing import Final

import numpy as np

from shared.market.marks import PunkSale
from shared.market.series import Floats, Ints
from shared.market.timeline import MarketTimeline
from shared.market.valid_sales import Exclusion
from shared.units import DAY_S
from shared.valuation.explanation.parts import KINDS

MOST: Final = 8
RARITY_WEIGHT: Final = 0.01
"""Log units for each nat of a trait's rarity, beside its premium."""
OTHER_TYPE: Final = 0.25
"""Log units for another type, beside the types' own premia."""
AGE_WEIGHT: Final = 0.2
"""Log units for each year since the sale."""
LEAST_SIMILARITY: Final = 0.05
"""What is further away is no comparable: an alien has few."""
YEAR_S: Final = 365.25 * DAY_S


@dataclass(frozen=True)
class OwnSale:
    """A sale of the punk itself; `excluded` says why it does not count. Attributes as of `Comparable`; None where the
    book was empty, or the index had not begun."""

    time: datetime
    price_eth: float
    floor_eth: float | None
    adjusted_eth: float | None
    kind: str
    excluded: Exclusion | None


class MarketThen:
    """What reasons and comparables need of a timeline, taken out of it: the timeline may then read on.

    Attributes:
        sold: the columns of `Explained` that start with `sold_`, by name.
        level_eth: the index's level for common punks.
        premia, errors: of every trait, shape (traits,), log units: see `trait_premia`.
    """

    def __init__(self, timeline: MarketTimeline, as_of: int) -> None:
        """Strictly before `as_of` (UTC seconds)."""
        series, self.traits = timeline.punk_sales, timeline.traits
        every = np.arange(len(self.traits.members), dtype=np.int64)
        rows = series.row_before(every, np.full(len(every), as_of, dtype=np.int64))
        sale = PunkSale(*series.take(rows).T)
        level = timeline.index.states.last_before(np.array([as_of], dtype=np.int64))[0, 0]
        time = np.nan_to_num(series.time_of(rows)).astype(np.int64)
        logs = {"price": sale.log_price, "floor": sale.log_floor, "adjusted": sale.log_price + level - sale.level}
        self.sold = {"sold_time": time} | {f"sold_{name}_eth": np.exp(column) for name, column in logs.items()}
        self.level_eth = float(np.exp(np.nan_to_num(level)))
        self.premia, self.errors = trait_premia(timeline, as_of)
        # A last entry of zero stands for "no trait", which members say as -1.
        premium, rare = np.append(self.premia, 0.0), np.append(RARITY_WEIGHT * self.traits.rarity, 0.0)
        self._weight: Floats = np.abs(premium) + rare
        self._apart: Floats = np.abs(premium - premium[:, None]) + rare + rare[:, None]
        types = np.unique(self.traits.members[:, 0])
        self._apart[np.ix_(types, types)] += OTHER_TYPE
        np.fill_diagonal(self._apart, 0.0)
        self._punk: Ints = np.flatnonzero(rows >= 0)
        members = self.traits.members[self._punk]
        self._kinds = members[:, :KINDS].T.copy()
        self._holders = [np.flatnonzero(held) for held in self.traits.holders[:, self._punk]]
        age = AGE_WEIGHT * (as_of - time[self._punk]) / YEAR_S
        self._bare: Floats = age + self._weight[members[:, KINDS:]].sum(axis=1)

    def near(self, punk: int) -> tuple[Ints, Floats]:
        """The punks whose sales are most like the punk, its own left out, nearest first, and their similarity."""
        own = self.traits.members[punk]
        distance = self._bare.copy()
        for mine, its in zip(own[:KINDS], self._kinds, strict=True):
            distance += self._apart[mine][its]
        accessories = own[KINDS:][own[KINDS:] >= 0]
        distance += self._weight[accessories].sum()
        for accessory in accessories.tolist():
            # Both have it: neither the one's weight nor the other's counts.
            distance[self._holders[accessory]] -= 2.0 * self._weight[accessory]
        distance[self._punk == punk] = np.inf
        most = np.partition(distance, MOST - 1)[MOST - 1] if len(distance) > MOST else np.inf
        rows = np.flatnonzero(distance <= most)
        # Equal distances: the punk with the lower number first.
        near = rows[np.argsort(distance[rows], kind="stable")][:MOST]
        similarity = np.exp(-distance[near])
        alike = similarity >= LEAST_SIMILARITY
        return self._punk[near[alike]], similarity[alike]


def own_sales(timeline: MarketTimeline, punk: int, as_of: int) -> list[OwnSale]:
    """All sales of the punk strictly before the instant (UTC seconds), newest first, those that do not count too."""
    sales = [sale for sale in timeline.sales if sale.punk_id == punk and sale.time < as_of][::-1]
    # Up to and with the sale's own second: the level right after it.
    instants = np.array([*(sale.time + 1 for sale in sales), as_of], dtype=np.int64)
    *levels, now = timeline.index.states.last_before(instants)[:, 0].tolist()
    found = []
    for sale, then in zip(sales, levels, strict=True):
        adjusted = None if isnan(then) else sale.price_eth * exp(now - then)
        time = datetime.fromtimestamp(sale.time, UTC)
        found.append(OwnSale(time, sale.price_eth, sale.floor_eth, adjusted, sale.kind, sale.excluded))
    return found


def trait_premia(timeline: MarketTimeline, as_of: int) -> tuple[Floats, Floats]:
    """What every trait is worth by the index, and its standard error by the index's Kalman filter, both of shape
    (traits,), log units, from sales strictly before `as_of` (UTC seconds).

    As the features have it: type, skin and count over those of common punks, an accessory's by itself. Zero before the
    first sale. Errors are from the variances alone: what the errors of common punks' traits have in common with the
    trait's is left out. That makes them too large rather than too small.
    """
    instant, traits = np.array([as_of], dtype=np.int64), timeline.traits
    premia, variance = (
        np.nan_to_num(series.last_before(instant)[0, 1:].astype(np.float64))
        for series in (timeline.index.states, timeline.index.variances)
    )
    for members in traits.members[:, :KINDS].T:
        kind = np.unique(members[members >= 0])
        share = traits.common[kind]
        premia[kind] -= premia[kind] @ share
        variance[kind] = (1.0 - 2.0 * share) * variance[kind] + share**2 @ variance[kind]
    return premia, np.sqrt(np.maximum(variance, 0.0))
