"""A generation's rows as they are published: exact wei, one canonical text line a punk, a Merkle root over the lines.

Values are rounded to micro-ETH (10^12 wei). The canonical line of a punk is
`punk_id,value_wei,lo50_wei,hi50_wei,lo80_wei,hi80_wei,lo90_wei,hi90_wei,confidence`; the same lines are hashed, copied
into Postgres and archived, so anyone can recompute the root from what the gateway serves.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import polars as pl

from shared.market.series import Floats
from shared.market.traits import PUNKS
from shared.merkle import merkle_levels
from shared.valuation.model import Values

COLUMNS = ("value_wei", "lo50_wei", "hi50_wei", "lo80_wei", "hi80_wei", "lo90_wei", "hi90_wei")
MICRO_ETH_WEI_ZEROS = "0" * 12


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
    value = np.maximum(np.rint(values.value_eth * 1e6), 1.0)
    columns: dict[str, Floats] = {"value_wei": value}
    low = high = value
    for level in (50, 80, 90):
        low = np.minimum(low, np.maximum(np.rint(getattr(values, f"lo{level}") * 1e6), 0.0))
        high = np.maximum(high, np.rint(getattr(values, f"hi{level}") * 1e6))
        columns[f"lo{level}_wei"], columns[f"hi{level}_wei"] = low, high
    frame = pl.DataFrame(
        {"punk_id": np.arange(len(values), dtype=np.int16)}
        | {name: columns[name].astype(np.int64) for name in COLUMNS}
        | {"confidence": values.confidence}
    ).with_columns(
        pl.when(pl.col(name) == 0)
        .then(pl.lit("0"))
        .otherwise(pl.col(name).cast(pl.String) + MICRO_ETH_WEI_ZEROS)
        .alias(name)
        for name in COLUMNS
    )
    return Generation(frame=frame, lines=frame.write_csv(include_header=False).encode())


@dataclass(frozen=True)
class Drift:
    """How far all values moved against the previous generation of the same model, the market's own move taken out."""

    mean: float
    p99: float


MAX_DRIFT = Drift(mean=0.10, p99=0.60)
MAX_ETH = 1e9
"""Several times all ether there is: a larger value is no price, and would not fit the rows' 64-bit micro-ETH either."""


def drift(previous_eth: Floats, current_eth: Floats) -> Drift:
    """Mean and 99th percentile of |delta ln value| after subtracting its median. Both arrays shape (n,)."""
    change = np.log(current_eth / previous_eth)
    moved = np.abs(change - np.median(change))
    return Drift(mean=float(moved.mean()), p99=float(np.quantile(moved, 0.99)))


def violations(values: Values, previous_eth: Floats | None) -> list[str]:
    """Why these values must not be published; empty when they may."""
    found: list[str] = []
    if len(values) != PUNKS:
        found.append(f"{len(values)} values instead of {PUNKS}")
    numbers = values.numbers()
    if not np.isfinite(numbers).all():
        found.append("a value or bound is not a finite number")
    elif not (values.value_eth > 0).all():
        found.append("a value is not positive")
    elif numbers.max() > MAX_ETH:
        found.append(f"a value or bound is above {MAX_ETH:.0e} ETH")
    elif previous_eth is not None and len(previous_eth) == len(values):
        moved = drift(previous_eth, values.value_eth)
        if moved.mean > MAX_DRIFT.mean or moved.p99 > MAX_DRIFT.p99:
            found.append(
                f"values moved by {moved.mean:.1%} on average and {moved.p99:.1%} at the 99th percentile against the "
                f"previous nowcast of the same model (limits {MAX_DRIFT.mean:.0%}, {MAX_DRIFT.p99:.0%})"
            )
    return found
