"""What each trait is worth by the hedonic index at one instant: reasons and comparables weigh traits by it."""

from __future__ import annotations

import numpy as np

from shared.market.series import Floats
from shared.market.timeline import MarketTimeline

KINDS = 3
"""Type, skin and accessory count: the columns of `Traits.members` before the accessories."""


def trait_premia(timeline: MarketTimeline, as_of: int) -> Floats:
    """Premium of every trait, shape (traits,), log units, from sales strictly before `as_of` (UTC seconds).

    As the features have it: type, skin and count over those of common punks, an accessory's by itself. Zero before the
    first sale.
    """
    traits, states = timeline.traits, timeline.index.states
    state = np.nan_to_num(states.last_before(np.array([as_of], dtype=np.int64))[0, 1:].astype(np.float64))
    premia: Floats = state.copy()
    for place in range(KINDS):
        held = np.unique(traits.members[:, place])
        kind = held[held >= 0]
        premia[kind] -= state[kind] @ traits.common[kind]
    return premia
