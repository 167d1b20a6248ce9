"""Point-in-time features of (punk, as_of) pairs: one vectorised function for training, evaluation and nowcast.

A feature reads only events known strictly before `as_of`, and no ask or bid on the punk itself. Own asks and bids are
left out of the floor, the ladder, the bounds and every floor at past sales. `feature_table` declares the features.
"""

from dataclasses import dataclass
from itertools import islice

import numpy as np
import polars as pl

from shared.market.book_arrays import BookArrays
from shared.market.hedonic_index import Premia
from shared.market.prices import DailyPrices
from shared.market.series import Floats, Ints
from shared.market.series_rows import (
    OWNER_HALF_LIFE_S,
    PUNK_HALF_LIFE_S,
    LowestAsks,
    OwnerChange,
    OwnerRecord,
    PunkSale,
)
from shared.market.timeline import MarketTimeline
from shared.units import DAY_S
from shared.valuation import board_features
from shared.valuation import feature_table as table
from shared.valuation.board_moment import Moment
from shared.valuation.feature_table import FEATURE_NAMES

MOMENTS_AT_ONCE = 64
"""Enough moments to share the cost of numpy calls; few enough for a processor's cache."""
PRIOR_SALES = 1.0
"""Shrinkage of a punk's or owner's effect to zero: the weight of this many sales without an effect."""


def compute(timeline: MarketTimeline, prices: DailyPrices, punk_id: Ints, as_of: Ints) -> pl.DataFrame:
    """`floor_eth` and the features of the pairs (punk_id[i], as_of[i]); `as_of` in UTC seconds, rounded up.

    `floor_eth` is the public floor without the punk, NaN where the book was empty; features are Float32, NaN where
    unknown.
    """
    punk_id, as_of = np.asarray(punk_id, dtype=np.int64), np.asarray(as_of, dtype=np.int64)
    if len(punk_id) == 0:
        return pl.DataFrame(schema={"floor_eth": pl.Float64, **dict.fromkeys(FEATURE_NAMES, pl.Float32)})
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = _board_columns(timeline, punk_id, as_of)
        pairs = _Pairs(timeline, prices, punk_id, as_of, columns["floor"], columns["owner"].astype(np.int64))
        columns |= {**_market(pairs), **_traits(pairs), **_own_history(pairs), **_owner(pairs)}
    flags = timeline.traits.flags(punk_id, table.FLAGS.values())
    numbers = {name: columns[name].astype(np.float32) for name in FEATURE_NAMES if name not in table.FLAGS}
    features = {name: np.where(np.isfinite(column), column, np.float32(np.nan)) for name, column in numbers.items()}
    return pl.DataFrame({"floor_eth": columns["floor_eth"], **features, **dict(zip(table.FLAGS, flags.T, strict=True))})


def _board_columns(timeline: MarketTimeline, punk_id: Ints, as_of: Ints) -> dict[str, Floats]:
    """The columns of `board_features`: the board moves through the instants, and moments are computed in batches."""
    board, traits, states = BookArrays(timeline), timeline.traits, timeline.index.states
    counts, order = states.count_before(as_of), np.argsort(as_of, kind="stable")

    def moment(rows: Ints) -> Moment:
        instant, learnt = int(as_of[rows[0]]), int(counts[rows[0]])
        board.advance(instant)
        state = states.rows[learnt - 1] if learnt else np.zeros(1 + len(traits.names), dtype=np.float32)
        return Moment.of(board, Premia(traits, state), traits, instant, punk_id[rows])

    moments = map(moment, np.split(order, np.flatnonzero(np.diff(as_of[order])) + 1))
    parts = [board_features.columns(some) for some in iter(lambda: [*islice(moments, MOMENTS_AT_ONCE)], [])]
    rank = np.argsort(order)
    return {name: np.concatenate([part[name] for part in parts])[rank] for name in parts[0]}


