"""How far a contender would move the published values; known before any sale shows which values are better."""

import numpy as np
from pydantic.dataclasses import dataclass

from shared.evaluation.arrays import Floats
from shared.evaluation.canonical import RECORDED


@dataclass(frozen=True, config=RECORDED)
class BlastRadius:
    """Over n punks of one snapshot: mean and 99th percentile of |d ln v|, median of the signed d ln v."""

    n: int
    mean: float
    p99: float
    median_signed: float


def blast_radius(contender: Floats, champion: Floats) -> BlastRadius:
    """Compare the values (ETH, shape (n,)) of two models on the same snapshot.

    Raises:
        ValueError: nothing to compare, lengths differ, or a value is not finite and positive.
    """
    if len(contender) != len(champion) or len(contender) == 0:
        raise ValueError(f"{len(contender)} contender values and {len(champion)} champion values cannot be compared")
    if not all(np.all(np.isfinite(v) & (v > 0)) for v in (contender, champion)):
        raise ValueError("every value must be finite and positive")
    moved = np.log(contender / champion)
    size = np.abs(moved)
    return BlastRadius(
        n=len(moved),
        mean=float(np.mean(size)),
        p99=float(np.quantile(size, 0.99)),
        median_signed=float(np.median(moved)),
    )
