"""The gate's evidence, computed from loaded model files and snapshots without any I/O."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import structlog

from shared.evaluation.arrays import Floats
from shared.evaluation.evidence import (
    BlastFacts,
    GateEvidence,
    HoldoutSales,
    InfraFacts,
    LineageFacts,
    Predictions,
    Unsupported,
)
from shared.registry.models import ModelRecord
from shared.valuation.model import ValuationModel
from shared.valuation.snapshot import Snapshot

log = structlog.get_logger(__name__)
UNKNOWN = "unknown"
"""Stands for the code's revision when a trainer could not determine it."""


@dataclass(frozen=True)
class Loaded:
    """A model file. No model, but an error, if the file is damaged or its model cannot value the hold-out."""

    record: ModelRecord
    model: ValuationModel | None
    sha256_matches: bool
    error: str


@dataclass(frozen=True)
class Files:
    """The model files and snapshots that the evidence is computed from.

    Attributes:
        deployed: the contender's file loaded again, as a nowcaster would load it after the promotion.
        training: the contender's training snapshot. Its last sales came after the other models' cut-offs, so those
            models are calibrated by them.
        published: values (ETH) that an unsupported champion published of hold-out sales, by event number.
    """

    contender: Loaded
    deployed: Loaded
    champion: Loaded | None
    last_confirmed: Loaded | None
    holdout: Snapshot | None
    training: Snapshot | None
    nowcast: Snapshot | None
    published: dict[int, float]


def evidence_of(
    files: Files,
    *,
    has_champion: bool,
    has_anchor: bool,
    champion_unsupported: Unsupported | None,
    anchor_unsupported: str | None,
    stopwatch: Callable[[], float],
    max_latency_s: float,
) -> GateEvidence:
    """State the facts about the contender and the models it is compared with."""
    model, old = files.contender.model, _model(files.champion)
    rows = None if files.holdout is None else _priced(files.holdout.frame)
    blast = None
    if files.nowcast is not None and model is not None and old is not None:
        frame = files.nowcast.frame
        blast = BlastFacts.of(model.predict(frame).value_eth, old.predict(frame).value_eth)
    return GateEvidence(
        has_champion=has_champion,
        has_anchor=has_anchor,
        lineage=_lineage(files),
        infra=_infra(files, rows, stopwatch, max_latency_s),
        sales=None
        if rows is None or model is None
        else _sales(rows, files, model, old, published=champion_unsupported is not None),
        blast=blast,
        champion_unsupported=champion_unsupported,
        anchor_unsupported=anchor_unsupported,
    )


def _model(loaded: Loaded | None) -> ValuationModel | None:
    return None if loaded is None else loaded.model


def _infra(files: Files, rows: pl.DataFrame | None, stopwatch: Callable[[], float], max_latency_s: float) -> InfraFacts:
    loaded, model = files.contender, files.contender.model
    if model is None or rows is None or rows.height == 0:
        return InfraFacts(model is not None, loaded.error, loaded.sha256_matches, None, None, 0, None)
    frames = [rows] if files.nowcast is None else [rows, files.nowcast.frame]
    started = stopwatch()
    numbers = [model.predict(frame).numbers() for frame in frames]
    elapsed = stopwatch() - started
    log.info("gate.latency", seconds=round(elapsed, 4), rows=sum(frame.height for frame in frames))
    deployed = files.deployed.model
    parity = None
    if deployed is not None:
        parity = max(
            _difference(judged, deployed.predict(frame).numbers())
            for judged, frame in zip(numbers, frames, strict=True)
        )
    return InfraFacts(
        loads=True,
        load_error="",
        sha256_matches=loaded.sha256_matches,
        finite_positive=all(bool(np.all(np.isfinite(array) & (array > 0))) for array in numbers),
        golden_difference=model.reference_difference(),
        golden_rows=0 if model.reference is None else model.reference.rows.height,
        quick=elapsed <= max_latency_s,
        parity_difference=parity,
        parity_rows=sum(frame.height for frame in frames),
    )


def _priced(frame: pl.DataFrame) -> pl.DataFrame:
    """The sales at which there was a floor."""
    return frame.filter(pl.col("floor_eth").is_finite() & (pl.col("floor_eth") > 0))


def _lineage(files: Files) -> LineageFacts:
    contender, model, holdout = files.contender.record, files.contender.model, files.holdout
    required = (
        "git_sha",
        "environment_hash",
        "xgboost_version",
        "artifact_format",
        "feature_schema",
        "params",
        "training_rows",
    )
    missing = [name for name in required if getattr(contender, name) in ("", UNKNOWN, {}, 0)]
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
        None if files.champion is None else files.champion.record.data_cutoff,
        None if files.last_confirmed is None else files.last_confirmed.record.data_cutoff,
    )


def _sales(
    rows: pl.DataFrame, files: Files, new: ValuationModel, old: ValuationModel | None, *, published: bool
) -> HoldoutSales:
    """Every model is calibrated as in service: for each sale, by earlier outcomes since the model's cut-off."""
    earlier = [] if files.training is None else [files.training.frame]
    confirmed = _model(files.last_confirmed)
    values = [files.published.get(seq, np.nan) for seq in rows["event_seq"].to_list()]
    return HoldoutSales.of(
        rows,
        contender=Predictions.of(new.predict_forward(rows, rows)),
        champion=None if old is None else Predictions.of(old.predict_forward(rows, *earlier, rows)),
        anchor=None if confirmed is None else Predictions.of(confirmed.predict_forward(rows, *earlier, rows)),
        published=np.array(values, np.float64) if published else None,
    )


def _difference(judged: Floats, deployed: Floats) -> float:
    """The largest relative difference of any number; infinite where one is not a number."""
    worst = float(np.max(np.abs(deployed - judged) / np.abs(judged)))
    return worst if np.isfinite(worst) else float("inf")
