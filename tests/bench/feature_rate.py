"""Features a second: of past sales, each at its own instant as a trainer asks, and of all punks at one instant.

The bare limit of a past sale is sorting the asks of one book once; that of a nowcast is putting the finished columns
into one matrix.
"""

from pathlib import Path

import numpy as np

from shared.market.traits import PUNKS
from shared.valuation.features import compute
from tests.bench.measured import Measured, seconds_of
from tests.factories.paired_errors import folded

SALES = 30_000
HORIZON_S = 1_800
RUNS = 3


async def feature_rate(_url: str, _home: Path, events: Path) -> list[Measured]:
    """Half an hour before the last sales of the real history, and everything as of its end."""
    timeline, prices = folded(events)
    # Fewer sales than that are valid; excluded ones cost the same.
    sales = timeline.sales[-SALES:]
    sold = np.array([sale.punk_id for sale in sales])
    before = np.array([sale.time - HORIZON_S for sale in sales])
    every, now = np.arange(PUNKS), np.full(PUNKS, int(timeline.events.times[-1]) + 1)
    rows = compute(timeline, prices, every, now)
    columns = list(rows.drop("floor_eth").to_numpy().astype(np.float64).T)
    asks = np.random.default_rng(0).permutation([float(price) for price, _ in timeline.asks_now.asks()])
    return [
        Measured(
            f"features of {len(sales):,} past sales",
            len(sales) / seconds_of(lambda: compute(timeline, prices, sold, before), runs=RUNS),
            "rows/s",
            len(sales) / seconds_of(lambda: [np.sort(asks) for _ in sales], runs=RUNS),
        ),
        Measured(
            f"features of {PUNKS:,} punks at one instant",
            PUNKS / seconds_of(lambda: compute(timeline, prices, every, now), runs=RUNS),
            "rows/s",
            PUNKS / seconds_of(lambda: np.column_stack(columns).astype(np.float32), runs=RUNS),
        ),
    ]
