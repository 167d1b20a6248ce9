"""Units shared by several packages."""

from datetime import UTC, datetime
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY_S: Final = 86_400
"""Seconds in a day."""
ETH: Final = 10**18
"""Wei per ether, exact."""
WEI_PER_ETH: Final = 1e18
"""Wei per ether as a float, for market and valuation. The gateway divides exactly, by `ETH`: last bits differ."""


def as_seconds(instant: datetime) -> int:
    """The smallest whole UTC second at or after the instant."""
    return -int(-instant.timestamp() // 1)


def eth_in_wei(eth: float) -> int:
    """An amount of ether in wei, rounded to the gwei."""
    return round(eth * 1e9) * 10**9
