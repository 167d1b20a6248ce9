"""What other punks' asks, bids and owners say about a punk, at one instant at a time.

`BoardView` holds the book at one instant, sorted in every order that is needed; `columns` then answers for any number
of punks. A punk's own ask and bid are left out wherever they could matter, so that they may be anything.
"""

from __future__ import annotations

import numpy as np

from shared.market.board import NOBODY, Board
from shared.market.hedonic_index import Premia
from shared.market.series import Floats, Ints
from shared.market.traits import PUNKS, Traits
from shared.valuation.feature_table import ACCESSORY_FLOORS, IMPLIED, LADDER

DAY = 86_400.0
PEERS_A_SIDE = 12
BETTER = {"better_ask": 0.0, "nearly_better_ask": -0.05, "clearly_better_ask": 0.1}
LESSER = 0.02
"""A bid counts for every punk whose premium is at least that of its punk, less this."""
NEAR_BID = 0.2
SERIOUS_BID = 1.0
"""Bids further (log) below the index level are noise."""
WALLS = {"wall_5": 0.05, "wall_10": 0.10}
_LADDER, _IMPLIED, _WALLS = (np.array([*numbers])[:, None] for numbers in (LADDER, IMPLIED, WALLS.values()))
_FRESH_WALL = 1
"""Fresh asks are counted up to the second wall."""


