"""Tiers of the predicted premium, shared by gates, reports, intervals, the API and the site."""

from typing import Final

import numpy as np

from shared.market.series import Floats, Ints

TIERS: Final = ("floor_tier", "mid", "premium", "rare")
BOUNDS: Final = (1.08, 1.3, 2.5)
"""Bounds between tiers, as value / floor. A bound belongs to the higher tier."""


def tier_of(premium: Floats, bounds: tuple[float, ...] = BOUNDS) -> Ints:
    """Index of the tier, shape of `premium`. A model passes the bounds of its file."""
    return np.searchsorted(np.array(bounds), premium, side="right").astype(np.int64)
