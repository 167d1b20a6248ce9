"""A market for an hour that takes minutes: a simulated past, and a few weeks more that play while the test runs."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import polars as pl

from shared.sources.event_files import ETH_USD_FILE, PUNKS_FILE
from shared.sources.simulated import SimulatedMarket

SEED = 12
"""The first contender of this market passes its gate at once."""
HISTORY_DAYS = 150
LIVE_DAYS = 20


async def write_market(folder: Path, *, begins: datetime, lasts: timedelta) -> str:
    """Write event files whose last `LIVE_DAYS` fall between `begins` and `begins + lasts`; return the source URL.

    The services run on the wall clock, so sales have to happen while they look: the live part is squeezed in time,
    to whole seconds as on chain. Everything before `begins` keeps its pace.
    """
    midnight = datetime.combine(begins.date(), time.min, UTC)
    market = SimulatedMarket(seed=SEED, days=LIVE_DAYS, history_days=HISTORY_DAYS, start=midnight)
    events = await market.fetch(None, market.end)
    since = pl.col("timestamp") - pl.lit(midnight)
    squeezed = since / (timedelta(days=LIVE_DAYS) / lasts)
    moved = begins + pl.when(since > timedelta(0)).then(squeezed).otherwise(since)
    folder.mkdir(parents=True)
    events = events.with_columns(timestamp=moved.dt.truncate("1s"))
    events.write_parquet(folder / "events.parquet")
    (await market.punks()).write_parquet(folder / PUNKS_FILE)
    (await market.eth_usd(midnight.date())).write_parquet(folder / ETH_USD_FILE)
    return f"files://{folder}"
