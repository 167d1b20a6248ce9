"""Half of a simulated market as the folder of files that `--events` reads."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import tomli_w

from shared.sources.simulated import SimulatedMarket
from shared.valuation.params import Params

START = datetime(2024, 1, 1, tzinfo=UTC)
"""The first of `DAYS` days to be judged; before it lies enough to learn from and to calibrate on."""
DAYS = 20
HISTORY_DAYS = 300


def quick() -> Params:
    """Fits that take no time: few trees, and no network of so few sales."""
    params = Params.load()
    trees = params.trees.model_copy(update={"rounds": 12})
    return params.model_copy(update={"trees": trees, "half_life_days": 300.0, "learn_days": 1_000, "seeds": 1})


def write_event_folder(folder: Path) -> Path:
    """Events in two files, the punks, the closes, and `quick.toml`: parameters of fits that take no time."""
    market = SimulatedMarket(seed=3, days=DAYS, history_days=HISTORY_DAYS, start=START)
    events = asyncio.run(market.fetch(None, market.end)).filter(pl.col("punk_id") % 2 == 0)
    half = events.height // 2
    events[:half].write_parquet(folder / "events-1.parquet")
    events[half:].write_parquet(folder / "events-2.parquet")
    asyncio.run(market.punks()).write_parquet(folder / "punks.parquet")
    asyncio.run(market.eth_usd(market.end.date())).write_parquet(folder / "eth_usd_daily.parquet")
    (folder / "quick.toml").write_text(tomli_w.dumps(quick().model_dump(mode="json")))
    return folder
