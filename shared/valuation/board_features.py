"""Features of a punk from other punks' asks, bids and owners, at many instants at once.

A `Moment` is the book at one instant and the punks to describe. `columns` joins the books of many moments end to end,
so that thousands of moments of one punk need no more numpy calls than one moment of thousands of punks. A punk's own
ask and bid never enter its features.
"""

from collections.abc import Sequence

import numpy as np

from shared.market.book_arrays import NOBODY
from shared.market.series import Floats, Ints
from shared.units import DAY_S
from shared.valuation.board_moment import Moment
from shared.valuation.feature_table import ACCESSORY_FLOORS, IMPLIED, LADDER
from shared.valuation.ragged import Ragged

PEERS_A_SIDE = 12
BETTER = {"better_ask": 0.0, "nearly_better_ask": -0.05, "clearly_better_ask": 0.1}
LESSER = 0.02
"""A bid counts for every punk whose premium is at least the bid punk's premium less this."""
NEAR_BID = 0.2
WALLS = {"wall_5": 0.05, "wall_10": 0.10}
_LADDER, _IMPLIED, _BETTER, _WALLS = (
    np.array([*numbers])[:, None] for numbers in (LADDER, IMPLIED, BETTER.values(), WALLS.values())
)
_SAME_PREMIUM, _FRESH_WALL = 0, 1
"""Peers surround the index of the first of `BETTER`; fresh asks are counted up to the second wall."""


def columns(moments: Sequence[Moment]) -> dict[str, Floats]:
    """All features from asks, bids and owners, `floor` (ln ETH) and `floor_eth` (the exact ask).

    Shape (pairs,) each: the punks of the first moment, then those of the second, and so on.
    """
    book = _Book(moments)
    return {
        "floor": book.floor,
        "floor_eth": book.asks.pick(book.all.ask_eth, book.floor_place),
        "premium": book.premium,
        "level": book.all.level - book.floor,
        **_wall(book),
        **_implied(book),
        **_premium_order(book),
        **_trait_floors(book),
        **_bids(book),
        **_owners(book),
    }


class _Book:
    """The asks of all moments end to end, each moment's ascending by price, and the n pairs. Prices are ln ETH.

    Attributes:
        all: the moments, joined.
        row: shape (n,), the moment of each pair.
        asks: the asks of each pair's moment; a place is an index into all asks.
        ask: shape (asks,). ask_level: the market level that each ask implies.
        own, place: shape (n,), whether the punk has an ask, and the place of that ask (else -1).
        floor_place, floor: the lowest ask of another punk.
    """

    def __init__(self, moments: Sequence[Moment]) -> None:
        self.all = Moment(*(np.concatenate(parts, axis=-1) for parts in zip(*moments, strict=True)))
        asks, _, punks = self.all.sizes
        self.row = np.repeat(np.arange(len(moments)), punks)
        self.asks = Ragged(asks, self.row)
        self.ask = np.log(self.all.ask_eth)
        self.ask_level = self.ask - self.all.ask_premium
        self.premium = self.all.premium
        self.own = self.all.place >= 0
        self.place = np.where(self.own, self.asks.start + self.all.place, -1)
        self.floor_place = self.asks.start + (self.all.place == 0)
        self.floor = self.asks.pick(self.ask, self.floor_place)


def _wall(book: _Book) -> dict[str, Floats]:
    own, place, start = book.own, book.place, book.asks.start
    # An own ask among the first k moves the k-th ask of the others up by one.
    ladder = book.asks.pick(book.ask, start + _LADDER - 1 + (own & (place < start + _LADDER))) - book.floor
    below = book.asks.search(book.ask, book.floor + _WALLS)
    own_below = own & (place < below)
    wall = np.log1p(below - start - own_below)
    fresh = np.append(book.all.ask_age < DAY_S, False)  # the last entry is for place -1: no own ask
    running = np.append(0, np.cumsum(fresh))
    counted = running[below[_FRESH_WALL]] - running[start] - (own_below[_FRESH_WALL] & fresh[place])
    return {
        "asks": np.log(np.maximum(book.asks.end - start - own, 1)),
        **{f"ladder_{rank}": ladder[row] for row, rank in enumerate(LADDER)},
        **{name: wall[row] for row, name in enumerate(WALLS)},
        "fresh_asks": np.log1p(counted),
        "floor_age": np.log1p(book.asks.pick(book.all.ask_age, book.floor_place) / 3_600.0),
    }


def _implied(book: _Book) -> dict[str, Floats]:
    """The values of this punk that the asks imply, ascending."""
    levels = book.asks.each(np.sort, book.ask_level)
    ranked = book.asks.start + _IMPLIED - 1
    level = book.asks.pick(levels, ranked)
    # The own ask does not count: where it is among them, the next one takes its rank.
    level = np.where(book.asks.pick(book.ask_level, book.place) <= level, book.asks.pick(levels, ranked + 1), level)
    implied = level + book.premium - book.floor
    return {f"implied_{rank}": implied[row] for row, rank in enumerate(IMPLIED)}


def _premium_order(book: _Book) -> dict[str, Floats]:
    """Features from the asks in the order of their punks' premia; among equals, the cheaper ask first."""
    order = book.asks.argsort(book.all.ask_premium)
    premium = book.all.ask_premium[order]
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = len(order)  # for place -1: no own ask
    starts = book.asks.search(premium, book.premium + _BETTER)
    return {
        **_better(book, order, rank, starts),
        **_peers(book, book.ask_level[order], premium, rank[book.place], starts[_SAME_PREMIUM]),
    }


