"""Predictions of a walk: of sales that a test names, or made up by seed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from shared.evaluation.arrays import Floats

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
LEADS = {"30m": timedelta(minutes=30), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
_Z = {"50": 0.6745, "80": 1.2816, "90": 1.6449}


def predicted(
    sold: Sequence[datetime],
    value: Floats,
    bounds: Mapping[str, tuple[Floats, Floats]],
    *,
    horizon: str = "30m",
    **columns: Any,
) -> pl.DataFrame:
    """One row a sale at this horizon. `bounds` by level in percent; every other column has a default."""
    as_of = [instant - LEADS[horizon] for instant in sold]
    frame = {
        "tx_hash": [f"0x{row:064x}" for row in range(len(sold))], "log_index": 0, "punk_id": range(len(sold)),
        "horizon": horizon, "as_of": as_of, "value_eth": value,
        **{f"lo{level}": low for level, (low, _) in bounds.items()},
        **{f"hi{level}": high for level, (_, high) in bounds.items()},
        "floor_eth": 40.0, "model_id": "m-1", "data_cutoff": as_of, "sale_time": sold, "price_eth": value,
        "kind": "buy", "channel": "public_ask", "dealer": False, "pass_through": False, "punk_type": "Male",
        "last_sale_carry_eth": None, "trait_median_eth": None, "confidence": "A",
    }  # fmt: skip
    unknown = {"last_sale_carry_eth": pl.Float64, "trait_median_eth": pl.Float64}
    return pl.DataFrame(frame | columns, schema_overrides=unknown)


def predictions(
    n: int = 300, *, seed: int = 1, noise: float = 0.06, refit_days: int = 14, horizons: tuple[str, ...] = ("30m",)
) -> pl.DataFrame:
    """`n` sales, eight a day, at each horizon; the log errors are normal with `noise`, and the intervals know it."""
    generator = np.random.default_rng(seed)
    floor = 40.0 * np.exp(0.1 * np.sin(np.arange(n) / 40.0))
    price = floor * np.exp(np.abs(generator.normal(0.0, 0.5, n)))
    kinds = generator.choice(["buy", "accept_bid"], n, p=[0.8, 0.2])
    types = generator.choice(["Male", "Female", "Zombie"], n, p=[0.6, 0.35, 0.05])
    sold = [FIRST + timedelta(hours=3 * row) for row in range(n)]
    refit = timedelta(days=refit_days)
    parts = []
    for horizon in horizons:
        value = price * np.exp(generator.normal(0.0, noise, n))
        cutoff = [instant - LEADS[horizon] - (instant - LEADS[horizon] - FIRST) % refit for instant in sold]
        parts.append(
            predicted(
                sold,
                value,
                {level: (value * np.exp(-z * noise), value * np.exp(z * noise)) for level, z in _Z.items()},
                horizon=horizon,
                floor_eth=floor,
                model_id=[f"m-{instant:%Y%m%d}" for instant in cutoff],
                data_cutoff=cutoff,
                price_eth=price,
                kind=kinds,
                punk_type=types,
                last_sale_carry_eth=price * np.exp(generator.normal(0.0, 0.2, n)),
                trait_median_eth=price * np.exp(generator.normal(0.1, 0.2, n)),
                confidence=generator.choice(["A", "B"], n),
            )
        )
    return pl.concat(parts)
