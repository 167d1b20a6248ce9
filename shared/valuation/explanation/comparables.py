"""Sales of the most similar punks, adjusted to today's market, and the punk's own sales.

The distance of two punks is the worth of their differences by the index: the difference of the premia of two types,
skins or accessory counts, and the size of the premium of an accessory that only one punk has. Each such trait adds a
little for its rarity, so that a rare trait counts before the index has a premium for it. Another type and age add to
the distance. The index adjusts a sale's price to the instant: ln(price) + level now - level at the sale. Only sales
strictly before the instant count, and no ask or bid.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import exp, isnan
from typing import Final

import numpy as np

from shared.market.series import Floats, Ints
from shared.market.series_rows import PunkSale
from shared.market.timeline import MarketTimeline
from shared.market.valid_sales import Exclusion
from shared.units import DAY_S
from shared.valuation.explanation.parts import KINDS

MOST: Final = 8
RARITY_WEIGHT: Final = 0.01
"""Log units per nat of a trait's rarity, in addition to its premium."""
OTHER_TYPE: Final = 0.25
"""Log units for another type, in addition to the difference of premia."""
AGE_WEIGHT: Final = 0.2
"""Log units per year since the sale."""
LEAST_SIMILARITY: Final = 0.05
"""Less similar sales are no comparables; an alien has few."""
YEAR_S: Final = 365.25 * DAY_S


@dataclass(frozen=True)
class OwnSale:
    """A sale of the punk itself; `excluded`: why it is not valid. Other attributes as in `Comparable`.

    They are None if the book was empty, or the index had not begun.
    """

    time: datetime
    price_eth: float
    floor_eth: float | None
    adjusted_eth: float | None
    kind: str
    excluded: Exclusion | None


class MarketThen:
    """A copy of what reasons and comparables need of a timeline, so that the timeline can read on.

    Attributes:
        sold: the columns of `Explained` that start with `sold_`, by name.
        level_eth: the index's level for common punks.
        premia, errors: of every trait, shape (traits,), log units; see `trait_premia`.
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
        # The last entry, zero, is for index -1: no trait.
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
        """The other punks whose sales are most similar, nearest first, and their similarity."""
        own = self.traits.members[punk]
        distance = self._bare.copy()
        for mine, its in zip(own[:KINDS], self._kinds, strict=True):
            distance += self._apart[mine][its]
        accessories = own[KINDS:][own[KINDS:] >= 0]
        distance += self._weight[accessories].sum()
        for accessory in accessories.tolist():
            # Both have it, so it does not add to the distance.
            distance[self._holders[accessory]] -= 2.0 * self._weight[accessory]
        distance[self._punk == punk] = np.inf
        most = np.partition(distance, MOST - 1)[MOST - 1] if len(distance) > MOST else np.inf
        rows = np.flatnonzero(distance <= most)
        # Among equals, the lower punk number first.
        near = rows[np.argsort(distance[rows], kind="stable")][:MOST]
        similarity = np.exp(-distance[near])
        alike = similarity >= LEAST_SIMILARITY
        return self._punk[near[alike]], similarity[alike]


def own_sales(timeline: MarketTimeline, punk: int, as_of: int) -> list[OwnSale]:
    """All sales of the punk strictly before the instant (UTC seconds), newest first, also excluded sales."""
    sales = [sale for sale in timeline.sales if sale.punk_id == punk and sale.time < as_of][::-1]
    # The level right after the sale's second.
    instants = np.array([*(sale.time + 1 for sale in sales), as_of], dtype=np.int64)
    *levels, now = timeline.index.states.last_before(instants)[:, 0].tolist()
    history = []
    for sale, then in zip(sales, levels, strict=True):
        adjusted = None if isnan(then) else sale.price_eth * exp(now - then)
        time = datetime.fromtimestamp(sale.time, UTC)
        history.append(OwnSale(time, sale.price_eth, sale.floor_eth, adjusted, sale.kind, sale.excluded))
    return history


def trait_premia(timeline: MarketTimeline, as_of: int) -> tuple[Floats, Floats]:
    """Premium of every trait by the index, and its standard error by the index's Kalman filter.

    Both have shape (traits,) and log units, from sales strictly before `as_of` (UTC seconds); zero before the first
    sale. As in the features, type, skin and count are relative to those of common punks, and accessories are absolute.
    Errors ignore the covariance with common punks' traits, which makes them too large rather than too small.
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
