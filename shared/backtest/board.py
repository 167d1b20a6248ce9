"""The contract's public asks and bids as they really stood, event by event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.backtest.tape import Happening
from shared.market.offers import Offer, OfferBook


class Board:
    """Standing offers by the happenings that placed them. `apply` takes events in contract order."""

    def __init__(self, standing: Iterable[Offer[Happening]] = ()) -> None:
        self._offers = OfferBook(standing)

    def copy(self) -> Board:
        return Board(self._offers.standing())

    def asks(self) -> Sequence[Offer[Happening]]:
        """Every public ask."""
        return self._offers.asks()

    def ask(self, punk: int) -> Offer[Happening] | None:
        return self._offers.ask(punk)

    def bid_wei(self, punk: int) -> int:
        """The standing bid on the punk, 0 where there is none."""
        bid = self._offers.bids.get(punk)
        return 0 if bid is None else bid.price_wei

    def apply(self, event: Happening) -> None:
        sale_kind = None if event.sale is None else event.sale.kind
        self._offers.apply(event, event.punk, event.kind, event.price_wei, event.sender, event.receiver, sale_kind)
