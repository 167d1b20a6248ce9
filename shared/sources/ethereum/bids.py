"""What the contract's storage holds and its logs leave out: each punk's standing bid, and its owner.

`acceptBidForPunk` logs neither price nor buyer, offers and their ends no seller; both follow from the logs before.
The contract refunds a bid without a log when the bid is replaced, and when its bidder gets the punk another way.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from shared.market.event_types import ACCEPT_BID, BID, BID_WITHDRAWN, OWNER_CHANGES
from shared.market.offers import EVENT_COLUMNS, Offer, OfferBook

_TELLING: Final = (BID, BID_WITHDRAWN, *OWNER_CHANGES)
StandingBid = Offer[None]


class StandingBids:
    """Per punk the bid that stands after the last log seen, and the owner; what is not known is None."""

    def __init__(self) -> None:
        self._book: OfferBook[None] = OfferBook()
        self._owners: dict[int, str] = {}

    @classmethod
    def from_events(cls, events: pl.DataFrame) -> StandingBids:
        """What stands after these events (`EVENT_SCHEMA`, in contract order)."""
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
        """The punk's bid is this one, as the contract's storage says."""
        self._book.apply(None, punk_id, BID, price_wei, bidder, None, None)

    def advance(self, events: pl.DataFrame) -> list[StandingBid | None]:
        """Follow these events (`EVENT_SCHEMA`, in contract order); of each accepted bid among them, what stood then.

        The price of an accepted bid is not read, and its buyer may be missing. None stands for a bid that is not known,
        also where somebody else's than the buyer's seemed to stand.
        """
        accepted: list[StandingBid | None] = []
        telling = events.lazy().filter(pl.col("event_type").is_in(_TELLING)).select(EVENT_COLUMNS).collect()
        for punk_id, event_type, price_wei, sender, receiver, sale_kind in telling.iter_rows():
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
        """Hold what `other` holds."""
        self._book, self._owners = OfferBook(other._book.standing()), dict(other._owners)
