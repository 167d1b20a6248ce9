"""Point-in-time features of (punk, as_of) pairs: one vectorised function for training, evaluation and nowcast.

A feature reads only events known strictly before `as_of`, and is blind to the punk's own ask and bid: its own ask is
looked up only to leave it out of the floor, the ladder and the trait floors. (One indirect way stays open: while its
ask was the public floor, other punks' past sales were measured against it.) `FEATURES` declares every feature; the
schema hash and the model's input order follow from it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from shared.market.order_book import RANKS
from shared.market.prices import DailyPrices
from shared.market.series import Floats, Ints
from shared.market.timeline import DAY, TRAIT_HALF_LIFE_DAYS, MarketTimeline

TRAIT_PRIOR_SALES = 8.0
"""Shrinkage of a trait's mean log ratio towards the market's: the weight of so many sales."""


@dataclass(frozen=True)
class Feature:
    """One input of the model: `unit` is log ratio, days, count, code or share."""

    name: str
    meaning: str
    source: str
    unit: str


FEATURES: tuple[Feature, ...] = (
    Feature("ladder_5", "ln(5th lowest ask / floor)", "asks without the punk", "log ratio"),
    Feature("ladder_10", "ln(10th lowest ask / floor)", "asks without the punk", "log ratio"),
    Feature("ladder_20", "ln(20th lowest ask / floor)", "asks without the punk", "log ratio"),
    Feature("ladder_50", "ln(50th lowest ask / floor)", "asks without the punk", "log ratio"),
    Feature("asks", "ln(number of public asks)", "asks without the punk", "log count"),
    Feature("floor_change_1d", "ln(floor / lowest ask a day before)", "asks", "log ratio"),
    Feature("floor_change_7d", "ln(floor / lowest ask 7 days before)", "asks", "log ratio"),
    Feature("floor_change_30d", "ln(floor / lowest ask 30 days before)", "asks", "log ratio"),
    Feature("sales_1d", "valid sales in the last day", "sales", "log count"),
    Feature("sales_7d", "valid sales in the last 7 days", "sales", "log count"),
    Feature("sales_30d", "valid sales in the last 30 days", "sales", "log count"),
    Feature("floor_sales_price", "ln(median price of recent floor-tier sales / floor)", "sales", "log ratio"),
    Feature("eth_usd_change_7d", "ln(ETH/USD / 7 days before), previous day's close", "ETH/USD", "log ratio"),
    Feature("eth_usd_change_30d", "ln(ETH/USD / 30 days before), previous day's close", "ETH/USD", "log ratio"),
    Feature("type", "male, female, zombie, ape, alien", "punks", "code"),
    Feature("skin", "albino to dark, -1 without", "punks", "code"),
    Feature("accessories", "number of accessories", "punks", "count"),
    Feature("rarity_sum", "sum of -ln(share) over accessories", "punks", "nats"),
    Feature("rarity_max", "largest -ln(share) over accessories", "punks", "nats"),
    Feature("type_premium", "shrunk decayed mean log ratio of the type", "sales", "log ratio"),
    Feature("skin_premium", "shrunk decayed mean log ratio of the skin", "sales", "log ratio"),
    Feature("count_premium", "shrunk decayed mean log ratio of the accessory count", "sales", "log ratio"),
    Feature("accessory_premium_1", "highest accessory premium", "sales", "log ratio"),
    Feature("accessory_premium_2", "second highest accessory premium", "sales", "log ratio"),
    Feature("accessory_premium_3", "third highest accessory premium", "sales", "log ratio"),
    Feature("accessory_premium_min", "lowest accessory premium", "sales", "log ratio"),
    Feature("accessory_premium_sum", "sum of accessory premia", "sales", "log ratio"),
    Feature("accessory_best_weight", "decayed sales behind the highest premium", "sales", "log count"),
    Feature("type_floor", "ln(type's floor / floor)", "asks without the punk", "log ratio"),
    Feature("accessory_floor_1", "highest ln(accessory floor / floor)", "asks without the punk", "log ratio"),
    Feature("accessory_floor_2", "second highest ln(accessory floor / floor)", "asks without the punk", "log ratio"),
    Feature("count_floor", "ln(accessory count's floor / floor)", "asks without the punk", "log ratio"),
    Feature("own_last_ratio", "log ratio to the floor at its last valid sale", "own sales", "log ratio"),
    Feature("own_mean_ratio", "decayed mean log ratio of its valid sales", "own sales", "log ratio"),
    Feature("own_weight", "decayed number of its valid sales", "own sales", "count"),
    Feature("own_last_age", "since its last valid sale", "own sales", "days"),
    Feature("own_last_carry", "ln(its last price / floor)", "own sales", "log ratio"),
    Feature("held", "since the last change of owner", "transfers", "days"),
)  # fmt: skip
FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)


def schema_hash() -> str:
    """SHA-256 over names, order, meanings and units: a model trained on other features refuses to predict."""
    lines = "\n".join(f"{f.name}|{f.meaning}|{f.source}|{f.unit}" for f in FEATURES)
    return hashlib.sha256(lines.encode()).hexdigest()


@dataclass(frozen=True)
class FeatureRows:
    """Features of n pairs.

    Attributes:
        floor_eth: shape (n,), public floor without the punk; NaN where the book was empty.
        matrix: shape (n, len(FEATURES)), float32, NaN where unknown.
    """

    punk_id: Ints
    as_of: Ints
    floor_eth: Floats
    matrix: npt.NDArray[np.float32]

    def frame(self) -> pl.DataFrame:
        """The feature columns alone, in the order of `FEATURES`."""
        return pl.DataFrame({name: self.matrix[:, column] for column, name in enumerate(FEATURE_NAMES)})


def compute(timeline: MarketTimeline, prices: DailyPrices, punk_id: Ints, as_of: Ints) -> FeatureRows:
    """Features of the pairs (punk_id[i], as_of[i]); `as_of` in UTC seconds, rounded up to whole ones."""
    punk_id, as_of = np.asarray(punk_id, dtype=np.int64), np.asarray(as_of, dtype=np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        pairs = _Pairs.look_up(timeline, prices, punk_id, as_of)
        columns = {**_market(pairs), **_traits(pairs), **_own(pairs)}
    matrix = np.column_stack([columns[name] for name in FEATURE_NAMES]).astype(np.float32)
    matrix[~np.isfinite(matrix)] = np.nan
    return FeatureRows(punk_id=punk_id, as_of=as_of, floor_eth=pairs.floor, matrix=matrix)


@dataclass(frozen=True)
class _Pairs:
    """The pairs asked for, with the book as each punk's buyers saw it. Arrays have shape (n,)."""

    timeline: MarketTimeline
    prices: DailyPrices
    punk_id: Ints
    as_of: Ints
    own_ask: Floats
    asks: Floats
    ladder: dict[int, Floats]

    @classmethod
    def look_up(cls, timeline: MarketTimeline, prices: DailyPrices, punk_id: Ints, as_of: Ints) -> _Pairs:
        own_ask = timeline.asks.last_before(punk_id, as_of)[:, 0]
        book = timeline.book.last_before(as_of)
        return cls(timeline, prices, punk_id, as_of, own_ask, book[:, 0], _ladder_without(book, own_ask))

    @property
    def floor(self) -> Floats:
        return self.ladder[1]


