"""A snapshot of the board at one instant, taken before the board moves to the next instant."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shared.market.book_arrays import BookArrays
from shared.market.hedonic_index import Premia
from shared.market.series import Floats, Ints
from shared.market.traits import Traits

SERIOUS_BID = 1.0
"""Bids further below the index level (log) are noise."""


class Moment(NamedTuple):
    """The book as of an instant, and its relation to k punks. Premia are logarithms.

    The last axis counts asks, bids or punks; moments are joined along it.

    Attributes:
        sizes: shape (3, 1), number of asks, bids and punks.
        ask_eth, ask_age, seller, ask_premium: shape (asks,), ascending by price; `ask_age` in seconds.
        bid_eth, bid_premium: shape (bids,), serious bids, ascending by price.
        level, premium, owner, way, holds: shape (k,); `level`: the index level; `holds`: the owner's punks.
        place: shape (k,), index of the punk's own ask, -1 without one.
        own_bid_eth: shape (k,), NaN without a serious bid.
        trait_floors: shape (2, traits, k), the first two asks with each of the punk's traits (`Traits.members`);
            the number of asks without such an ask.
    """

    sizes: Ints
    ask_eth: Floats
    ask_age: Floats
    seller: Ints
    ask_premium: Floats
    bid_eth: Floats
    bid_premium: Floats
    level: Floats
    premium: Floats
    owner: Ints
    way: Ints
    holds: Ints
    place: Ints
    own_bid_eth: Floats
    trait_floors: Ints

    @classmethod
    def of(cls, board: BookArrays, premia: Premia, traits: Traits, as_of: int, punks: Ints) -> Moment:
        """`board` has moved to `as_of`; `premia` are as of `as_of`."""
        listed, asks, bids = board.asks.punks, len(board.asks.punks), board.bids
        least = np.exp(premia.level - SERIOUS_BID)
        serious = int(np.searchsorted(bids.prices, least, side="right"))
        bidden = bids.punks[serious:]
        premium = premia.of(np.concatenate([listed, bidden, punks]))
        owner, own_bid = board.owner[punks], board.bid_eth[punks]
        return cls(
            sizes=np.array([[asks], [len(bidden)], [len(punks)]]),
            ask_eth=board.asks.prices,
            ask_age=as_of - board.ask_since.take(listed),
            seller=board.owner.take(listed),
            ask_premium=premium[:asks],
            bid_eth=bids.prices[serious:],
            bid_premium=premium[asks : asks + len(bidden)],
            level=np.full(len(punks), premia.level),
            premium=premium[asks + len(bidden) :],
            owner=owner,
            way=board.way[punks],
            holds=board.held[owner],
            place=board.asks.place(punks, board.ask_eth[punks]),
            own_bid_eth=np.where(own_bid > least, own_bid, np.nan),
            trait_floors=_trait_floors(traits, listed, punks),
        )


def _trait_floors(traits: Traits, listed: Ints, punks: Ints) -> Ints:
    members = traits.padded[punks].T
    present = np.zeros(len(traits.padded_holders), dtype=np.bool_)
    present[members] = True
    trait = np.flatnonzero(present)
    each = np.arange(len(trait))
    # The last entry stands for "none": every trait occurs there.
    held = np.ones((len(trait), len(listed) + 1), dtype=np.bool_)
    held[:, :-1] = traits.padded_holders[trait].take(listed, axis=1)
    first = held.argmax(axis=1)
    held[each, first] = first == len(listed)
    return np.array([first, held.argmax(axis=1)])[:, (np.cumsum(present) - 1)[members]]
