"""How far an ask is below a value, in whole billionths, so that bounds and cursors are exact."""

from typing import Final

DISCOUNT_UNIT: Final = 10**9


def discount(ask: int, value: int) -> int:
    """1 - ask / value in billionths, rounded down; ask and value in wei."""
    return (value - ask) * DISCOUNT_UNIT // value


def billionths(share: float) -> int:
    """A share that a person wrote, such as 0.1, in billionths."""
    return round(share * DISCOUNT_UNIT)