@dataclass(frozen=True)
class _Pairs:
    """The pairs; `floor` in ln ETH, `owner` as the board numbers it. Arrays have shape (n,)."""

    timeline: MarketTimeline
    prices: DailyPrices
    punk_id: Ints
    as_of: Ints
    floor: Floats
    owner: Ints


def _market(pairs: _Pairs) -> dict[str, Floats]:
    timeline, as_of = pairs.timeline, pairs.as_of
    sales = timeline.valid_sales
    floor, level, seen = _floor_before(pairs, as_of), _level_before(timeline, as_of), sales.count_before(as_of)
    errors, accepted = np.vstack([np.zeros(2), sales.rows]).T
    eth_usd = pairs.prices.known_at(as_of)
    return {
        **{
            f"floor_change_{name}": np.log(floor / _floor_before(pairs, as_of - seconds))
            for name, seconds in table.FLOOR_CHANGES_S.items()
        },
        **{
            f"level_change_{days}d": level - _level_before(timeline, as_of - days * DAY_S)
            for days in table.LEVEL_CHANGES_DAYS
        },
        **{f"sales_{days}d": np.log1p(seen - sales.count_before(as_of - days * DAY_S)) for days in table.SALES_DAYS},
        **{f"surprise_{count}": _mean_of_last(errors, seen, count) for count in table.SURPRISE_SALES},
        **{f"accepted_{count}": _mean_of_last(accepted, seen, count) for count in table.ACCEPTED_SALES},
        **{
            f"eth_usd_change_{days}d": np.log(eth_usd / pairs.prices.known_at(as_of, days_before=days))
            for days in table.ETH_USD_DAYS
        },
        **_floor_sales(pairs),
    }


def _floor_before(pairs: _Pairs, instants: Ints) -> Floats:
    """Lowest ask (ETH) of another punk."""
    lows = LowestAsks(*pairs.timeline.lows.last_before(instants).T)
    return np.where(lows.punk == pairs.punk_id, lows.second, lows.lowest)


def _level_before(timeline: MarketTimeline, instants: Ints) -> Floats:
    """The index's level just before each instant."""
    return timeline.index.states.last_before(instants, slice(1))[:, 0]


def _mean_of_last(running: Floats, seen: Ints, count: int) -> Floats:
    """Mean over the last `count` of the first `seen` sales, from running sums that begin with zero."""
    start = np.maximum(seen - count, 0)
    return (running[seen] - running[start]) / np.maximum(seen - start, 1)


def _floor_sales(pairs: _Pairs) -> dict[str, Floats]:
    series = pairs.timeline.floor_sales
    seen = series.count_before(pairs.as_of)
    last = max(table.MEDIAN_SALES, table.RATIO_SALES, *table.FLOOR_SALES)
    price, ratio, without, floor_punk = series.take(seen[:, None] - 1 - np.arange(last)).transpose(2, 0, 1)
    ratio = np.where(floor_punk == pairs.punk_id[:, None], without, ratio)
    times = np.append(series.times, 0)[seen - 1]
    return {
        **{f"floor_sale_{place}": price[:, place - 1] - pairs.floor for place in table.FLOOR_SALES},
        "floor_sales_median": _median(price[:, : table.MEDIAN_SALES]) - pairs.floor,
        "floor_sales_ratio": _median(ratio[:, : table.RATIO_SALES]),
        "floor_sale_age": np.where(seen > 0, np.log1p((pairs.as_of - times) / 3_600.0), np.nan),
    }


