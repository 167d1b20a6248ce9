"""The made-up market that the tests of the feature function look at, and how they look."""

import numpy as np
import polars as pl

from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.features import compute
from tests.factories import market

TRAITS = Traits.from_frame(market.punks_frame())
EVENTS = market.events_frame(3)
PRICES = market.prices()
CLEAN = market.timeline(EVENTS, TRAITS)
PUNKS = np.arange(200, dtype=np.int64)
SPAN = market.STEP_S * EVENTS.height


def features_at(folded: MarketTimeline, as_of: int, prices: DailyPrices = PRICES) -> pl.DataFrame:
    return compute(folded, prices, PUNKS, np.full(len(PUNKS), as_of, dtype=np.int64))


def column(rows: pl.DataFrame, name: str) -> np.ndarray:
    return rows[name].to_numpy()


def assert_same(one: pl.DataFrame, other: pl.DataFrame) -> None:
    """Byte for byte, and said by name where not."""
    names = ("floor_eth", *FEATURE_NAMES)
    differs = [name for name in names if column(one, name).tobytes() != column(other, name).tobytes()]
    assert differs == [], f"other bytes in {differs}"
