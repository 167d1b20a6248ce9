"""The made-up market that the tests of the feature function look at, and how they look."""

from __future__ import annotations

import numpy as np

from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.features import FeatureRows, compute
from tests.factories import market

TRAITS = Traits.from_frame(market.punks_frame())
EVENTS = market.events_frame(3)
PRICES = market.prices()
CLEAN = market.timeline(EVENTS, TRAITS)
PUNKS = np.arange(200, dtype=np.int64)
SPAN = market.STEP_S * EVENTS.height


def features_at(folded: MarketTimeline, as_of: int, prices: DailyPrices = PRICES) -> FeatureRows:
    return compute(folded, prices, PUNKS, np.full(len(PUNKS), as_of, dtype=np.int64))


def column(rows: FeatureRows, name: str) -> np.ndarray:
    return rows.matrix[:, FEATURE_NAMES.index(name)]


def assert_same(one: FeatureRows, other: FeatureRows) -> None:
    """Byte for byte, and said by name where not."""
    differs = [name for name in FEATURE_NAMES if column(one, name).tobytes() != column(other, name).tobytes()]
    assert differs == [], f"other bytes in {differs}"
    assert one.floor_eth.tobytes() == other.floor_eth.tobytes()