def _better(book: _Book, order: Ints, rank: Ints, starts: Ints) -> dict[str, Floats]:
    """Lowest ask among punks with at least this premium, which a buyer would prefer."""
    # Lowest place among this ask and all with a higher premium. Places ascend with price and from moment to moment, so
    # an ask of a later moment is never the lowest.
    lowest = np.append(np.minimum.accumulate(order[::-1])[::-1], len(order))
    best = lowest[starts]
    kind, pair = np.nonzero(book.own & (best == book.place))
    if len(pair):
        # Without the own ask: the lowest between the start and the own ask, or after it.
        first, own = starts[kind, pair], rank[book.place[pair]]
        between = np.minimum.reduceat(order, np.column_stack([first, own]).ravel())[::2]
        best[kind, pair] = np.minimum(np.where(first < own, between, len(order)), lowest[own + 1])
    better = book.asks.pick(book.ask, best) - book.floor
    return {name: better[row] for row, name in enumerate(BETTER)}


def _peers(book: _Book, level: Floats, premium: Floats, own: Ints, centre: Ints) -> dict[str, Floats]:
    """Asks of the punks nearest in premium, adjusted to this punk's premium.

    `level` and `premium` of the asks are in the order of premia; `own` and `centre` are ranks in that order.
    """
    start, end = book.asks.start[:, None], book.asks.end[:, None]
    # Ranks without the own ask, then with it.
    window = centre[:, None] + np.arange(-PEERS_A_SIDE, PEERS_A_SIDE)
    inside = (window >= start) & (window < end - book.own[:, None])
    window = np.where(inside, window + (window >= own[:, None]), len(level))
    levels = np.sort(np.append(level, np.inf)[window], axis=1)
    spread = np.append(premium, -np.inf)[window].max(axis=1) - np.append(premium, np.inf)[window].min(axis=1)
    return {
        **{f"peer_ask_{rank}": levels[:, rank - 1] + book.premium - book.floor for rank in (1, 3, 6)},
        "peer_spread": spread,
    }


def _trait_floors(book: _Book) -> dict[str, Floats]:
    first, second = book.asks.start + book.all.trait_floors
    prices = (book.asks.pick(book.ask, np.where(first == book.place, second, first)) - book.floor).T
    accessories = -np.sort(-prices[:, 3:], axis=1)
    return {
        "type_floor": prices[:, 0],
        "skin_floor": prices[:, 1],
        "count_floor": prices[:, 2],
        **{f"accessory_floor_{rank + 1}": accessories[:, rank] for rank in range(ACCESSORY_FLOORS)},
    }


def _bids(book: _Book) -> dict[str, Floats]:
    """Bids are escrowed: a bidder for a lesser punk can pay the same for this punk."""
    bids = Ragged(book.all.sizes[1], book.row)
    bid, premium = np.log(book.all.bid_eth), book.all.bid_premium
    order = bids.argsort(premium)
    end = bids.search(premium[order], book.premium + LESSER, right=True)
    lesser = bids.pick(bids.each(np.maximum.accumulate, bid[order]), end - 1)
    levels = bids.each(np.sort, bid - premium)
    implied = bids.pick(levels, bids.end - 1)
    own = np.log(book.all.own_bid_eth)
    for pair in np.flatnonzero(own == lesser):
        others = np.sort(bid[order[bids.start[pair] : end[pair]]])[:-1]
        lesser[pair] = others[-1] if len(others) else np.nan
    implied = np.where(own - book.premium == implied, bids.pick(levels, bids.end - 2), implied)
    near = bids.end - bids.search(bid, book.floor - NEAR_BID, right=True)
    return {
        "lesser_bid": lesser - book.floor,
        "implied_bid": implied - book.floor,
        "bids": np.log1p(near - (own > book.floor - NEAR_BID)),
    }


def _owners(book: _Book) -> dict[str, Floats]:
    owner, seller = book.all.owner, book.all.seller
    owned = owner != NOBODY
    # One number for each owner at each moment.
    owners = int(max(owner.max(initial=NOBODY), seller.max(initial=NOBODY))) + 2
    holder, offered = book.row * owners + owner + 1, book.asks.row_of * owners + seller + 1
    theirs = np.flatnonzero(np.isin(offered, holder, kind="table"))
    order = theirs[np.lexsort((book.ask_level[theirs], offered[theirs]))]
    first, end = (np.searchsorted(offered[order], holder, side=side) for side in ("left", "right"))
    count, levels = end - first, np.append(book.ask_level[order], [np.nan, np.nan])
    lowest = np.where(count > 0, levels[first], np.nan)
    second = np.where(count > 1, levels[first + 1], np.nan)
    lowest = np.where(book.asks.pick(book.ask_level, book.place) == lowest, second, lowest)
    return {
        "owner": owner.astype(np.float64),
        "owner_way": book.all.way.astype(np.float64),
        "owner_holds": np.where(owned, np.log1p(book.all.holds), np.nan),
        "owner_asks": np.where(owned, np.log1p(count - book.own), np.nan),
        "owner_ask": np.where(owned, lowest - book.floor, np.nan),
    }
