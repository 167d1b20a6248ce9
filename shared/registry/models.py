"""The registry of models: what they are (immutable) and the state they are in."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
from pydantic import BaseModel, Field

from shared.database.pool import Connection
from shared.errors import ConflictError, NotFoundError
from shared.registry.promotions import IS_OPEN
from shared.storage.object_store import ObjectRef

State = Literal["registered", "evaluated", "rejected", "shadow", "champion", "retired", "rolled_back", "quarantined"]
Role = Literal["champion", "previous", "shadow"]

_COLUMNS = """model_id, state, artifact_key, artifact_sha256, artifact_bytes, artifact_format,
       xgboost_version, git_sha, git_dirty, environment_hash, training_snapshot, evaluation_snapshot,
       data_cutoff, training_rows, feature_schema, params::text as params, seed, report::text as report,
       training_request, parent_model, registered_at,
       array(select note from model_signatures s where s.model_id = models.model_id order by note) as signatures"""

# In the order of `ModelRecord`, without the state and the signatures.
INSERT_MODEL_SQL = """
insert into models (model_id, data_cutoff, training_rows, feature_schema, parent_model, training_request, registered_at,
                    artifact_key, artifact_sha256, artifact_bytes, artifact_format, xgboost_version, git_sha, git_dirty,
                    environment_hash, training_snapshot, evaluation_snapshot, params, seed, report)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18::text::jsonb, $19,
        $20::text::jsonb)
on conflict (model_id) do nothing
returning model_id
"""
INSERT_SIGNATURE_SQL = """
insert into model_signatures (model_id, note, signed_at) values ($1, $2, $3) on conflict do nothing
"""
SELECT_MODEL_SQL = f"select {_COLUMNS} from models where model_id = $1"
SELECT_CHAMPION_SQL = f"select {_COLUMNS} from models where state = 'champion'"
LIST_MODELS_SQL = f"""
select {_COLUMNS} from models
where ($1::text is null or state = $1)
  and ($2::timestamptz is null or (registered_at, model_id) < ($2, $3::text))
order by registered_at desc, model_id desc
limit $4
"""
ACTIVE_MODELS_SQL = f"""
with active as (
    select model_id as active_id, 'champion' as role, 0 as place from models where state = 'champion'
    union all
    select p.previous_model_id, 'previous', 1
    from (select model_id, previous_model_id from promotions where {IS_OPEN}) p
    join models c on c.model_id = p.model_id and c.state = 'champion'
    where p.previous_model_id is not null
    union all
    select model_id, 'shadow', 2 from shadows where ended_at is null
)
select role, {_COLUMNS}
from active join models on model_id = active_id
where not (role = 'previous' and state <> 'retired')
order by place, registered_at, model_id
"""
REGISTERED_SQL = f"""
select {_COLUMNS} from models
where state = 'registered' and registered_at > $1 and registered_at <= $2
order by registered_at, model_id
"""
TRANSITION_SQL = "update models set state = $3 where model_id = $1 and state = $2 returning model_id"


class ModelSummary(BaseModel, frozen=True):
    """A model in the registry."""

    model_id: str
    state: State
    data_cutoff: Annotated[datetime, Field(description="Trained on sales before this instant")]
    training_rows: int
    feature_schema: str
    parent_model: str | None
    training_request: UUID
    registered_at: datetime


class ModelRecord(ModelSummary, frozen=True):
    """A row of the registry: the artifact by content, code, environment, data, and the trainer's report."""

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
    params: dict[str, Any]
    seed: int
    report: dict[str, Any]
    signatures: Annotated[tuple[str, ...], Field(description="Signed notes about the file; see docs/security.md")] = ()


@dataclass(frozen=True)
class ActiveModel:
    """A model that the nowcaster values every punk with, and as what."""

    role: Role
    record: ModelRecord


def artifact(record: ModelRecord) -> ObjectRef:
    """Where the model file lies and what it must hash to."""
    return ObjectRef(key=record.artifact_key, sha256=record.artifact_sha256, size=record.artifact_bytes)


async def register(connection: Connection, record: ModelRecord) -> bool:
    """Store a contender with its signatures; False when it is already stored.

    Its state is `registered`, whatever state the record has.

    Raises:
        ConflictError: the training request already produced another model.
    """
    row = dict(record) | {"params": _json(record.params), "report": _json(record.report)}
    columns = [row[name] for name in ModelRecord.model_fields if name not in ("state", "signatures")]
    try:
        new = await connection.fetchval(INSERT_MODEL_SQL, *columns) is not None
    except asyncpg.UniqueViolationError as error:
        raise ConflictError(f"training request {record.training_request} already produced another model") from error
    await add_signatures(connection, record.model_id, record.signatures, at=record.registered_at)
    return new


async def add_signatures(connection: Connection, model_id: str, notes: Sequence[str], *, at: datetime) -> None:
    """Store signed notes about a model's file (idempotent)."""
    await connection.executemany(INSERT_SIGNATURE_SQL, [(model_id, note, at) for note in notes])


async def get(connection: Connection, model_id: str) -> ModelRecord:
    """The model. Raises NotFoundError: no such model."""
    row = await connection.fetchrow(SELECT_MODEL_SQL, model_id)
    if row is None:
        raise NotFoundError(f"model {model_id} does not exist; list the models to see their ids")
    return _record(row)


async def listing(
    connection: Connection, *, state: str | None = None, before: tuple[datetime, str] | None = None, limit: int = 100
) -> list[ModelRecord]:
    """Newest first, optionally of one state; `before` is the (registered_at, model_id) of the last one seen."""
    rows = await connection.fetch(LIST_MODELS_SQL, state, *(before or (None, None)), limit)
    return [_record(row) for row in rows]


async def registered(connection: Connection, *, after: datetime, before: datetime) -> list[ModelRecord]:
    """Contenders registered in (after, before] that no gate has judged, oldest first."""
    return [_record(row) for row in await connection.fetch(REGISTERED_SQL, after, before)]


async def champion(connection: Connection) -> ModelRecord | None:
    """The one champion, or None before the first promotion."""
    row = await connection.fetchrow(SELECT_CHAMPION_SQL)
    return None if row is None else _record(row)


async def active(connection: Connection) -> list[ActiveModel]:
    """Champion, then its fallback while the promotion is open, then the shadows."""
    return [ActiveModel(role=row["role"], record=_record(row)) for row in await connection.fetch(ACTIVE_MODELS_SQL)]


async def transition(connection: Connection, model_id: str, *, expected: State, to: State) -> None:
    """Move a model from one state to the next.

    Raises:
        ConflictError: the model is not in the expected state (somebody else moved it).
    """
    if await connection.fetchval(TRANSITION_SQL, model_id, expected, to) is None:
        raise ConflictError(f"model {model_id} is no longer {expected}, so it cannot become {to}; read it again")


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False)


def _record(row: asyncpg.Record) -> ModelRecord:
    return ModelRecord(**{**row, "params": json.loads(row["params"]), "report": json.loads(row["report"])})
