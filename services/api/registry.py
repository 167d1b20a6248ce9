"""Models, shadows and decisions, with the evidence of each decision."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from services.api.gateway import gateway_of
from services.api.paging import Cursor, Instant, Limit, List, Page, Place, by_time
from services.api.problems import documented
from shared.contracts.messages import ModelId
from shared.errors import NotFoundError
from shared.registry import card, decisions, lineage, models, pointer, shadows
from shared.registry.decisions import DecisionDocument, DecisionRecord
from shared.registry.lineage import Lineage, ModelDocument
from shared.registry.models import ModelSummary, State
from shared.registry.shadows import ShadowDocument

router = APIRouter(tags=["lifecycle"])
MARKDOWN = "text/markdown; charset=utf-8"
PointerGeneration = Annotated[int, Field(description="Generation of the model pointer")]


class CurrentModel(BaseModel):
    """The champion, and the position of the pointer."""

    pointer_generation: PointerGeneration
    previous_model_id: str | None
    decision_id: UUID
    moved_at: datetime
    model: ModelDocument


class ChampionAt(BaseModel):
    """The champion at an instant, and the decision that made it champion."""

    at: datetime
    model_id: str
    since: datetime
    pointer_generation: PointerGeneration
    previous_model_id: str | None
    decision_id: UUID


class EvidenceDocument(BaseModel):
    """Every decision about a model, oldest first, with its checks."""

    model_id: str
    decisions: list[DecisionRecord]


@router.get("/v1/models/current", operation_id="get_current_model", responses=documented(404, 503))
async def current_model(request: Request) -> CurrentModel:
    """The champion."""
    async with gateway_of(request).reading() as connection:
        found = await pointer.read(connection)
        if found is None:
            raise NotFoundError("No model has been promoted yet; GET /v1/training-requests lists pending trainings.")
        model = await lineage.document(connection, found.model_id)
    fields = found.model_dump(exclude={"model_id", "generation"})
    return CurrentModel(**fields, pointer_generation=found.generation, model=model)


@router.get("/v1/models/champion", operation_id="get_champion_at", responses=documented(404, 422, 503))
async def champion_at(
    request: Request, at: Annotated[Instant | None, Query(description="Default: now")] = None
) -> ChampionAt:
    """The champion at an instant."""
    gateway = gateway_of(request)
    instant = at or gateway.clock.now()
    async with gateway.reading() as connection:
        found = await pointer.champion_at(connection, instant)
    if found is None:
        raise NotFoundError(f"There was no champion at {instant.isoformat()}; GET /v1/models lists the models.")
    fields = found.model_dump(exclude={"moved_at", "generation"})
    return ChampionAt(**fields, at=instant, since=found.moved_at, pointer_generation=found.generation)


@router.get("/v1/models", operation_id="list_models", responses=documented(400, 422, 503))
async def list_models(
    request: Request, state: State | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[ModelSummary]:
    """Models, newest first."""
    gateway = gateway_of(request)
    place = Place.asked(gateway, ("models", str(state)), cursor, limit, by_time(str))
    async with gateway.reading() as connection:
        rows = await models.listing(connection, state=state, before=place.before, limit=place.fetch)
    return place.page(rows, lambda row: (row.registered_at, row.model_id))


@router.get("/v1/models/{model_id}", operation_id="get_model", responses=documented(404, 422, 503))
async def model(request: Request, model_id: ModelId) -> ModelDocument:
    """A model, with everything that is stored about it."""
    async with gateway_of(request).reading() as connection:
        return await lineage.document(connection, model_id)


@router.get(
    "/v1/models/{model_id}/card",
    operation_id="get_model_card",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/markdown": {}}}, **documented(404, 422, 503)},
)
async def model_card(request: Request, model_id: ModelId) -> PlainTextResponse:
    """The model card in Markdown, made from registry row, lineage and evidence."""
    async with gateway_of(request).reading() as connection:
        return PlainTextResponse(await card.of(connection, model_id), media_type=MARKDOWN)


@router.get("/v1/models/{model_id}/lineage", operation_id="get_model_lineage", responses=documented(404, 422, 503))
async def model_lineage(request: Request, model_id: ModelId) -> Lineage:
    """Origin of a model, its descendants, its reigns and its live results."""
    async with gateway_of(request).reading() as connection:
        return await lineage.of(connection, model_id)


@router.get("/v1/models/{model_id}/evidence", operation_id="get_model_evidence", responses=documented(404, 422, 503))
async def model_evidence(request: Request, model_id: ModelId) -> EvidenceDocument:
    """The decisions about a model, and their checks."""
    async with gateway_of(request).reading() as connection:
        await models.get(connection, model_id)
        return EvidenceDocument(model_id=model_id, decisions=await decisions.of_model(connection, model_id))


@router.get("/v1/shadows", operation_id="list_shadows", responses=documented(422, 503))
async def list_shadows(
    request: Request,
    ended: Annotated[bool, Query(description="Also list ended shadows")] = False,
    limit: Limit = 50,
) -> List[ShadowDocument]:
    """Shadows and the progress of their tests, newest first."""
    gateway = gateway_of(request)
    async with gateway.reading() as connection:
        found = await shadows.progress(connection, at=gateway.clock.now(), ended=ended, limit=limit)
    return List(items=found)


@router.get("/v1/decisions", operation_id="list_decisions", responses=documented(400, 422, 503))
async def list_decisions(
    request: Request, model_id: ModelId | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[DecisionRecord]:
    """Decisions with their checks, newest first. `model_id` limits the list to one model."""
    gateway = gateway_of(request)
    place = Place.asked(gateway, ("decisions", str(model_id)), cursor, limit, by_time(UUID))
    async with gateway.reading() as connection:
        rows = await decisions.listing(connection, model_id=model_id, before=place.before, limit=place.fetch)
    return place.page(rows, lambda row: (row.decided_at, row.decision_id))


@router.get("/v1/decisions/{decision_id}", operation_id="get_decision", responses=documented(404, 422, 503))
async def decision(request: Request, decision_id: UUID) -> DecisionDocument:
    """A decision with its whole evidence."""
    async with gateway_of(request).reading() as connection:
        return await decisions.get(connection, decision_id)
