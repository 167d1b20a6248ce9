"""Models, the pointer, and decisions with their evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.pool import Connection

CURRENT_MODEL_SQL = """
select model_id, previous_model_id, generation, decision_id, moved_at from model_pointer
"""
MODEL_SQL = """
select model_id, state, artifact_key, artifact_sha256, artifact_bytes, artifact_format,
       xgboost_version, git_sha, git_dirty, environment_hash, training_snapshot, evaluation_snapshot,
       data_cutoff, training_rows, feature_schema,
       params::text as params, seed, report::text as report, training_request, parent_model, registered_at
from models
where model_id = $1
"""
MODELS_SQL = """
select model_id, state, data_cutoff, training_rows, feature_schema, parent_model, training_request,
       registered_at
from models
where ($1::text is null or state = $1)
  and ($2::timestamptz is null or (registered_at, model_id) < ($2, $3::text))
order by registered_at desc, model_id desc
limit $4
"""
MODEL_HISTORY_SQL = """
select generation, previous_model_id, decision_id, moved_at
from model_pointer_history
where model_id = $1
order by generation
"""
DECISIONS_SQL = """
select decision_id, kind, subject_model, champion_model, verdict, action, policy_hash,
       evidence_hash, actor, reason, expected_generation, decided_at, owner, expires_at
from decisions
where ($1::text is null or subject_model = $1)
  and ($2::timestamptz is null or (decided_at, decision_id) < ($2, $3::uuid))
order by decided_at desc, decision_id desc
limit $4
"""
DECISION_SQL = """
select decision_id, kind, subject_model, champion_model, verdict, action, policy_hash,
       evidence_hash, actor, reason, expected_generation, decided_at, owner, expires_at, evidence
from decisions
where decision_id = $1
"""
CHECKS_SQL = """
select decision_id, check_name, verdict, estimate, interval_lo, interval_hi, n, threshold, detail
from gate_evidence
where decision_id = any($1::uuid[])
order by decision_id, check_name
"""


@dataclass(frozen=True)
class PointerRow:
    """The model pointer, or one row of its history (which has no `model_id` of its own there)."""

    generation: int
    previous_model_id: str | None
    decision_id: UUID
    moved_at: datetime
    model_id: str = ""


@dataclass(frozen=True)
class ModelSummaryRow:
    model_id: str
    state: str
    data_cutoff: datetime
    training_rows: int
    feature_schema: str
    parent_model: str | None
    training_request: UUID
    registered_at: datetime


@dataclass(frozen=True)
class ModelRow(ModelSummaryRow):
    """A whole row of `models`; `params` and `report` are JSON text."""

    artifact_key: str
    artifact_sha256: str
    artifact_bytes: int
    artifact_format: str
    xgboost_version: str
    git_sha: str
    git_dirty: bool
    environment_hash: str
    training_snapshot: str
    evaluation_snapshot: str
    params: str
    seed: int
    report: str


@dataclass(frozen=True)
class CheckRow:
    """One check of a gate."""

    decision_id: UUID
    check_name: str
    verdict: str
    estimate: float | None
    interval_lo: float | None
    interval_hi: float | None
    n: int | None
    threshold: float | None
    detail: str


@dataclass(frozen=True)
class DecisionRow:
    """A row of `decisions`; `evidence` (canonical JSON text) only when asked for one decision."""

    decision_id: UUID
    kind: str
    subject_model: str
    champion_model: str | None
    verdict: str
    action: str
    policy_hash: str
    evidence_hash: str
    actor: str
    reason: str
    expected_generation: int
    decided_at: datetime
    owner: str | None
    expires_at: datetime | None
    evidence: str | None = None


async def current(connection: Connection) -> PointerRow | None:
    row = await connection.fetchrow(CURRENT_MODEL_SQL)
    return PointerRow(**row) if row else None


async def model(connection: Connection, model_id: str) -> ModelRow | None:
    row = await connection.fetchrow(MODEL_SQL, model_id)
    return ModelRow(**row) if row else None


async def history(connection: Connection, model_id: str) -> Sequence[PointerRow]:
    """When the pointer named the model, oldest first."""
    return [PointerRow(**row) for row in await connection.fetch(MODEL_HISTORY_SQL, model_id)]


async def models(
    connection: Connection, *, state: str | None, before: tuple[datetime, str] | None, limit: int
) -> Sequence[ModelSummaryRow]:
    """Newest first, behind the key `before`."""
    at, model_id = before or (None, None)
    return [ModelSummaryRow(**row) for row in await connection.fetch(MODELS_SQL, state, at, model_id, limit)]


async def decisions(
    connection: Connection, *, model_id: str | None, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[DecisionRow]:
    """Newest first, behind the key `before`; of one subject model when given."""
    at, decision_id = before or (None, None)
    rows = await connection.fetch(DECISIONS_SQL, model_id, at, decision_id, limit)
    return [DecisionRow(**row) for row in rows]


async def decision(connection: Connection, decision_id: UUID) -> DecisionRow | None:
    row = await connection.fetchrow(DECISION_SQL, decision_id)
    return DecisionRow(**row) if row else None


async def checks(connection: Connection, decision_ids: Sequence[UUID]) -> Sequence[CheckRow]:
    """The checks of several decisions in one question."""
    return [CheckRow(**row) for row in await connection.fetch(CHECKS_SQL, list(decision_ids))]
