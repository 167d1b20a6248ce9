"""Units that more than one part counts in."""

from datetime import datetime
from typing import Final

DAY_S: Final = 86_400
"""Seconds in a day."""
ETH: Final = 10**18
"""Wei in an ether, exact."""
WEI_PER_ETH: Final = 1e18
"""The same as a float: dividing by it is how wei become ETH everywhere, to the last bit."""


def as_seconds(instant: datetime) -> int:
    """The smallest whole UTC second at or after the instant."""
    return -int(-instant.timestamp() // 1)
