"""Everything there is to say about one value: interval, reasons, comparables, own history, and what moved it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from shared.errors import InvalidInputError, NotFoundError
from shared.market.timeline import MarketTimeline
from shared.market.traits import PUNKS, TYPES
from shared.snapshots.snapshot import Snapshot
from shared.valuation import confidence
from shared.valuation.calibration.intervals import Calibration
from shared.valuation.comparables import Comparable, OwnSale, SoldPunks, own_sales
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.inputs import as_seconds
from shared.valuation.model import ValuationModel, Values
from shared.valuation.reasons import Changes, Reasons, changes, reasons
from shared.valuation.trait_premia import trait_premia


@dataclass(frozen=True)
class Explanation:
    """One punk's value as of one instant.

    Attributes:
        traits: names as in `Traits.names`, like `accessory:Hoodie`.
        bounds: `lo50` … `hi90` in ETH.
        meaning: of the confidence grade.
        changes: since the nowcast before; None where none was given, or the punk had no value then.
        features: the feature row by name, NaN where unknown.
    """

    punk_id: int
    traits: tuple[str, ...]
    as_of: datetime
    snapshot_id: str
    model_id: str
    bounds: dict[str, float]
    confidence: str
    meaning: str
    reasons: Reasons
    changes: Changes | None
    comparables: tuple[Comparable, ...]
    own_sales: tuple[OwnSale, ...]
    features: dict[str, float]


def explain(
    model: ValuationModel,
    snapshot: Snapshot,
    timeline: MarketTimeline,
    punk: int,
    *,
    calibration: Calibration,
    before: tuple[Snapshot, Calibration] | None = None,
) -> Explanation:
    """Explain the value of a punk in a nowcast snapshot.

    The timeline may know more than the snapshot: nothing at or after the snapshot's instant is read. `calibration` is
    that of the instant (`recalibration.calibration_from_events`, or what the nowcast was made with). `before` is the
    snapshot of the nowcast before with its calibration, which is valued by the same model.

    Raises:
        NotFoundError: there is no such punk.
        InvalidInputError: the punk has no value then, or the model knows other features than the snapshot.
    """
    require_punk(punk)
    after, frame = _reasons(model, snapshot, timeline, punk, calibration)
    earlier = None
    if before is not None and _has_floor(before[0], punk):
        earlier, _ = _reasons(model, before[0], timeline, punk, before[1])
    values, instant = model.predict(frame, calibration), as_seconds(snapshot.as_of)
    grade = str(values.confidence[0])
    traits = timeline.traits
    return Explanation(
        punk_id=punk,
        traits=tuple(traits.names[trait] for trait in traits.trait_lists[punk]),
        as_of=snapshot.as_of,
        snapshot_id=snapshot.snapshot_id,
        model_id=model.model_id,
        bounds={
            name: float(getattr(values, name)[0]) for name in Values.__dataclass_fields__ if name[:2] in ("lo", "hi")
        },
        confidence=grade,
        meaning=confidence.meaning(grade, TYPES[int(traits.type_code[punk])]),
        reasons=after,
        changes=None if earlier is None else changes(earlier, after),
        comparables=SoldPunks(timeline, instant).nearest(punk),
        own_sales=own_sales(timeline, punk, instant),
        features={name: float(frame[name][0]) for name in FEATURE_NAMES},
    )


def require_punk(punk: int) -> None:
    """Raises NotFoundError: there is no such punk."""
    if not 0 <= punk < PUNKS:
        raise NotFoundError(f"there is no punk {punk}; they go from 0 to {PUNKS - 1}")


def _reasons(
    model: ValuationModel, snapshot: Snapshot, timeline: MarketTimeline, punk: int, calibration: Calibration
) -> tuple[Reasons, pl.DataFrame]:
    """The punk's reasons and its row."""
    if snapshot.feature_schema != model.feature_schema:
        raise InvalidInputError(
            f"snapshot {snapshot.snapshot_id[:12]} has feature schema {snapshot.feature_schema[:12]}, model "
            f"{model.model_id} knows {model.feature_schema[:12]}; explain with the version that made the snapshot"
        )
    if not _has_floor(snapshot, punk):
        raise InvalidInputError(
            f"no punk but {punk} itself was for sale before {snapshot.as_of.isoformat()}: without a floor there is no "
            "value to explain; ask for a later instant"
        )
    frame = snapshot.frame.filter(pl.col("punk_id") == punk)
    premia = trait_premia(timeline, as_seconds(snapshot.as_of))
    return reasons(model, frame, timeline.traits, premia, calibration)[0], frame


def _has_floor(snapshot: Snapshot, punk: int) -> bool:
    return bool(np.isfinite(snapshot.frame.filter(pl.col("punk_id") == punk)["floor_eth"][0]))
