"""What the contract's storage holds and its logs leave out: each punk's standing bid, and its owner.

`acceptBidForPunk` logs neither price nor buyer, offers and their ends no seller; both follow from the logs before.
The rules are those of the verified source of CryptoPunksMarket:

- `enterBidForPunk` replaces the standing bid, which is refunded without a log;
- `withdrawBidForPunk` and `acceptBidForPunk` clear it;
- `buyPunk` and `transferPunk` (also wraps and unwraps) clear it if it is the new owner's own; others stay.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import polars as pl

from shared.market.event_types import ACCEPT_BID, BID, BID_WITHDRAWN, OWNER_CHANGES

_TELLING: Final = (BID, BID_WITHDRAWN, *OWNER_CHANGES)


class StandingBid(NamedTuple):
    """A bid that can be accepted; `price_wei` is exact decimal text."""

    bidder: str
    price_wei: str


class StandingBids:
    """Per punk the bid that stands after the last log seen, and the owner; what is not known is None."""

    def __init__(self) -> None:
        self._bids: dict[int, StandingBid] = {}
        self._owners: dict[int, str] = {}

    @classmethod
    def from_events(cls, events: pl.DataFrame) -> StandingBids:
        """What stands after these events (`EVENT_SCHEMA`, in contract order)."""
        bids = cls()
        bids.advance(events)
        return bids

    def standing(self, punk_id: int) -> StandingBid | None:
        return self._bids.get(punk_id)

    def owner(self, punk_id: int) -> str | None:
        return self._owners.get(punk_id)

    def owners(self) -> dict[int, str]:
        """The known owners by punk."""
        return dict(self._owners)

    def place(self, punk_id: int, bidder: str, price_wei: str) -> None:
        """The punk's bid is this one; whatever stood is refunded."""
        self._bids[punk_id] = StandingBid(bidder, price_wei)

    def withdraw(self, punk_id: int) -> None:
        """No bid stands any more: its bidder took it back."""
        self._bids.pop(punk_id, None)

    def clear(self, punk_id: int, owner: str) -> None:
        """The punk is bought by or transferred to `owner`: a bid of the owner's own is refunded."""
        bid = self._bids.get(punk_id)
        if bid is not None and bid.bidder == owner:
            del self._bids[punk_id]
        self._owners[punk_id] = owner

    def accept(self, punk_id: int, buyer: str | None) -> StandingBid | None:
        """The punk goes to its standing bidder, `buyer` when the logs name one.

        Returns the bid that was accepted; None when it is not known, also where somebody else's seemed to stand.
        """
        bid = self._bids.pop(punk_id, None)
        if bid is not None and buyer not in (None, bid.bidder):
            bid = None
        owner = bid.bidder if bid else buyer
        if owner is None:
            self._owners.pop(punk_id, None)
        else:
            self._owners[punk_id] = owner
        return bid

    def advance(self, events: pl.DataFrame) -> list[StandingBid | None]:
        """Follow these events (`EVENT_SCHEMA`, in contract order); of each accepted bid among them, what stood then.

        The price of an accepted bid is not read, and its buyer may be missing.
        """
        accepted = []
        telling = events.lazy().filter(pl.col("event_type").is_in(_TELLING))
        columns = telling.select("punk_id", "event_type", "sale_kind", "price_wei", "from_address", "to_address")
        for punk_id, event_type, sale_kind, price_wei, sender, receiver in columns.collect().iter_rows():
            if event_type == BID:
                self.place(punk_id, sender, price_wei)
            elif event_type == BID_WITHDRAWN:
                self.withdraw(punk_id)
            elif sale_kind == ACCEPT_BID:
                accepted.append(self.accept(punk_id, receiver))
            else:
                self.clear(punk_id, receiver)
        return accepted

    def copy(self) -> StandingBids:
        copied = StandingBids()
        copied.become(self)
        return copied

    def become(self, other: StandingBids) -> None:
        """Hold what `other` holds."""
        self._bids, self._owners = dict(other._bids), dict(other._owners)
