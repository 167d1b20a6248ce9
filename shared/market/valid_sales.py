"""Which sales count for training and scoring, decided only from what was known at the sale.

The rule is the field's usual one: price at least 0.005 ETH, no flash loan, no self-sale, at least half of the public
floor just before it and 40 % of the floor at the end of the previous day. Every exclusion keeps its reason.
"""

from __future__ import annotations

from enum import StrEnum

DUST_ETH = 0.005
MIN_FLOOR_RATIO = 0.5
MIN_PREVIOUS_DAY_RATIO = 0.4
FLASH_LOAN_FLOOR_MULTIPLE = 300.0
"""A price this many times the floor was never paid by anybody for real: the two flash-loan "sales" on chain are at
1,200 and 900 floors, the dearest real sale (an alien) at some 110."""


class Exclusion(StrEnum):
    """Why a sale does not count."""

    DUST = "dust"
    FLASH_LOAN = "flash_loan"
    SELF_SALE = "self_sale"
    FAR_BELOW_FLOOR = "far_below_floor"
    FAR_BELOW_PREVIOUS_DAY_FLOOR = "far_below_previous_day_floor"


def exclusion(
    *,
    price_eth: float,
    seller: str | None,
    buyer: str | None,
    floor_eth: float | None,
    previous_day_floor_eth: float | None,
) -> Exclusion | None:
    """The reason a sale is no valid sale, or None when it is one.

    Floors are public floors without the punk itself; None where there was no public ask.
    """
    if price_eth < DUST_ETH:
        return Exclusion.DUST
    if floor_eth is not None and price_eth > FLASH_LOAN_FLOOR_MULTIPLE * floor_eth and price_eth > 1_000.0:
        return Exclusion.FLASH_LOAN
    if seller is not None and seller == buyer:
        return Exclusion.SELF_SALE
    if floor_eth is not None and price_eth < MIN_FLOOR_RATIO * floor_eth:
        return Exclusion.FAR_BELOW_FLOOR
    if previous_day_floor_eth is not None and price_eth < MIN_PREVIOUS_DAY_RATIO * previous_day_floor_eth:
        return Exclusion.FAR_BELOW_PREVIOUS_DAY_FLOOR
    return None