def _ladder_without(book: Floats, own_ask: Floats) -> dict[int, Floats]:
    """Price at each rank once the punk's own ask is taken out of the book."""
    ladder = {}
    for position, rank in enumerate(RANKS):
        here, following = book[:, 1 + 2 * position], book[:, 2 + 2 * position]
        ladder[rank] = np.where(own_ask <= here, following, here)
    return ladder


def _market(pairs: _Pairs) -> dict[str, Floats]:
    timeline, as_of, ladder, floor = pairs.timeline, pairs.as_of, pairs.ladder, pairs.floor
    sold = timeline.valid_sales.count_before(as_of)
    floor_sales = timeline.floor_sales.last_before(as_of)
    columns: dict[str, Floats] = {
        **{f"ladder_{rank}": np.log(ladder[rank] / floor) for rank in RANKS[1:]},
        "asks": np.log1p(pairs.asks - np.isfinite(pairs.own_ask)),
        "floor_sales_price": np.log(floor_sales[:, 0] / floor),
    }
    for days in (1, 7, 30):
        then = as_of - days * DAY
        past = _ladder_without(timeline.book.last_before(then), timeline.asks.last_before(pairs.punk_id, then)[:, 0])
        columns[f"floor_change_{days}d"] = np.log(floor / past[1])
        columns[f"sales_{days}d"] = np.log1p(sold - timeline.valid_sales.count_before(as_of - days * DAY))
    now = pairs.prices.known_at(as_of)
    for days in (7, 30):
        columns[f"eth_usd_change_{days}d"] = np.log(now / pairs.prices.known_at(as_of, days_before=days))
    return columns


