"""A generation's published rows: exact wei, one canonical text line per punk, a Merkle root over the lines.

Values are rounded to micro-ETH (10^12 wei). The canonical line of a punk is
`punk_id,value_wei,lo50_wei,hi50_wei,lo80_wei,hi80_wei,lo90_wei,hi90_wei,confidence`; the same lines are hashed, copied
into Postgres and archived, so anyone can recompute the root from what the gateway serves.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import polars as pl

from shared.market.series import Floats
from shared.market.traits import PUNKS
from shared.merkle import merkle_levels
from shared.valuation.model import Values

COLUMNS = ("value_wei", "lo50_wei", "hi50_wei", "lo80_wei", "hi80_wei", "lo90_wei", "hi90_wei")
MICRO_ETH_WEI = 10**12


@dataclass(frozen=True)
class Generation:
    """Publishable rows: `frame` has punk_id, the seven wei columns as decimal text, confidence."""

    frame: pl.DataFrame
    lines: bytes

    @property
    def values_sha256(self) -> str:
        return hashlib.sha256(self.lines).hexdigest()

    def merkle_root(self) -> str:
        return merkle_levels(self.lines)[-1][0].hex()


def build(values: Values) -> Generation:
    """Round to micro-ETH, keep the intervals nested around the value, and write the canonical lines."""
    micro = np.maximum(np.rint(values.numbers() * 1e6), 0.0)
    micro[0] = np.maximum(micro[0], 1.0)
    # The value with its lower bounds, and with its upper bounds, from the narrowest interval to the widest.
    micro[[0, 1, 3, 5]] = np.minimum.accumulate(micro[[0, 1, 3, 5]])
    micro[[0, 2, 4, 6]] = np.maximum.accumulate(micro[[0, 2, 4, 6]])
    frame = pl.DataFrame(
        {
            "punk_id": np.arange(len(values), dtype=np.int16),
            **dict(zip(COLUMNS, micro.astype(np.int64), strict=True)),
            "confidence": values.confidence,
        }
    ).with_columns((pl.col(COLUMNS).cast(pl.Int128) * MICRO_ETH_WEI).cast(pl.String))
    return Generation(frame=frame, lines=frame.write_csv(include_header=False).encode())


MAX_MEAN_DRIFT, MAX_P99_DRIFT = 0.10, 0.60
"""Largest moves against the previous nowcast of the same model, less the median move (log units)."""
MAX_ETH = 1e9
"""Several times the supply of ether: a larger value is no price, and would overflow 64-bit micro-ETH."""


def drift(previous_eth: Floats, current_eth: Floats) -> tuple[float, float]:
    """Mean and 99th percentile of |delta ln value| after subtracting its median. Both arrays shape (n,)."""
    change = np.log(current_eth / previous_eth)
    moved = np.abs(change - np.median(change))
    return float(moved.mean()), float(np.quantile(moved, 0.99))


def violations(values: Values, previous_eth: Floats | None) -> list[str]:
    """Why these values must not be published; empty if they may."""
    problems: list[str] = []
    if len(values) != PUNKS:
        problems.append(f"{len(values)} values instead of {PUNKS}")
    numbers = values.numbers()
    if not np.isfinite(numbers).all():
        problems.append("a value or bound is not a finite number")
    elif not (values.value_eth > 0).all():
        problems.append("a value is not positive")
    elif numbers.max() > MAX_ETH:
        problems.append(f"a value or bound is above {MAX_ETH:.0e} ETH")
    elif previous_eth is not None and len(previous_eth) == len(values):
        mean, p99 = drift(previous_eth, values.value_eth)
        if mean > MAX_MEAN_DRIFT or p99 > MAX_P99_DRIFT:
            problems.append(
                f"values moved by {mean:.1%} on average and {p99:.1%} at the 99th percentile against the "
                f"previous nowcast of the same model (limits {MAX_MEAN_DRIFT:.0%}, {MAX_P99_DRIFT:.0%})"
            )
    return problems
