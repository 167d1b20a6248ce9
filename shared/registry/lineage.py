"""Origin and later life of a model: ancestors, request, descendants, reigns, and live results."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from shared.database.pool import Connection
from shared.registry import models, pointer
from shared.registry.models import ModelRecord
from shared.registry.pointer import Reign

_RELATIVE = "m.model_id, m.state, m.data_cutoff, m.registered_at, m.training_snapshot, m.artifact_sha256, m.git_sha"
ANCESTORS_SQL = f"""
with recursive line as (
    select model_id, parent_model, 0 as depth from models where model_id = $1
    union all
    select m.model_id, m.parent_model, line.depth + 1
    from models m join line on m.model_id = line.parent_model
    where line.depth < 1000
)
select {_RELATIVE} from line join models m using (model_id) order by line.depth
"""
CHILDREN_SQL = f"select {_RELATIVE} from models m where parent_model = $1 order by registered_at, model_id"
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


class Relative(BaseModel, frozen=True):
    """A model in the line of another one."""

    model_id: str
    state: models.State
    data_cutoff: datetime
    registered_at: datetime
    training_snapshot: str
    artifact_sha256: str
    git_sha: str


class TrainedFor(BaseModel, frozen=True):
    """The request that the training answered."""

    reason: str
    requested_by: str
    requested_at: datetime


class Live(BaseModel, frozen=True):
    """Scores of its values on later sales, published or not; losses are mean absolute log errors."""

    n: int
    median_ape: float | None
    mean_loss: float | None
    floor_loss: Annotated[float | None, Field(description="Of the floor on the same sales")]
    coverage80: float | None
    coverage90: float | None


class Lineage(BaseModel, frozen=True):
    """A model's origin, its descendants, its reigns and its live results."""

    model_id: str
    request: TrainedFor | None
    line: Annotated[list[Relative], Field(description="From the model back to the first of its ancestors")]
    children: list[Relative]
    reigns: list[Reign]
    live: Live


class ModelDocument(ModelRecord, frozen=True):
    """A model in the registry: what it was made from, and when the pointer named it."""

    reigns: list[Reign]


async def document(connection: Connection, model_id: str) -> ModelDocument:
    """Raises NotFoundError: no such model."""
    record = await models.get(connection, model_id)
    return ModelDocument(**record.model_dump(), reigns=await pointer.reigns(connection, model_id))


async def of(connection: Connection, model_id: str) -> Lineage:
    """Raises NotFoundError: no such model."""
    record = await models.get(connection, model_id)
    request = await connection.fetchrow(REQUEST_SQL, record.training_request)
    return Lineage(
        model_id=model_id,
        request=None if request is None else TrainedFor(**request),
        line=[Relative(**row) for row in await connection.fetch(ANCESTORS_SQL, model_id)],
        children=[Relative(**row) for row in await connection.fetch(CHILDREN_SQL, model_id)],
        reigns=await pointer.reigns(connection, model_id),
        live=Live(**await connection.fetchrow(LIVE_SQL, model_id)),
    )
