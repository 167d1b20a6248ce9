"""Who traded how: labels of a sale, from the events before it and the sale's own transaction.

A label never changes the verdict on a sale and never changes later, unless a reorganisation supersedes the sale.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from shared.market.event_types import ACCEPT_BID, Address
from shared.market.offers import Offer
from shared.units import DAY_S

DEALER_SALES: Final = 10
DEALER_SPAN_S: Final = 365 * DAY_S
"""A dealer bought and sold at least `DEALER_SALES` punks each, in valid sales of this time before."""
Channel = Literal["public_ask", "directed_ask", "accepted_bid"]
"""How buyer and seller met. Only one address could take a directed ask, so the two had agreed elsewhere."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one sale.

    Attributes:
        pass_through: the named buyer passes the punk on within the transaction.
        true_buyer: who has the punk at the end of the transaction.
        dealer: the seller or the true buyer is a dealer.
        wrapped: the transaction also wraps or unwraps the punk.
    """

    channel: Channel
    pass_through: bool
    true_buyer: Address
    dealer: bool
    wrapped: bool


UNLABELLED: Final = "unlabelled"
DEALING: Final[dict[bool | None, str]] = {True: "dealer", False: "no_dealer", None: UNLABELLED}
DELIVERY: Final[dict[bool | None, str]] = {True: "pass_through", False: "direct", None: UNLABELLED}
"""Groups of `dealer` and `pass_through` in scorecards. None is a sale that an older release stored."""


class Labeller:
    """Labels sales, folded in contract order. Times are UTC seconds."""

    def __init__(self) -> None:
        self._withdrawn: dict[int, tuple[str, Address]] = {}
        self._trades: deque[tuple[int, Address, Address]] = deque()
        self._sold: Counter[Address] = Counter()
        self._bought: Counter[Address] = Counter()

    def delisted(self, punk: int, tx_hash: str, taker: Address) -> None:
        """A delisting ended an ask. The contract logs one just before each purchase, so that no ask stands then."""
        self._withdrawn[punk] = (tx_hash, taker)

    def labels(
        self,
        punk: int,
        tx_hash: str,
        time: int,
        *,
        kind: str,
        ask: Offer[int] | None,
        seller: Address,
        buyer: Address,
        later: Sequence[Address],
        wrapped: bool,
    ) -> Labels:
        """Label the next sale. `ask`: the ask that stands; `later`: the next owners in the transaction, newest first;
        `wrapped`: the transaction wraps or unwraps the punk."""
        withdrawn_in, withdrawn_taker = self._withdrawn.get(punk, ("", None))
        taker = ask.taker if ask is not None else withdrawn_taker if withdrawn_in == tx_hash else None
        asked: Channel = "public_ask" if taker is None else "directed_ask"
        true_buyer = later[0] if later else buyer
        self._forget(time - DEALER_SPAN_S)
        return Labels(
            channel="accepted_bid" if kind == ACCEPT_BID else asked,
            pass_through=bool(later),
            true_buyer=true_buyer,
            dealer=self._is_dealer(seller) or self._is_dealer(true_buyer),
            wrapped=wrapped,
        )

    def counted(self, time: int, seller: Address, true_buyer: Address) -> None:
        """The sale just labelled is valid."""
        self._trades.append((time, seller, true_buyer))
        self._sold[seller] += 1
        self._bought[true_buyer] += 1

    def _is_dealer(self, address: Address) -> bool:
        return address is not None and min(self._sold[address], self._bought[address]) >= DEALER_SALES

    def _forget(self, before: int) -> None:
        while self._trades and self._trades[0][0] < before:
            _, seller, buyer = self._trades.popleft()
            self._sold[seller] -= 1
            self._bought[buyer] -= 1
