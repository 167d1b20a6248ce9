"""Which sales count for training and scoring, decided from what was known at the sale.

The core is the usual rule: a price of at least 0.005 ETH, no flash loan, no self-sale, at least half of the public
floor just before the sale, and at least 40 % of the floor at the end of the previous day. Every exclusion has a reason.
Known at a sale are all events before it and its own transaction, which happens completely or not at all.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.market.sale_labels import Labels
from shared.units import ETH, WEI_PER_ETH

DUST_WEI: Final = ETH // 200
FLASH_LOAN_FLOOR_MULTIPLE: Final = 300
FLASH_LOAN_BID_MULTIPLE: Final = 10
FLASH_LOAN_WEI: Final = 1_000 * ETH
"""Nobody ever paid a price beyond all three limits. The two flash-loan "sales" on chain are at 1,300 and 900 floors,
and at 400 and 37 times the highest standing bid; the most expensive real sale, of an alien, is at about 120 floors.
Bids are escrowed, so they show what buyers can pay."""
ATOMIC_FLOOR_MULTIPLE: Final = 10
"""An ask placed and bought in one transaction was never open to others: far above the floor, it is a flash loan."""


class Exclusion(StrEnum):
    """Why a sale does not count."""

    CUSTODY_MOVE = "custody_move"
    DUST = "dust"
    SELF_SALE = "self_sale"
    FLASH_LOAN = "flash_loan"
    ROUND_TRIP = "round_trip"
    DUPLICATE = "duplicate"
    FAR_BELOW_FLOOR = "far_below_floor"
    FAR_BELOW_PREVIOUS_DAY_FLOOR = "far_below_previous_day_floor"


EXPLANATIONS: Final[dict[Exclusion, str]] = {
    Exclusion.CUSTODY_MOVE: "Nothing was paid: the punk moved into or out of a vault, a gateway or another wallet "
    "of its owner.",
    Exclusion.DUST: "The price is below 0.005 ETH.",
    Exclusion.SELF_SALE: "The buyer is the seller, held the punk earlier in the same transaction, or gave it to the "
    "seller for free within the day before.",
    Exclusion.FLASH_LOAN: "The price is above every ask and bid: borrowed money circulated within one transaction.",
    Exclusion.ROUND_TRIP: "Within the same transaction, the punk returned to the seller or to whoever held it "
    "earlier in that transaction.",
    Exclusion.DUPLICATE: "The seller had sold the punk within the day before and got it back by transfer: the same "
    "sale, repeated.",
    Exclusion.FAR_BELOW_FLOOR: "The price is below half of the lowest public ask of any other punk at that moment.",
    Exclusion.FAR_BELOW_PREVIOUS_DAY_FLOOR: "The price is below 40 % of the floor at the end of the previous day.",
}


@dataclass(frozen=True)
class Sale:
    """A sale with verdict and labels; `time` in UTC seconds, `floor_wei` is the lowest public ask of any other punk."""

    event_seq: int
    block: int
    log_index: int
    tx_hash: str
    time: int
    punk_id: int
    price_wei: int
    seller: str | None
    buyer: str | None
    kind: str
    floor_wei: int | None
    excluded: Exclusion | None
    labels: Labels

    @property
    def price_eth(self) -> float:
        return self.price_wei / WEI_PER_ETH

    @property
    def counts(self) -> bool:
        """Whether the sale is valid and has a floor to be measured by: models learn from it and are judged by it."""
        return self.excluded is None and self.floor_wei is not None

    @property
    def floor_eth(self) -> float | None:
        return None if self.floor_wei is None else self.floor_wei / WEI_PER_ETH


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What was known at a sale. Amounts in wei, None if there was no such ask.

    Attributes:
        floor: lowest public ask of any other punk just before the sale.
        previous_day_floor: lowest public ask at the end of the previous day.
        highest_bid: highest bid standing on any punk (0: none); only needed for prices above `FLASH_LOAN_WEI`.
        atomic: the ask was placed in the sale's own transaction.
        to_itself: the buyer is the seller, held the punk earlier in this transaction, or transferred it to the seller
            without a price within the day before.
        comes_back: later in the transaction, the punk returns to the seller or to an earlier holder.
        sold_before: the seller sold the punk within the day before, and got it back by a transfer.
    """

    price: int
    floor: int | None
    previous_day_floor: int | None
    highest_bid: int = 0
    atomic: bool = False
    to_itself: bool = False
    comes_back: bool = False
    sold_before: bool = False


def exclusion(sale: Circumstances) -> Exclusion | None:
    """The first reason that excludes the sale; None for a valid sale."""
    price, floor, previous = sale.price, sale.floor, sale.previous_day_floor
    applies = (
        (Exclusion.CUSTODY_MOVE, price == 0),
        (Exclusion.DUST, price < DUST_WEI),
        (Exclusion.SELF_SALE, sale.to_itself),
        (Exclusion.FLASH_LOAN, floor is not None and _is_flash_loan(sale, floor)),
        (Exclusion.ROUND_TRIP, sale.comes_back),
        (Exclusion.DUPLICATE, sale.sold_before),
        (Exclusion.FAR_BELOW_FLOOR, floor is not None and 2 * price < floor),
        (Exclusion.FAR_BELOW_PREVIOUS_DAY_FLOOR, previous is not None and 10 * price < 4 * previous),
    )
    return next((reason for reason, excluded in applies if excluded), None)


def _is_flash_loan(sale: Circumstances, floor: int) -> bool:
    if sale.atomic and sale.price > ATOMIC_FLOOR_MULTIPLE * floor:
        return True
    beyond_asks = sale.price > FLASH_LOAN_WEI and sale.price > FLASH_LOAN_FLOOR_MULTIPLE * floor
    return beyond_asks and sale.price > FLASH_LOAN_BID_MULTIPLE * sale.highest_bid
