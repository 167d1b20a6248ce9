"""Reasons and comparables as a nowcaster would make them, without a model: of the right sizes, and adding up."""

from datetime import UTC, datetime

import numpy as np

from shared.valuation.explanation.stored import Explained

FIXED = (
    ("base value", "base value"), ("market", "market level"), ("liquidity", "liquidity"),
    ("traits", "rarity and combinations"), ("asks and bids", "other punks' asks and bids"),
    ("own history", "own history"), ("owner", "owner"),
)  # fmt: skip
TRAITS = tuple(
    f"accessory:{name}" for name in ("Hoodie", "Beanie", "Top Hat", "Pipe", "Earring", "Mohawk", "3D Glasses")
)


def explained(punks: int, model: str, *, seed: int = 7, floor: float = 40.0) -> Explained:
    """For the first `punks` punks: seven fixed parts and six traits each, eight comparables."""
    generator = np.random.default_rng(seed)
    parts = (*FIXED, *(("traits", name) for name in TRAITS))
    own = len(FIXED) + 6
    part = np.tile(np.arange(own, dtype=np.uint16), punks)
    near = (np.arange(punks)[:, None] + 1 + np.arange(8)[None, :]) % punks
    prices = 40.0 + 20.0 * generator.random(punks)
    return Explained(
        model_id=model,
        parts=parts,
        traits=("type:Male", "type:Ape", "skin:Mid", "count:3", *TRAITS),
        starts=np.arange(punks + 1, dtype=np.int64) * own,
        part=part,
        log=(0.05 * generator.standard_normal(len(part))).astype(np.float32),
        floor_eth=np.full(punks, floor),
        near=near.astype(np.int16),
        similarity=np.round(np.sort(generator.random((punks, 8)), axis=1)[:, ::-1], 4).astype(np.float32),
        sold_time=np.full(punks, int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()), dtype=np.int64),
        sold_price_eth=prices,
        sold_floor_eth=np.full(punks, 38.0),
        sold_adjusted_eth=prices * 1.05,
        level_eth=42.0,
        premium=np.linspace(-0.1, 1.0, 4 + len(TRAITS)).astype(np.float32),
        premium_error=np.full(4 + len(TRAITS), 0.05, dtype=np.float32),
    )
