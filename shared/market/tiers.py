"""Tiers of the predicted premium: gates, reports, intervals, the API and the site cut sales at the same bounds."""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.market.series import Floats, Ints

TIERS: Final = ("floor_tier", "mid", "premium", "rare")
BOUNDS: Final = (1.08, 1.3, 2.5)
"""Between one tier and the next: value over floor. A bound belongs to the tier above it."""


def tier_of(premium: Floats, bounds: tuple[float, ...] = BOUNDS) -> Ints:
    """Index of the tier, shape of `premium`. A model passes the bounds that stand in its file."""
    return np.searchsorted(np.array(bounds), premium, side="right").astype(np.int64)