def _median(values: Floats) -> Floats:
    """Median of each row without its NaNs; NaN for an empty row."""
    ordered = np.sort(values, axis=1)  # NaNs last
    count, row = np.isfinite(values).sum(axis=1), np.arange(len(values))
    median: Floats = (ordered[row, (count - 1) // 2] + ordered[row, count // 2]) / 2.0
    return median


def _traits(pairs: _Pairs) -> dict[str, Floats]:
    timeline, punk_id = pairs.timeline, pairs.punk_id
    traits, members = timeline.traits, timeline.traits.members[punk_id]
    learnt = timeline.index.states.count_before(pairs.as_of) - 1
    row, column = np.maximum(learnt, 0)[:, None], np.maximum(members, 0) + 1
    # Before the first sale, one row of NaNs stands for the index.
    states, variances = (
        series.rows if len(series.rows) else np.full((1, series.rows.shape[1]), np.nan)
        for series in (timeline.index.states, timeline.index.variances)
    )
    premium = np.where((members >= 0) & (learnt >= 0)[:, None], states[row, column], np.nan)
    doubt = np.where(members >= 0, variances[row, column], 0.0).sum(axis=1) + variances[row[:, 0], 0]
    # Type, skin and count relative to those of common punks; an accessory's premium is absolute.
    for place in range(3):
        own_kind = np.unique(traits.members[:, place])
        kind = own_kind[own_kind >= 0]
        premium[:, place] -= states[row, kind + 1] @ traits.common[kind]
    accessories = premium[:, 3:]
    descending = -np.sort(-accessories, axis=1)
    rarity = np.where(members[:, 3:] >= 0, traits.rarity[np.maximum(members[:, 3:], 0)], 0.0)
    return {
        "type": traits.type_code[punk_id].astype(np.float64),
        "skin": traits.skin_code[punk_id].astype(np.float64),
        "accessories": traits.accessory_count[punk_id].astype(np.float64),
        "rarity_sum": rarity.sum(axis=1),
        "rarity_max": rarity.max(axis=1),
        "premium_doubt": np.where(learnt >= 0, doubt, np.nan),
        "type_premium": premium[:, 0],
        "skin_premium": premium[:, 1],
        "count_premium": premium[:, 2],
        **{f"accessory_premium_{place + 1}": descending[:, place] for place in range(table.ACCESSORY_PREMIA)},
        "accessory_premium_min": np.fmin.reduce(accessories, axis=1),
        "accessory_premium_sum": np.nansum(accessories, axis=1),
    }


def _own_history(pairs: _Pairs) -> dict[str, Floats]:
    timeline, as_of = pairs.timeline, pairs.as_of
    series = timeline.punk_sales
    rows = series.row_before(pairs.punk_id, as_of)
    sale = PunkSale(*series.take(rows).T)
    since = as_of - series.time_of(rows)
    decay = 0.5 ** (since / PUNK_HALF_LIFE_S)
    level = _level_before(timeline, as_of) - pairs.floor
    changed = timeline.owner_changes.last_before(pairs.punk_id, as_of)[:, OwnerChange._fields.index("time")]
    return {
        "own_carry": sale.log_price - sale.level + level,
        "own_mean_carry": sale.ratios / sale.weight + level,
        "own_effect": np.nan_to_num(sale.errors * decay / (sale.weight * decay + PRIOR_SALES)),
        "own_weight": np.nan_to_num(sale.weight * decay),
        "own_sales": np.nan_to_num(sale.number),
        "own_age": since / DAY_S,
        "held": (as_of - changed) / DAY_S,
    }


def _owner(pairs: _Pairs) -> dict[str, Floats]:
    """Shrunk mean forecast error of the owner's sales and purchases, and ln(1 + their number)."""
    columns: dict[str, Floats] = {}
    for series, mean, number in (
        (pairs.timeline.sold_by, "owner_sold", "owner_sales"),
        (pairs.timeline.bought_by, "owner_bought", "owner_purchases"),
    ):
        rows = series.row_before(pairs.owner, pairs.as_of)
        record = OwnerRecord(*series.take(rows).T)
        decay = 0.5 ** ((pairs.as_of - series.time_of(rows)) / OWNER_HALF_LIFE_S)
        columns[mean] = np.nan_to_num(record.errors * decay / (record.weight * decay + PRIOR_SALES))
        columns[number] = np.log1p(np.nan_to_num(record.number))
    return columns
