"""Asks and bids: which event places an offer and which event ends it. This module alone defines the rule.

A listing ends with the punk's next listing, with a delisting, and when the punk changes hands. A bid ends with the
punk's next bid, with its withdrawal or acceptance, and when its bidder gets the punk in any way.
"""

from collections.abc import Iterable
from typing import Final, Generic, NamedTuple, TypeVar

from shared.market.event_types import ACCEPT_BID, BID, BID_WITHDRAWN, DELISTED, LISTED, OWNER_CHANGES

At = TypeVar("At")
"""A caller's identifier of an event: a sequence number, a place and time, or the event."""

ASK: Final = "ask"
PRIVATE: Final = "private"

_CHANGES_HANDS: Final = frozenset(OWNER_CHANGES)
_ENDS_LISTING: Final = frozenset((LISTED, DELISTED, *OWNER_CHANGES))
_ENDS_BID: Final = frozenset((BID, BID_WITHDRAWN))


EVENT_COLUMNS: Final = ("punk_id", "event_type", "price_wei", "from_address", "to_address", "sale_kind")
"""The columns of an event that `OfferBook.apply` takes, in its order."""


class Offer(NamedTuple, Generic[At]):
    """An offer that stands.

    Attributes:
        kind: `ask` is open to anybody; `private` is a listing for one buyer or for 0 wei (a gift, or a move between
            wallets of one owner); `bid`.
        price_wei: above 0 for asks and bids.
        maker: the seller or the bidder.
        taker: the only buyer of a private listing; None for everybody.
        since: the event that placed the offer.
    """

    punk_id: int
    kind: str
    price_wei: int
    maker: str | None
    taker: str | None
    since: At


class OfferBook(Generic[At]):
    """Standing offers, folded from events in contract order.

    Attributes:
        listings: asks and private listings by punk, at most one each.
        bids: by punk, at most one each.
    """

    def __init__(self, standing: Iterable[Offer[At]] = ()) -> None:
        """`standing`: the offers after earlier events."""
        self.listings: dict[int, Offer[At]] = {}
        self.bids: dict[int, Offer[At]] = {}
        for offer in standing:
            (self.bids if offer.kind == BID else self.listings)[offer.punk_id] = offer

    def ask(self, punk_id: int) -> Offer[At] | None:
        """The punk's public ask."""
        listing = self.listings.get(punk_id)
        return listing if listing is not None and listing.kind == ASK else None

    def asks(self) -> list[Offer[At]]:
        """All public asks."""
        return [listing for listing in self.listings.values() if listing.kind == ASK]

    def standing(self) -> list[Offer[At]]:
        """All listings and bids."""
        return [*self.listings.values(), *self.bids.values()]

    def apply(
        self,
        at: At,
        punk_id: int,
        event_type: str,
        price_wei: str | int | None,
        sender: str | None,
        receiver: str | None,
        sale_kind: str | None,
    ) -> list[Offer[At]]:
        """Fold one event, identified by `at`. Returns the offers that the event ended: at most a listing and a bid."""
        ended: list[Offer[At]] = []
        if event_type in _ENDS_LISTING and punk_id in self.listings:
            ended.append(self.listings.pop(punk_id))
        bid = self.bids.get(punk_id)
        if bid is not None and (
            event_type in _ENDS_BID
            or sale_kind == ACCEPT_BID
            or (event_type in _CHANGES_HANDS and receiver == bid.maker)
        ):
            ended.append(self.bids.pop(punk_id))
        if event_type == LISTED:
            price = int(price_wei or 0)
            kind = ASK if price and receiver is None else PRIVATE
            self.listings[punk_id] = Offer(punk_id, kind, price, sender, receiver, at)
        elif event_type == BID and (price := int(price_wei or 0)):
            self.bids[punk_id] = Offer(punk_id, BID, price, sender, None, at)
        return ended
