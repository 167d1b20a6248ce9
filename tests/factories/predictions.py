"""Made-up predictions of a walk: prices around values, by seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
LEADS = {"30m": timedelta(minutes=30), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
_Z = {"50": 0.6745, "80": 1.2816, "90": 1.6449}


def predictions(
    n: int = 300, *, seed: int = 1, noise: float = 0.06, refit_days: int = 14, horizons: tuple[str, ...] = ("30m",)
) -> pl.DataFrame:
    """`n` sales, eight a day, at each horizon; the log errors are normal with `noise`, and the intervals know it."""
    generator = np.random.default_rng(seed)
    floor = 40.0 * np.exp(0.1 * np.sin(np.arange(n) / 40.0))
    premium = np.exp(np.abs(generator.normal(0.0, 0.5, n)))
    price = floor * premium
    kinds = generator.choice(["buy", "accept_bid"], n, p=[0.8, 0.2])
    types = generator.choice(["Male", "Female", "Zombie"], n, p=[0.6, 0.35, 0.05])
    parts = []
    for horizon in horizons:
        value = price * np.exp(generator.normal(0.0, noise, n))
        sold = [FIRST + timedelta(hours=3 * row) for row in range(n)]
        as_of = [instant - LEADS[horizon] for instant in sold]
        refit = timedelta(days=refit_days)
        cutoff = [instant - (instant - FIRST) % refit for instant in as_of]
        bounds = {
            f"{side}{level}": value * np.exp(sign * z * noise)
            for level, z in _Z.items()
            for side, sign in (("lo", -1.0), ("hi", 1.0))
        }
        parts.append(
            pl.DataFrame(
                {
                    "tx_hash": [f"0x{row:064x}" for row in range(n)],
                    "log_index": np.arange(n) % 7,
                    "punk_id": generator.integers(0, 10_000, n),
                    "horizon": horizon,
                    "as_of": as_of,
                    "value_eth": value,
                    **bounds,
                    "floor_eth": floor,
                    "model_id": [f"m-{instant:%Y%m%d}" for instant in cutoff],
                    "data_cutoff": cutoff,
                    "sale_time": sold,
                    "price_eth": price,
                    "kind": kinds,
                    "punk_type": types,
                    "last_sale_carry_eth": price * np.exp(generator.normal(0.0, 0.2, n)),
                    "trait_median_eth": price * np.exp(generator.normal(0.1, 0.2, n)),
                    "confidence": generator.choice(["A", "B"], n),
                }
            )
        )
    return pl.concat(parts)
