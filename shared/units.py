"""Units that more than one part counts in."""

from typing import Final

DAY_S: Final = 86_400
"""Seconds of a day."""
