"""The contract's public asks and bids as they really stood, event by event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shared.backtest.tape import Happening
from shared.market.event_types import OWNER_CHANGES


@dataclass(frozen=True, slots=True)
class Listing:
    """A public ask; `seq` of its event is its name: a new price is a new listing."""

    seq: int
    price_wei: int
    known: int
    ref: str


@dataclass(frozen=True, slots=True)
class _Bid:
    bidder: str | None
    price_wei: int


class Board:
    """Moves with `apply`, which takes events in contract order."""

    def __init__(self) -> None:
        self._asks: dict[int, Listing] = {}
        self._bids: dict[int, _Bid] = {}

    def asks(self) -> Iterator[tuple[int, int]]:
        """Punk and price in wei of every public ask."""
        return ((punk, listing.price_wei) for punk, listing in self._asks.items())

    def ask(self, punk: int) -> Listing | None:
        return self._asks.get(punk)

    def bid_wei(self, punk: int) -> int:
        """The standing bid on the punk, 0 where there is none."""
        bid = self._bids.get(punk)
        return 0 if bid is None else bid.price_wei

    def apply(self, event: Happening) -> None:
        punk = event.punk
        if event.kind == "listed":
            if event.public:
                self._asks[punk] = Listing(event.seq, event.price_wei, event.known, event.ref)
            else:
                self._asks.pop(punk, None)
        elif event.kind == "delisted":
            self._asks.pop(punk, None)
        elif event.kind == "bid":
            self._bids[punk] = _Bid(event.sender, event.price_wei)
        elif event.kind == "bid_withdrawn":
            self._bids.pop(punk, None)
        elif event.kind in OWNER_CHANGES:
            self._asks.pop(punk, None)
            bid = self._bids.get(punk)
            accepted = event.sale is not None and event.sale.kind == "accept_bid"
            if bid is not None and (accepted or bid.bidder == event.receiver):
                del self._bids[punk]
