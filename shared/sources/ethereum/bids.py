"""Standing bids and owners, which the contract stores and its logs omit.

`acceptBidForPunk` logs neither price nor buyer; listings and delistings log no seller. Earlier logs have both. The
contract refunds a bid without a log if the bid is replaced, or if its bidder gets the punk another way.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from shared.market.event_types import ACCEPT_BID, BID, BID_WITHDRAWN, OWNER_CHANGES
from shared.market.offers import EVENT_COLUMNS, Offer, OfferBook

_RELEVANT: Final = (BID, BID_WITHDRAWN, *OWNER_CHANGES)
StandingBid = Offer[None]


class StandingBids:
    """Standing bid and owner of each punk after the last event; None if not known."""

    def __init__(self) -> None:
        self._book: OfferBook[None] = OfferBook()
        self._owners: dict[int, str] = {}

    @classmethod
    def from_events(cls, events: pl.DataFrame) -> StandingBids:
        """The bids after these events (`EVENT_SCHEMA`, in contract order)."""
        bids = cls()
        bids.advance(events)
        return bids

    def standing(self, punk_id: int) -> StandingBid | None:
        return self._book.bids.get(punk_id)

    def owner(self, punk_id: int) -> str | None:
        return self._owners.get(punk_id)

    def owners(self) -> dict[int, str]:
        """The known owners by punk."""
        return dict(self._owners)

    def place(self, punk_id: int, bidder: str, price_wei: str) -> None:
        """Set the punk's bid, as in the contract's storage."""
        self._book.apply(None, punk_id, BID, price_wei, bidder, None, None)

    def advance(self, events: pl.DataFrame) -> list[StandingBid | None]:
        """Apply events (`EVENT_SCHEMA`, in contract order). Returns the bid of each acceptance among them.

        Reads no prices of acceptances; buyers may be missing. A returned bid is None if it is not known, which includes
        a standing bid of somebody else than the buyer.
        """
        accepted: list[StandingBid | None] = []
        relevant = events.lazy().filter(pl.col("event_type").is_in(_RELEVANT)).select(EVENT_COLUMNS).collect()
        for punk_id, event_type, price_wei, sender, receiver, sale_kind in relevant.iter_rows():
            owner = receiver
            if sale_kind == ACCEPT_BID:
                bid = self._book.bids.get(punk_id)
                if bid is not None and receiver not in (None, bid.maker):
                    bid = None
                accepted.append(bid)
                owner = bid.maker if bid else receiver
            self._book.apply(None, punk_id, event_type, price_wei, sender, receiver, sale_kind)
            if event_type not in OWNER_CHANGES:
                continue
            if owner is None:
                self._owners.pop(punk_id, None)
            else:
                self._owners[punk_id] = owner
        return accepted

    def copy(self) -> StandingBids:
        copied = StandingBids()
        copied.become(self)
        return copied

    def become(self, other: StandingBids) -> None:
        """Take the bids and owners of `other`."""
        self._book, self._owners = OfferBook(other._book.standing()), dict(other._owners)
