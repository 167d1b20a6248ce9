"""Units that more than one part counts in."""

from datetime import datetime
from typing import Final

DAY_S: Final = 86_400
"""Seconds of a day."""


def as_seconds(instant: datetime) -> int:
    """The smallest whole UTC second at or after the instant."""
    return -int(-instant.timestamp() // 1)
