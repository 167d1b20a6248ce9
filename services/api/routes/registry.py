"""Models and decisions, with the evidence they rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.api.gateway import gateway_of
from services.api.paging import Cursor, Limit, Page, Place, by_time
from services.api.problems import documented
from services.api.repositories import registry
from shared.contracts.messages import ModelId
from shared.errors import NotFoundError

router = APIRouter(tags=["lifecycle"])

ModelState = Literal[
    "registered", "evaluated", "rejected", "shadow", "champion", "retired", "rolled_back", "quarantined"
]


class ModelSummary(BaseModel):
    """A model in the registry."""

    model_id: str
    state: ModelState
    data_cutoff: Annotated[datetime, Field(description="Trained on sales before this instant")]
    training_rows: int
    feature_schema: str
    parent_model: str | None
    training_request: UUID
    registered_at: datetime


class Reign(BaseModel):
    """A move of the model pointer to this model."""

    generation: Annotated[int, Field(description="Of the model pointer")]
    previous_model_id: str | None
    decision_id: UUID
    moved_at: datetime


class ModelDocument(ModelSummary):
    """Lineage of a model: the artifact by content, code, environment, data and reports."""

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
    params: Any
    seed: int
    report: Any
    reigns: list[Reign]


class CurrentModel(BaseModel):
    """The champion, and where the pointer stands."""

    pointer_generation: int
    previous_model_id: str | None
    decision_id: UUID
    moved_at: datetime
    model: ModelDocument


class Check(BaseModel):
    """One check of a gate: missing evidence is never a pass."""

    check_name: str
    verdict: Literal["pass", "fail", "inconclusive", "error"]
    estimate: float | None
    interval_lo: float | None
    interval_hi: float | None
    n: int | None
    threshold: float | None
    detail: str


class Decision(BaseModel):
    """What was decided, by which policy, on what evidence."""

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
    owner: Annotated[str | None, Field(description="Who may close what this leaves open; null: it leaves nothing open")]
    expires_at: Annotated[datetime | None, Field(description="When that closes by itself")]
    checks: list[Check]


class DecisionDocument(Decision):
    evidence: Annotated[Any, Field(description="The canonical JSON that evidence_hash is over, parsed")]
    evidence_text: Annotated[str, Field(description="Its exact bytes")]


@router.get("/v1/models/current", operation_id="get_current_model", responses=documented(404, 503))
async def current_model(request: Request) -> CurrentModel:
    """The champion."""
    async with gateway_of(request).reading() as connection:
        pointer = await registry.current(connection)
        if pointer is None:
            raise NotFoundError("No model has been promoted yet; GET /v1/training-requests shows what is on its way.")
        row = await registry.model(connection, pointer.model_id)
        reigns = await registry.history(connection, pointer.model_id)
    assert row is not None, "the pointer has a foreign key on models"
    return CurrentModel(
        pointer_generation=pointer.generation,
        previous_model_id=pointer.previous_model_id,
        decision_id=pointer.decision_id,
        moved_at=pointer.moved_at,
        model=_model(row, reigns),
    )


@router.get("/v1/models", operation_id="list_models", responses=documented(400, 422, 503))
async def models(
    request: Request, state: ModelState | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[ModelSummary]:
    """Models, newest first."""
    gateway = gateway_of(request)
    scope = ("models", str(state))
    place = Place.asked(gateway, scope, cursor, limit, by_time(str))
    async with gateway.reading() as connection:
        rows = await registry.models(connection, state=state, before=place.before, limit=place.fetch)
    shown, following = place.cut(rows, lambda row: (row.registered_at, row.model_id))
    return Page[ModelSummary](items=[ModelSummary(**asdict(row)) for row in shown], next_cursor=following)


@router.get("/v1/models/{model_id}", operation_id="get_model", responses=documented(404, 422, 503))
async def model(request: Request, model_id: ModelId) -> ModelDocument:
    """A model's card."""
    async with gateway_of(request).reading() as connection:
        row = await registry.model(connection, model_id)
        if row is None:
            raise NotFoundError(f"There is no model {model_id}; GET /v1/models lists them.")
        reigns = await registry.history(connection, model_id)
    return _model(row, reigns)


@router.get("/v1/decisions", operation_id="list_decisions", responses=documented(400, 422, 503))
async def decisions(
    request: Request, model_id: ModelId | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[Decision]:
    """Decisions with their checks, newest first; of one subject model when given."""
    gateway = gateway_of(request)
    scope = ("decisions", str(model_id))
    place = Place.asked(gateway, scope, cursor, limit, by_time(UUID))
    async with gateway.reading() as connection:
        rows = await registry.decisions(connection, model_id=model_id, before=place.before, limit=place.fetch)
        checks = await registry.checks(connection, [row.decision_id for row in rows])
    shown, following = place.cut(rows, lambda row: (row.decided_at, row.decision_id))
    return Page[Decision](items=[Decision(**_decision(row, checks)) for row in shown], next_cursor=following)


@router.get("/v1/decisions/{decision_id}", operation_id="get_decision", responses=documented(404, 422, 503))
async def decision(request: Request, decision_id: UUID) -> DecisionDocument:
    """A decision with its whole evidence."""
    async with gateway_of(request).reading() as connection:
        row = await registry.decision(connection, decision_id)
        if row is None or row.evidence is None:
            raise NotFoundError(f"There is no decision {decision_id}; GET /v1/decisions lists them.")
        checks = await registry.checks(connection, [decision_id])
    evidence = orjson.loads(row.evidence)
    return DecisionDocument(**_decision(row, checks), evidence=evidence, evidence_text=row.evidence)


def _model(row: registry.ModelRow, reigns: Sequence[registry.PointerRow]) -> ModelDocument:
    fields = asdict(row) | {"params": orjson.loads(row.params), "report": orjson.loads(row.report)}
    return ModelDocument(**fields, reigns=[Reign(**_without(asdict(reign), "model_id")) for reign in reigns])


def _decision(row: registry.DecisionRow, checks: Sequence[registry.CheckRow]) -> dict[str, Any]:
    own = [Check(**_without(asdict(check), "decision_id")) for check in checks if check.decision_id == row.decision_id]
    return _without(asdict(row), "evidence") | {"checks": own}


def _without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}
