"""The timeline of models, and the sequential tests of promotions and shadows."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from services.api.gateway import gateway_of
from services.api.lifecycle import queries
from services.api.lifecycle.schemas import (
    EValuePath,
    LifecycleEvent,
    LifecycleKind,
    TestKind,
)
from services.api.paging import Cursor, Limit, List, Page, Place, by_time
from services.api.problems import documented
from shared.contracts.messages import ModelId

router = APIRouter(tags=["lifecycle"])


@router.get("/v1/lifecycle", operation_id="list_lifecycle", responses=documented(400, 422, 503))
async def lifecycle(
    request: Request,
    kind: Annotated[list[LifecycleKind] | None, Query(description="Repeat it for several; default: all")] = None,
    model_id: Annotated[ModelId | None, Query(description="About this model, or against it")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LifecycleEvent]:
    """Training, contenders, gates, shadows, promotions, confirmations, rollbacks, freezes and alerts, newest first."""
    gateway = gateway_of(request)
    scope = ("lifecycle", ",".join(sorted(set(kind or ()))), str(model_id))
    place = Place.asked(gateway, scope, cursor, limit, by_time(str))
    async with gateway.reading() as connection:
        rows = await queries.timeline(connection, kinds=kind, model_id=model_id, before=place.before, limit=place.fetch)
    return place.page(rows, lambda row: (row.at, row.id))


@router.get("/v1/lifecycle/evalue", operation_id="list_evalue_paths", responses=documented(422, 503))
async def evalue(
    request: Request,
    model_id: ModelId | None = None,
    kind: TestKind | None = None,
    max_points: Annotated[int, Query(ge=2, le=2000, description="Of each path; it is thinned evenly")] = 500,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> List[EValuePath]:
    """E-values after each step of the monitor's tests: at the threshold a promotion is rolled back, or a shadow
    ends."""
    gateway = gateway_of(request)
    threshold = gateway.policy.sequential.threshold
    async with gateway.reading() as connection:
        found = await queries.paths(
            connection, model_id=model_id, kind=kind, threshold=threshold, max_points=max_points, limit=limit
        )
    return List(items=found)
