"""The contract's public asks and bids as they really stood, event by event."""

from __future__ import annotations

from shared.backtest.feed import MarketEvent
from shared.market.offers import OfferBook


class Board(OfferBook[MarketEvent]):
    """Standing offers, each with the event that placed it."""

    def copy(self) -> Board:
        return Board(self.standing())

    def bid_wei(self, punk: int) -> int:
        """The standing bid on the punk, 0 where there is none."""
        bid = self.bids.get(punk)
        return 0 if bid is None else bid.price_wei

    def take(self, event: MarketEvent) -> None:
        """Fold the next event in contract order."""
        sale_kind = None if event.sale is None else event.sale.kind
        self.apply(event, event.punk, event.kind, event.price_wei, event.sender, event.receiver, sale_kind)
