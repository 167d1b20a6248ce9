"""Makes the reasons and comparables of a whole generation, a batch of punks at a time.

A batch is a second of work, so that whoever makes them can do something else in between, or stop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from shared.market.series import Floats
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.valuation.calibration import Calibration
from shared.valuation.explanation.attribution import Attribution, Attributor
from shared.valuation.explanation.comparables import MOST, SoldPunks, premium_errors, trait_premia
from shared.valuation.explanation.stored import NOBODY, Before, Explained
from shared.valuation.model import ValuationModel

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


def explained_in_batches(
    model: ValuationModel, frame: pl.DataFrame, then: MarketThen, calibration: Calibration
) -> Iterator[Explained | None]:
    """None after each batch of punks, and at the end the whole. `frame`: of a nowcast snapshot; `calibration`: what its
    values were corrected by.

    Raises:
        InvalidInputError: a punk has no floor, and so no value. IntegrityError: contributions do not add up.
    """
    attributor = Attributor(model, frame, then.traits, then.premia, calibration)
    found: list[Attribution] = []
    near = np.full((frame.height, MOST), NOBODY, dtype=np.int16)
    similarity = np.zeros((frame.height, MOST), dtype=np.float32)
    for start in range(0, frame.height, BATCH):
        found.append(attributor.of(slice(start, start + BATCH)))
        for row, punk in enumerate(found[-1].punk_id.tolist(), start):
            sold, alike = then.sold.near(punk)
            near[row, : len(sold)], similarity[row, : len(sold)] = sold, np.round(alike, 4)
        yield None
    yield _explained(model.model_id, then, Attribution.joined(found), near, similarity)


def _explained(
    model_id: str,
    then: MarketThen,
    found: Attribution,
    near: npt.NDArray[np.int16],
    similarity: npt.NDArray[np.float32],
) -> Explained:
    sold, there = then.sold.last_sales, found.kind >= 0

    def by_punk(column: npt.NDArray[np.generic], empty: float) -> npt.NDArray[np.generic]:
        values = np.full(len(then.traits.members), empty, dtype=column.dtype)
        values[sold.punk_id] = column
        return values

    return Explained(
        model_id=model_id,
        parts=found.keys,
        traits=then.traits.names,
        starts=np.append(0, there.sum(axis=1).cumsum()),
        part=found.kind[there].astype(np.uint16),
        log=found.log[there].astype(np.float32),
        floor_eth=found.floor_eth,
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
