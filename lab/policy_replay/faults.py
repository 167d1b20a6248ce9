"""The faults of a refit. A fault belongs to one refit, at the gate and in service."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args

import numpy as np
import polars as pl

from shared.errors import InvalidInputError
from shared.valuation.snapshot import Snapshot

Kind = Literal["label_noise", "stale_features", "trait_shuffle", "units", "subtle"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MEANINGS: dict[Kind, str] = {
    "label_noise": "training prices times exp(N(0, 0.5))",
    "stale_features": "values the market of 7 days before: every feature, the floor too",
    "trait_shuffle": "the premium of its traits comes from another punk, drawn at random",
    "units": "training prices ten times too high",
    "subtle": "trained on three of ten sales",
}
NOISE = 0.5
STALE = timedelta(days=7)
SHUFFLED = "premium"
KEPT = 0.3
OF_EACH = 2
"""Number of times that `all` injects each kind."""


@dataclass(frozen=True)
class Fault:
    """A kind of fault in the refit with this number."""

    kind: Kind
    refit: int


def parse(spec: str | None, refits: Sequence[datetime]) -> tuple[Fault, ...]:
    """`all`, or `kind@YYYY-MM-DD` joined by commas: the first refit on or after that day is spoilt. None: no faults.

    The first refit is the first champion of every policy and has no fault.

    Raises:
        InvalidInputError: another kind, no date, no refit on or after it, or two faults in one refit.
    """
    if not spec or spec == "none":
        return ()
    if spec == "all":
        return _all(len(refits))
    faults: dict[int, Fault] = {}
    for part in spec.split(","):
        match = re.fullmatch(r"\s*([a-z_]+)@(\d{4}-\d\d-\d\d)\s*", part)
        kind = next((name for name in KINDS if match and name == match[1]), None)
        if match is None or kind is None:
            raise InvalidInputError(f"--inject {part!r}: write all, none or kind@2024-11-01; kinds: {', '.join(KINDS)}")
        day = datetime.combine(_day(match[2]), time.min, UTC)
        refit = next((number for number, at in enumerate(refits) if number and at >= day), None)
        if refit is None:
            raise InvalidInputError(f"--inject {part!r}: there is no refit on or after that day")
        if refit in faults:
            raise InvalidInputError(f"--inject {part!r}: the refit of {refits[refit]:%Y-%m-%d} has a fault already")
        faults[refit] = Fault(kind, refit)
    return tuple(faults[number] for number in sorted(faults))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInputError(f"--inject: {text} is not a day") from error


def _all(refits: int) -> tuple[Fault, ...]:
    """Each kind `OF_EACH` times, the kinds in turn, evenly spread over the refits after the first."""
    count = OF_EACH * len(KINDS)
    if refits - 1 < count:
        raise InvalidInputError(f"--inject all needs {count + 1} refits, the window has {refits}; choose a longer one")
    spread = [1 + (2 * number + 1) * (refits - 1) // (2 * count) for number in range(count)]
    return tuple(Fault(KINDS[number % len(KINDS)], refit) for number, refit in enumerate(spread))


def spoil_training(snapshot: Snapshot, fault: Fault) -> Snapshot:
    """The training data of the spoilt refit."""
    generator = np.random.default_rng((KINDS.index(fault.kind), fault.refit))
    frame = snapshot.frame
    if fault.kind == "units":
        frame = frame.with_columns(price_eth=pl.col("price_eth") * 10.0)
    elif fault.kind in ("label_noise", "subtle"):
        sales = frame["event_seq"].unique().sort()
        draws = pl.DataFrame({"event_seq": sales, "noise": generator.normal(0, NOISE, len(sales))})
        draws = draws.with_columns(kept=pl.Series(generator.random(len(sales)) < KEPT))
        frame = frame.join(draws, on="event_seq", how="left", maintain_order="left")
        if fault.kind == "subtle":
            frame = frame.filter(pl.col("kept"))
        else:
            frame = frame.with_columns(price_eth=pl.col("price_eth") * pl.col("noise").exp())
        frame = frame.drop("noise", "kept")
    return Snapshot(
        kind=snapshot.kind,
        as_of=snapshot.as_of,
        last_event_seq=snapshot.last_event_seq,
        last_block=snapshot.last_block,
        feature_schema=snapshot.feature_schema,
        frame=frame,
    )


def spoils_training(fault: Fault) -> bool:
    """False for faults in the inputs of predictions."""
    return fault.kind in ("label_noise", "units", "subtle")


def shuffle(frame: pl.DataFrame, fault: Fault) -> pl.DataFrame:
    """The frame as a model with a shuffled trait column sees it."""
    generator = np.random.default_rng((KINDS.index(fault.kind), fault.refit, frame.height))
    return frame.with_columns(pl.Series(SHUFFLED, generator.permutation(frame[SHUFFLED].to_numpy())))
