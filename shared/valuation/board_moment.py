"""What is read of the board at one instant, before it moves on to the next."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shared.market.board import Board
from shared.market.hedonic_index import Premia
from shared.market.series import Floats, Ints
from shared.market.traits import Traits

SERIOUS_BID = 1.0
"""Bids further (log) below the index level are noise."""


class Moment(NamedTuple):
    """The book as of an instant and what concerns k punks in it. Premia are logarithms.

    The last axis is that of the asks, the bids or the punks: moments are joined along it.

    Attributes:
        sizes: shape (3, 1), how many asks, bids and punks there are.
        ask_eth, ask_age, seller, ask_premium: shape (asks,), ascending by price; `ask_age` in seconds.
        bid_eth, bid_premium: shape (bids,), serious ones, ascending by price.
        level, premium, owner, way, holds: shape (k,); `level` is the index's, `holds` how many punks the owner has.
        place: shape (k,), which of the asks is the punk's own, -1 where none is.
        own_bid_eth: shape (k,), NaN where there is no serious one.
        trait_floors: shape (2, traits, k), the first two asks with each of the punk's traits (`Traits.members`);
            the number of asks where there is none.
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
    def of(cls, board: Board, premia: Premia, traits: Traits, as_of: int, punks: Ints) -> Moment:
        """`board` has been moved to `as_of`, `premia` are as of then."""
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
    asked = np.zeros(len(traits.padded_holders), dtype=np.bool_)
    asked[members] = True
    wanted = np.flatnonzero(asked)
    each = np.arange(len(wanted))
    # A last place for "none": every trait is found there at the latest.
    held = np.ones((len(wanted), len(listed) + 1), dtype=np.bool_)
    held[:, :-1] = traits.padded_holders[wanted].take(listed, axis=1)
    first = held.argmax(axis=1)
    held[each, first] = first == len(listed)
    return np.array([first, held.argmax(axis=1)])[:, (np.cumsum(asked) - 1)[members]]
