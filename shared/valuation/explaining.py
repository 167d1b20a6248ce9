"""Makes the reasons and comparables of a whole generation, a batch of punks at a time.

A batch is a few seconds of work at most, so that who makes them can do something else in between, or stop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from shared.market.series import Floats
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.valuation.calibration.intervals import Calibration
from shared.valuation.comparables import MOST, SoldPunks
from shared.valuation.explained import NOBODY, Before, Explained
from shared.valuation.model import ValuationModel
from shared.valuation.reason_parts import USUAL, Key
from shared.valuation.reasons import Reasons, reasons
from shared.valuation.trait_premia import KINDS, trait_premia

BATCH: Final = 250


@dataclass(frozen=True)
class MarketThen:
    """What comparables and premia need of a timeline, taken out of it: the timeline may then read on.

    Attributes:
        level_eth: the index's level for common punks.
        premia, errors: shape (traits,), log units.
    """

    traits: Traits
    sold: SoldPunks
    level_eth: float
    premia: Floats
    errors: Floats

    @classmethod
    def of(cls, timeline: MarketTimeline, as_of: int) -> MarketThen:
        """Strictly before `as_of` (UTC seconds)."""
        level = timeline.index.states.last_before(np.array([as_of], dtype=np.int64))[0, 0]
        return cls(
            traits=timeline.traits,
            sold=SoldPunks(timeline, as_of),
            level_eth=float(np.exp(np.nan_to_num(level))),
            premia=trait_premia(timeline, as_of),
            errors=premium_errors(timeline, as_of),
        )


def premium_errors(timeline: MarketTimeline, as_of: int) -> Floats:
    """Standard error of every premium of `trait_premia`, shape (traits,), log units, by the index's Kalman filter.

    From the variances alone: a type, skin or count is told over those of common punks, and what their errors have in
    common is left out. That makes the error too large rather than too small.
    """
    traits = timeline.traits
    found = timeline.index.variances.last_before(np.array([as_of], dtype=np.int64))[0, 1:].astype(np.float64)
    variance = np.nan_to_num(found)
    total = variance.copy()
    for place in range(KINDS):
        held = np.unique(traits.members[:, place])
        kind = held[held >= 0]
        share = traits.common[kind]
        shared = float(share**2 @ variance[kind])
        total[kind] = (1.0 - 2.0 * share) * variance[kind] + shared
    errors: Floats = np.sqrt(np.maximum(total, 0.0))
    return errors


def explained_in_batches(
    model: ValuationModel, frame: pl.DataFrame, then: MarketThen, calibration: Calibration | None = None
) -> Iterator[Explained | None]:
    """None after each batch of punks, and at the end the whole. `frame`: of a nowcast snapshot; `calibration`: what its
    values were corrected by, without it that of the fit.

    Raises:
        InvalidInputError: a punk has no floor, and so no value. IntegrityError: reasons do not add up.
    """
    found: list[Reasons] = []
    near = np.full((frame.height, MOST), NOBODY, dtype=np.int16)
    similarity = np.zeros((frame.height, MOST), dtype=np.float32)
    punks = frame["punk_id"].to_list()
    for start in range(0, frame.height, BATCH):
        found += reasons(model, frame.slice(start, BATCH), then.traits, then.premia, calibration)
        for row in range(start, min(start + BATCH, frame.height)):
            sold, alike = then.sold.near(punks[row])
            near[row, : len(sold)], similarity[row, : len(sold)] = sold, np.round(alike, 4)
        yield None
    yield _explained(model, then, found, near, similarity)


def _explained(
    model: ValuationModel,
    then: MarketThen,
    found: list[Reasons],
    near: npt.NDArray[np.int16],
    similarity: npt.NDArray[np.float32],
) -> Explained:
    kinds: dict[Key, int] = {USUAL: 0}
    for reason in found:
        for part in reason.parts:
            kinds.setdefault((part.group, part.name), len(kinds))
    sold, count = then.sold.last_sales, len(then.traits.members)

    def by_punk(column: npt.NDArray[np.generic], empty: float) -> npt.NDArray[np.generic]:
        values = np.full(count, empty, dtype=column.dtype)
        values[sold.punk_id] = column
        return values

    every = list(chain.from_iterable(reason.parts for reason in found))
    return Explained(
        model_id=model.model_id,
        parts=tuple(kinds),
        traits=then.traits.names,
        starts=np.cumsum([0, *(len(reason.parts) for reason in found)], dtype=np.int64),
        part=np.array([kinds[part.group, part.name] for part in every], dtype=np.uint16),
        log=np.array([part.log for part in every], dtype=np.float32),
        floor_eth=np.array([reason.floor_eth for reason in found]),
        near=near,
        similarity=similarity,
        sold_time=by_punk(sold.time, 0),  # type: ignore[arg-type]
        sold_price_eth=by_punk(sold.price_eth, np.nan),  # type: ignore[arg-type]
        sold_floor_eth=by_punk(sold.floor_eth, np.nan),  # type: ignore[arg-type]
        sold_adjusted_eth=by_punk(sold.adjusted_eth, np.nan),  # type: ignore[arg-type]
        level_eth=then.level_eth,
        premium=then.premia.astype(np.float32),
        premium_error=then.errors.astype(np.float32),
    )


def compared(after: Explained, before: Explained | None, *, described: Before) -> Explained:
    """`after` with what the generation before said; how its parts have moved, where both are of one model.

    `described` names that generation and its values, `before` are its reasons, if they are known.
    """
    if before is not None and _same_parts(before, after):
        described = replace(described, floor_eth=before.floor_eth, moved=(after.log - before.log).astype(np.float32))
    return replace(after, before=described)


def _same_parts(one: Explained, other: Explained) -> bool:
    """One model, and for each punk the same parts in the same order."""
    if one.model_id != other.model_id or not np.array_equal(one.starts, other.starts):
        return False
    kinds = {key: kind for kind, key in enumerate(other.parts)}
    translated = np.array([kinds.get(key, NOBODY) for key in one.parts])
    return np.array_equal(translated[one.part], other.part)
