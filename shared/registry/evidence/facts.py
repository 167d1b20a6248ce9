"""A gate's evidence from the files of a contender, a champion and a hold-out, without I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import structlog

from shared.evaluation.arrays import Floats
from shared.evaluation.evidence import (
    GateEvidence,
    HoldoutSales,
    InfraFacts,
    LineageFacts,
    Predictions,
    SnapshotValues,
    Unsupported,
)
from shared.market.traits import RARE_TYPES
from shared.registry.models import ModelRecord
from shared.snapshots.snapshot import Snapshot
from shared.valuation.model import ValuationModel

log = structlog.get_logger(__name__)
UNKNOWN = "unknown"
"""Written by a trainer that does not know its own commit."""


@dataclass(frozen=True)
class Loaded:
    """A model file as it was found; no model and an error when it is damaged, or cannot value the hold-out."""

    model: ValuationModel | None
    sha256_matches: bool
    error: str


@dataclass(frozen=True)
class Files:
    """What the evidence is taken from.

    `again` is the contender's file read a second time, as a nowcaster would after the promotion; `learnt` its training
    snapshot, whose last sales came after the cut-offs of the others and are outcomes of theirs. `champion_unsupported`
    and `anchor_unsupported` say why that model is not among the files; `published` is then what the champion
    published (ETH) of sales of the hold-out, by event number.
    """

    new: Loaded
    again: Loaded
    old: Loaded | None
    anchor: Loaded | None
    holdout: Snapshot | None
    learnt: Snapshot | None
    nowcast: Snapshot | None
    champion_unsupported: Unsupported | None
    anchor_unsupported: str | None
    published: dict[int, float]


def evidence_of(
    contender: ModelRecord,
    champion: ModelRecord | None,
    anchor: ModelRecord | None,
    files: Files,
    *,
    stopwatch: Callable[[], float],
) -> GateEvidence:
    """The facts about the contender, next to those about champion and anchor."""
    new, holdout = files.new, files.holdout
    old, third = (None if loaded is None else loaded.model for loaded in (files.old, files.anchor))
    rows = None if holdout is None else _priced(holdout.frame)
    # What cannot be asked has learnt from nothing that it could be asked about.
    asked = [None if loaded is None else record for loaded, record in ((files.old, champion), (files.anchor, anchor))]
    return GateEvidence(
        has_champion=champion is not None,
        has_anchor=anchor is not None,
        lineage=_lineage(contender, asked[0], asked[1], new.model, holdout),
        infra=_infra(contender, files, rows, stopwatch),
        sales=None if rows is None or new.model is None else _sales(rows, files, new.model, old, third),
        snapshot=_snapshot_values(files.nowcast, new.model, old),
        champion_unsupported=files.champion_unsupported,
        anchor_unsupported=files.anchor_unsupported,
    )


def _infra(
    contender: ModelRecord, files: Files, rows: pl.DataFrame | None, stopwatch: Callable[[], float]
) -> InfraFacts:
    loaded, model = files.new, files.new.model
    if model is None or rows is None or rows.height == 0:
        return InfraFacts(model is not None, loaded.error, loaded.sha256_matches, None, None, 0, None)
    frames = [rows] if files.nowcast is None else [rows, files.nowcast.frame]
    started = stopwatch()
    numbers = [model.predict(frame).numbers() for frame in frames]
    elapsed = stopwatch() - started
    log.info("gate.latency", seconds=round(elapsed, 4), rows=sum(frame.height for frame in frames))
    deployed = files.again.model
    return InfraFacts(
        loads=True,
        load_error="",
        sha256_matches=loaded.sha256_matches,
        finite_positive=all(bool(np.all(np.isfinite(one) & (one > 0))) for one in numbers),
        golden_difference=model.reference_difference(),
        golden_rows=0 if model.reference is None else model.reference.rows.height,
        latency_s=elapsed,
        parity_difference=None
        if deployed is None
        else max(_difference(one, deployed.predict(f).numbers()) for one, f in zip(numbers, frames, strict=True)),
        parity_rows=sum(frame.height for frame in frames),
    )


def _priced(frame: pl.DataFrame) -> pl.DataFrame:
    """Sales that had a floor to be measured by."""
    return frame.filter(pl.col("floor_eth").is_finite() & (pl.col("floor_eth") > 0))


def _lineage(
    contender: ModelRecord,
    champion: ModelRecord | None,
    anchor: ModelRecord | None,
    model: ValuationModel | None,
    holdout: Snapshot | None,
) -> LineageFacts:
    required = {
        "git_sha": contender.git_sha if contender.git_sha != UNKNOWN else "",
        "environment_hash": contender.environment_hash,
        "xgboost_version": contender.xgboost_version,
        "artifact_format": contender.artifact_format,
        "feature_schema": contender.feature_schema,
        "params": contender.params,
        "training_rows": contender.training_rows,
    }
    missing = [name for name, value in required.items() if not value]
    if contender.model_id != ValuationModel.id_of(contender.artifact_sha256):
        missing.append("model_id is not that of its bytes")
    if model is not None and model.data_cutoff != contender.data_cutoff:
        missing.append("data_cutoff differs from the file's")
    if model is not None and model.feature_schema != contender.feature_schema:
        missing.append("feature_schema differs from the file's")
    if holdout is not None and holdout.frame["event_seq"].n_unique() != holdout.frame.height:
        missing.append("the hold-out names a sale twice")
    return LineageFacts(
        tuple(missing),
        contender.data_cutoff,
        champion.data_cutoff if champion else None,
        anchor.data_cutoff if anchor else None,
    )


def _sales(
    rows: pl.DataFrame,
    files: Files,
    new: ValuationModel,
    old: ValuationModel | None,
    anchor: ValuationModel | None,
) -> HoldoutSales:
    """Every model is calibrated by the outcomes before each sale since its own cut-off, as it is in service."""
    earlier = [] if files.learnt is None else [files.learnt.frame]
    published = None
    if files.champion_unsupported is not None:
        published = np.array([files.published.get(seq, np.nan) for seq in rows["event_seq"].to_list()], np.float64)
    return HoldoutSales(
        price=_floats(rows, "price_eth"),
        floor=_floats(rows, "floor_eth"),
        last_sale_carry=_floats(rows, "last_sale_carry_eth"),
        trait_median=_floats(rows, "trait_median_eth"),
        time=rows["sale_time"].dt.epoch("s").to_numpy().astype(np.int64),
        rare=np.isin(rows["punk_type"].to_numpy().astype(str), RARE_TYPES),
        contender=Predictions.of(new.predict_forward(rows, rows)),
        champion=None if old is None else Predictions.of(old.predict_forward(rows, *earlier, rows)),
        anchor=None if anchor is None else Predictions.of(anchor.predict_forward(rows, *earlier, rows)),
        published=published,
    )


def _snapshot_values(
    nowcast: Snapshot | None, new: ValuationModel | None, old: ValuationModel | None
) -> SnapshotValues | None:
    if nowcast is None or new is None or old is None:
        return None
    return SnapshotValues(contender=new.predict(nowcast.frame).value_eth, champion=old.predict(nowcast.frame).value_eth)


def _difference(judged: Floats, deployed: Floats) -> float:
    """The largest relative difference of any number; infinite where one is not a number."""
    worst = float(np.max(np.abs(deployed - judged) / np.abs(judged)))
    return worst if np.isfinite(worst) else float("inf")


def _floats(rows: pl.DataFrame, column: str) -> Floats:
    return rows[column].to_numpy().astype(np.float64)