def _traits(pairs: _Pairs) -> dict[str, Floats]:
    timeline, punk_id, as_of = pairs.timeline, pairs.punk_id, pairs.as_of
    traits = timeline.traits
    members = traits.members[punk_id]
    shape = members.shape
    flat, when = members.ravel(), np.repeat(as_of, shape[1])
    rows = timeline.trait_sales.row_before(flat, when)
    state = (
        timeline.trait_sales.rows[np.maximum(rows, 0)] if len(timeline.trait_sales.rows) else np.zeros((len(flat), 2))
    )
    state = np.where(rows[:, None] >= 0, state, 0.0)
    age_days = np.nan_to_num((when - timeline.trait_sales.time_of(rows)) / DAY)
    decay = 0.5 ** (age_days / TRAIT_HALF_LIFE_DAYS)
    weight = (state[:, 1] * decay).reshape(shape)
    total = (state[:, 0] * decay).reshape(shape)
    # Towards the mean over all sales, which the accessory counts partition.
    market = timeline.valid_sales.rows[:, 0]
    running = np.concatenate([[0.0], np.cumsum(market)])
    seen = timeline.valid_sales.count_before(as_of)
    prior = running[seen] / np.maximum(seen, 1)
    premium = (total + TRAIT_PRIOR_SALES * prior[:, None]) / (weight + TRAIT_PRIOR_SALES)
    premium = np.where(members >= 0, premium, np.nan)
    accessory = -np.sort(-np.where(np.isnan(premium[:, 3:]), -np.inf, premium[:, 3:]), axis=1)
    best = np.argmax(np.where(np.isnan(premium[:, 3:]), -np.inf, premium[:, 3:]), axis=1)

    two = timeline.trait_floors.last_before(flat, when).reshape(*shape, 2)
    own = pairs.own_ask[:, None]
    trait_floor = np.log(np.where(own <= two[:, :, 0], two[:, :, 1], two[:, :, 0]) / pairs.floor[:, None])
    accessory_floor = -np.sort(-np.where(np.isnan(trait_floor[:, 3:]), -np.inf, trait_floor[:, 3:]), axis=1)
    rarity = np.where(members[:, 3:] >= 0, traits.rarity[np.maximum(members[:, 3:], 0)], 0.0)
    return {
        "type": traits.type_code[punk_id].astype(np.float64),
        "skin": traits.skin_code[punk_id].astype(np.float64),
        "accessories": traits.accessory_count[punk_id].astype(np.float64),
        "rarity_sum": rarity.sum(axis=1),
        "rarity_max": rarity.max(axis=1),
        "type_premium": premium[:, 0],
        "skin_premium": premium[:, 1],
        "count_premium": premium[:, 2],
        "accessory_premium_1": accessory[:, 0],
        "accessory_premium_2": accessory[:, 1],
        "accessory_premium_3": accessory[:, 2],
        "accessory_premium_min": np.nanmin(np.where(np.isnan(premium[:, 3:]), np.inf, premium[:, 3:]), axis=1),
        "accessory_premium_sum": np.nansum(premium[:, 3:], axis=1),
        "accessory_best_weight": np.log1p(weight[np.arange(len(members)), 3 + best]),
        "type_floor": trait_floor[:, 0],
        "accessory_floor_1": accessory_floor[:, 0],
        "accessory_floor_2": accessory_floor[:, 1],
        "count_floor": trait_floor[:, 2],
    }


def _own(pairs: _Pairs) -> dict[str, Floats]:
    timeline, punk_id, as_of = pairs.timeline, pairs.punk_id, pairs.as_of
    rows = timeline.punk_sales.row_before(punk_id, as_of)
    history = timeline.punk_sales.last_before(punk_id, as_of)
    age = (as_of - timeline.punk_sales.time_of(rows)) / DAY
    changed = timeline.owner_changes.last_before(punk_id, as_of)[:, 0]
    return {
        "own_last_ratio": history[:, 0],
        "own_mean_ratio": history[:, 1] / history[:, 2],
        "own_weight": np.nan_to_num(history[:, 2] * 0.5 ** (age / 365.0)),
        "own_last_age": age,
        "own_last_carry": np.log(history[:, 4] / pairs.floor),
        "held": (as_of - changed) / DAY,
    }
