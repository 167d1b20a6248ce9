"""Where a model comes from and what became of it: parents, data, code, request, decisions, reigns, and live results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database.pool import Connection
from shared.evaluation.checks import Check
from shared.registry import decisions, models
from shared.registry.decisions import Decision
from shared.registry.models import ModelRecord
from shared.registry.pointer import Pointer

ANCESTORS_SQL = """
with recursive line as (
    select model_id, parent_model, 0 as depth from models where model_id = $1
    union all
    select m.model_id, m.parent_model, line.depth + 1
    from models m join line on m.model_id = line.parent_model
    where line.depth < 1000
)
select m.model_id, m.state, m.data_cutoff, m.registered_at, m.training_snapshot, m.artifact_sha256, m.git_sha
from line join models m using (model_id)
order by line.depth
"""
CHILDREN_SQL = """
select model_id, state, data_cutoff, registered_at, training_snapshot, artifact_sha256, git_sha
from models where parent_model = $1 order by registered_at, model_id
"""
REIGNS_SQL = """
select generation, model_id, previous_model_id, decision_id, moved_at
from model_pointer_history where model_id = $1 order by generation
"""
REQUEST_SQL = "select reason, requested_by, requested_at from training_requests where request_id = $1"
LIVE_SQL = """
select count(*) as n,
       percentile_cont(0.5) within group (order by abs(exp(log_error) - 1)) as median_ape,
       avg(abs(log_error)) as mean_loss,
       avg(abs(ln(floor_wei::float8 / price_wei::float8))) as floor_loss,
       avg(in80::int)::float8 as coverage80,
       avg(in90::int)::float8 as coverage90
from outcomes where model_id = $1 and horizon = 'latest'
"""


@dataclass(frozen=True)
class Relative:
    """A model in another one's line."""

    model_id: str
    state: models.State
    data_cutoff: datetime
    registered_at: datetime
    training_snapshot: str
    artifact_sha256: str
    git_sha: str


@dataclass(frozen=True)
class Request:
    """Why it was trained, and who asked."""

    reason: str
    requested_by: str
    requested_at: datetime


@dataclass(frozen=True)
class Live:
    """How its published and unpublished values did on later sales; losses are mean absolute log errors."""

    n: int
    median_ape: float | None
    mean_loss: float | None
    floor_loss: float | None
    coverage80: float | None
    coverage90: float | None


@dataclass(frozen=True)
class Lineage:
    """`line` goes from the model back to the first of its ancestors."""

    record: ModelRecord
    request: Request | None
    line: Sequence[Relative]
    children: Sequence[Relative]
    decisions: Sequence[tuple[Decision, Sequence[Check]]]
    reigns: Sequence[Pointer]
    live: Live


async def of(connection: Connection, model_id: str) -> Lineage:
    """Raises NotFoundError: no such model."""
    record = await models.get(connection, model_id)
    request = await connection.fetchrow(REQUEST_SQL, record.training_request)
    made = await decisions.of_model(connection, model_id)
    live = await connection.fetchrow(LIVE_SQL, model_id)
    assert live is not None
    return Lineage(
        record=record,
        request=None if request is None else Request(**dict(request)),
        line=[Relative(**dict(row)) for row in await connection.fetch(ANCESTORS_SQL, model_id)],
        children=[Relative(**dict(row)) for row in await connection.fetch(CHILDREN_SQL, model_id)],
        decisions=[(one, await decisions.checks_of(connection, one.decision_id)) for one in made],
        reigns=[Pointer(**dict(row)) for row in await connection.fetch(REIGNS_SQL, model_id)],
        live=Live(**dict(live)),
    )