class BoardView:
    """The book as of one instant. Prices are ln ETH from here on."""

    def __init__(self, board: Board, premia: Premia, traits: Traits, as_of: int) -> None:
        self._board, self._premia, self._traits, self._as_of = board, premia, traits, as_of
        listed = np.flatnonzero(np.isfinite(board.ask_eth))
        # Ordered by the price itself: two prices a wei apart may have the same logarithm.
        order = np.argsort(board.ask_eth[listed], kind="stable")
        self._listed = listed[order]
        self._ask_eth = board.ask_eth[self._listed]
        self._ask = np.log(self._ask_eth)
        """Punks with a public ask and its price, ascending by price."""
        self._since = board.ask_since[self._listed]
        self._premium = premia.of(self._listed)
        self._level = self._ask - self._premium
        """What each ask says about the market's level."""
        self._by_level = np.argsort(self._level, kind="stable")
        self._by_premium = np.argsort(self._premium, kind="stable")
        self._place = np.full(PUNKS, -1)
        self._place[self._listed] = np.arange(len(listed))

    def columns(self, punks: Ints) -> dict[str, Floats]:
        """The columns of k punks: all features from asks, bids and owners, `floor` (ln ETH) and `floor_eth` (the
        same, exactly as asked). Shape (k,) each."""
        place = self._place[punks]
        floor_place = np.where(place == 0, 1, 0)
        floor = self._pick(self._ask, floor_place)
        premium = self._premia.of(punks)
        return {
            "floor": floor,
            "floor_eth": self._pick(self._ask_eth, floor_place),
            "premium": premium,
            "level": self._premia.level - floor,
            **self._wall(place, floor, floor_place),
            **self._implied(place, floor, premium),
            **self._better(place, floor, premium),
            **self._peers(place, floor, premium),
            **self._trait_floors(punks, floor),
            **self._bids(punks, floor, premium),
            **self._owners(punks, floor),
        }

    @staticmethod
    def _pick(values: Floats, places: Ints) -> Floats:
        """Values at places, NaN beyond the end. Shape of `places`."""
        picked: Floats = np.append(values, np.nan).take(np.minimum(places, len(values)))
        return picked

    def _wall(self, place: Ints, floor: Floats, floor_place: Ints) -> dict[str, Floats]:
        own = place >= 0
        # The k-th ask of the others is the next one whenever the own one stands before it.
        ladder = self._pick(self._ask, _LADDER - 1 + (own & (place < _LADDER))) - floor
        below = np.searchsorted(self._ask, floor + _WALLS, side="left")
        wall = np.log1p(below - (own & (place < below)))
        fresh = self._as_of - self._since < DAY
        counted = np.append(0, np.cumsum(fresh))[below[_FRESH_WALL]]
        own_counted = own & (place < below[_FRESH_WALL])
        if own_counted.any():
            counted = counted - (own_counted & fresh[np.maximum(place, 0)])
        return {
            "asks": np.log(np.maximum(len(self._ask) - own, 1)),
            **{f"ladder_{rank}": ladder[row] for row, rank in enumerate(LADDER)},
            **{name: wall[row] for row, name in enumerate(WALLS)},
            "fresh_asks": np.log1p(counted),
            "floor_age": np.log1p((self._as_of - self._pick(self._since, floor_place)) / 3_600.0),
        }

    def _implied(self, place: Ints, floor: Floats, premium: Floats) -> dict[str, Floats]:
        """What the asks say that this punk would be worth, from the lowest opinion up."""
        before = (place >= 0) & (_rank(self._by_level, place) < _IMPLIED)
        implied = self._pick(self._level[self._by_level], _IMPLIED - 1 + before) + premium - floor
        return {f"implied_{rank}": implied[row] for row, rank in enumerate(IMPLIED)}

    def _better(self, place: Ints, floor: Floats, premium: Floats) -> dict[str, Floats]:
        """Lowest ask among punks with at least so much premium: a buyer would rather take that one."""
        order = self._by_premium
        sorted_premium = self._premium[order]
        # Lowest place in the book among this and all dearer kinds; places ascend with price.
        lowest = np.append(np.minimum.accumulate(order[::-1])[::-1], len(order))
        columns = {}
        for name, shift in BETTER.items():
            start = np.searchsorted(sorted_premium, premium + shift, side="left")
            best = lowest[start]
            for row in np.flatnonzero((best == place) & (place >= 0)):
                others = order[start[row] :]
                best[row] = np.min(others[others != place[row]], initial=len(order))
            columns[name] = self._pick(self._ask, best) - floor
        return columns

    def _peers(self, place: Ints, floor: Floats, premium: Floats) -> dict[str, Floats]:
        """Asks of the punks nearest in premium, brought to this punk's premium."""
        order = self._by_premium
        sorted_premium = self._premium[order]
        others = len(order) - (place >= 0)
        own = np.where(place >= 0, _rank(order, place), len(order))
        centre = np.searchsorted(sorted_premium, premium, side="left")
        # Places in the order without the own ask, then in the order with it.
        window = centre[:, None] + np.arange(-PEERS_A_SIDE, PEERS_A_SIDE)
        inside = (window >= 0) & (window < others[:, None])
        window = np.where(inside, window + (window >= own[:, None]), 0)
        if len(order) == 0:
            nothing = np.full(len(place), np.nan)
            return dict.fromkeys(("peer_ask_1", "peer_ask_3", "peer_ask_6", "peer_spread"), nothing)
        levels = np.sort(np.where(inside, self._level[order[window]], np.inf), axis=1)
        reach = sorted_premium[window]
        spread = np.where(inside, reach, -np.inf).max(axis=1) - np.where(inside, reach, np.inf).min(axis=1)
        return {
            **{f"peer_ask_{rank}": levels[:, rank - 1] + premium - floor for rank in (1, 3, 6)},
            "peer_spread": spread,
        }

    def _trait_floors(self, punks: Ints, floor: Floats) -> dict[str, Floats]:
        members = self._traits.members[punks]
        wanted = np.unique(members[members >= 0])
        end = len(self._listed)
        lowest = np.full((len(wanted), 2), end)
        for row, trait in enumerate(wanted):
            found = self._traits.holders[trait].take(self._listed).nonzero()[0][:2]
            lowest[row, : len(found)] = found
        first, second = np.moveaxis(lowest[np.searchsorted(wanted, np.maximum(members, 0)) % len(wanted)], -1, 0)
        places = np.where(first == self._place[punks][:, None], second, first)
        prices = self._pick(self._ask, places.ravel()).reshape(places.shape) - floor[:, None]
        prices = np.where(members >= 0, prices, np.nan)
        accessories = -np.sort(-np.where(np.isnan(prices[:, 3:]), -np.inf, prices[:, 3:]), axis=1)
        return {
            "type_floor": prices[:, 0],
            "skin_floor": prices[:, 1],
            "count_floor": prices[:, 2],
            **{f"accessory_floor_{rank + 1}": accessories[:, rank] for rank in range(ACCESSORY_FLOORS)},
        }

    def _bids(self, punks: Ints, floor: Floats, premium: Floats) -> dict[str, Floats]:
        """Bids are escrowed: who bids so much for a lesser punk can pay it for this one."""
        with np.errstate(invalid="ignore"):
            bidden = np.flatnonzero(self._board.bid_eth > np.exp(self._premia.level - SERIOUS_BID))
        bid, bid_premium = np.log(self._board.bid_eth[bidden]), self._premia.of(bidden)
        order = np.argsort(bid_premium, kind="stable")
        bidden, bid, bid_premium = bidden[order], bid[order], bid_premium[order]
        if len(bidden) == 0:
            nothing = np.full(len(punks), np.nan)
            return {"lesser_bid": nothing, "implied_bid": nothing, "bids": np.zeros(len(punks))}
        place = np.full(PUNKS, -1)
        place[bidden] = np.arange(len(bidden))
        own = place[punks]
        end = np.searchsorted(bid_premium, premium + LESSER, side="right")
        highest = np.append(-np.inf, np.maximum.accumulate(bid))
        lesser = highest[end]
        own_bid = np.where(own >= 0, bid[np.maximum(own, 0)], np.nan)
        for row in np.flatnonzero((own_bid == lesser) & (own < end)):
            lesser[row] = np.max(np.delete(bid[: end[row]], own[row]), initial=-np.inf)
        level = bid - bid_premium
        top = np.argsort(-level, kind="stable")[:2]
        implied = np.where(own == top[0], level[top[1]] if len(top) > 1 else np.nan, level[top[0]])
        ascending = np.sort(bid)
        near = len(bid) - np.searchsorted(ascending, floor - NEAR_BID, side="right")
        return {
            "lesser_bid": np.where(np.isfinite(lesser), lesser, np.nan) - floor,
            "implied_bid": implied - floor,
            "bids": np.log1p(near - (own_bid > floor - NEAR_BID)),
        }

    def _owners(self, punks: Ints, floor: Floats) -> dict[str, Floats]:
        owner = self._board.owner[punks]
        known = owner != NOBODY
        if len(punks) == 1:
            holds = np.array([np.count_nonzero(self._board.owner == owner[0])])
        else:
            holds = np.bincount(self._board.owner + 1)[owner + 1]
        by_level = self._by_level
        selling = self._board.owner[self._listed[by_level]]
        place = self._place[punks]
        count, first, second = _first_two(selling, owner)
        own_first = (
            (place >= 0) & (by_level[np.minimum(first, len(by_level) - 1)] == place) if len(by_level) else place >= 0
        )
        lowest = np.where(own_first, second, first)
        return {
            "owner": owner.astype(np.float64),
            "owner_way": self._board.way[punks].astype(np.float64),
            "owner_holds": np.where(known, np.log1p(holds), np.nan),
            "owner_asks": np.where(known, np.log1p(count - (place >= 0)), np.nan),
            "owner_ask": np.where(known, self._pick(self._level[by_level], lowest) - floor, np.nan),
        }


def _rank(order: Ints, place: Ints) -> Ints:
    """At which position of `order` each place stands; places below zero get any."""
    if len(place) == 1:
        return np.array([np.flatnonzero(order == place[0])[0] if place[0] >= 0 else 0])
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[place]


def _first_two(sequence: Ints, wanted: Ints) -> tuple[Ints, Ints, Ints]:
    """How often each wanted value occurs in the sequence, and its first two places (the sequence's length: none)."""
    end = len(sequence)
    if len(wanted) == 1:
        found = np.flatnonzero(sequence == wanted[0])
        padded = np.append(found[:2], [end, end])
        return np.array([len(found)]), padded[:1], padded[1:2]
    order = np.argsort(sequence, kind="stable")
    ordered = sequence[order]
    start = np.searchsorted(ordered, wanted, side="left")
    count = np.searchsorted(ordered, wanted, side="right") - start
    padded = np.append(order, [end, end])
    first = np.where(count > 0, padded[start], end)
    second = np.where(count > 1, padded[np.minimum(start + 1, end)], end)
    return count, first, second
