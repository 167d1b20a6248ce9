"""Where models come from and what became of them: cards, lineage, evidence, reigns, and shadows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse
from pydantic import AwareDatetime, BaseModel, Field

from services.api.gateway import gateway_of
from services.api.paging import Limit, List
from services.api.problems import documented
from services.api.routes.registry import Check, Decision, ModelState, Reign
from shared.contracts.messages import ModelId
from shared.errors import NotFoundError
from shared.evaluation import checks as evaluated
from shared.registry import card, lineage, pointer, shadows
from shared.registry.decisions import Decision as StoredDecision
from shared.units import DAY_S

router = APIRouter(tags=["lifecycle"])
MARKDOWN = "text/markdown; charset=utf-8"
Pointer = Annotated[int, Field(description="Generation of the model pointer")]


class ChampionAt(BaseModel):
    """Who was champion at an instant, and by which decision."""

    at: datetime
    model_id: str
    since: datetime
    pointer_generation: Pointer
    previous_model_id: str | None
    decision_id: UUID


class Relative(BaseModel):
    """A model in the line of another one."""

    model_id: str
    state: ModelState
    data_cutoff: datetime
    registered_at: datetime
    training_snapshot: str
    artifact_sha256: str
    git_sha: str


class TrainedFor(BaseModel):
    """The request that the training answered."""

    reason: str
    requested_by: str
    requested_at: datetime


class Live(BaseModel):
    """How its values did on later sales, as champion or beside it; losses are mean absolute log errors."""

    n: int
    median_ape: float | None
    mean_loss: float | None
    floor_loss: Annotated[float | None, Field(description="Of the floor on the same sales")]
    coverage80: float | None
    coverage90: float | None


class LineageDocument(BaseModel):
    """A model's origin and its descendants. `line` goes from the model back to the first of its ancestors."""

    model_id: str
    request: TrainedFor | None
    line: list[Relative]
    children: list[Relative]
    reigns: list[Reign]
    live: Live


class EvidenceDocument(BaseModel):
    """Everything that was decided about a model, oldest first, with its checks."""

    model_id: str
    decisions: list[Decision]


class ShadowDocument(BaseModel):
    """A contender that values every punk beside the champion, and how far its test against it is."""

    model_id: str
    champion_id: str
    decision_id: UUID
    first_started_at: datetime
    started_at: Annotated[datetime, Field(description="Of the test against this champion")]
    ended_at: datetime | None
    outcome: str | None
    expires_at: datetime | None
    age_days: float
    sales: Annotated[int, Field(description="Transactions that the test has counted")]
    e_not_worse: Annotated[float, Field(description="Evidence that it is not worse than the champion by the margin")]
    e_worse: float


@router.get("/v1/models/champion", operation_id="get_champion_at", responses=documented(404, 422, 503))
async def champion_at(
    request: Request, at: Annotated[AwareDatetime | None, Query(description="Default: now")] = None
) -> ChampionAt:
    """Who was champion at an instant."""
    gateway = gateway_of(request)
    instant = at or gateway.clock.now()
    async with gateway.reading() as connection:
        found = await pointer.champion_at(connection, instant)
    if found is None:
        raise NotFoundError(f"There was no champion at {instant.isoformat()}; GET /v1/models shows what there is now.")
    return ChampionAt(
        at=instant,
        model_id=found.model_id,
        since=found.moved_at,
        pointer_generation=found.generation,
        previous_model_id=found.previous_model_id,
        decision_id=found.decision_id,
    )


@router.get(
    "/v1/models/{model_id}/card",
    operation_id="get_model_card",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/markdown": {}}}, **documented(404, 422, 503)},
)
async def model_card(request: Request, model_id: ModelId) -> PlainTextResponse:
    """The model card in Markdown, made from lineage and evidence."""
    async with gateway_of(request).reading() as connection:
        found = await lineage.of(connection, model_id)
    return PlainTextResponse(card.render(found), media_type=MARKDOWN)


@router.get("/v1/models/{model_id}/lineage", operation_id="get_model_lineage", responses=documented(404, 422, 503))
async def model_lineage(request: Request, model_id: ModelId) -> LineageDocument:
    """Where a model comes from and what became of it."""
    async with gateway_of(request).reading() as connection:
        found = await lineage.of(connection, model_id)
    return LineageDocument(
        model_id=model_id,
        request=None if found.request is None else TrainedFor(**asdict(found.request)),
        line=[Relative(**asdict(one)) for one in found.line],
        children=[Relative(**asdict(one)) for one in found.children],
        reigns=[
            Reign(
                generation=one.generation,
                previous_model_id=one.previous_model_id,
                decision_id=one.decision_id,
                moved_at=one.moved_at,
            )
            for one in found.reigns
        ],
        live=Live(**asdict(found.live)),
    )


@router.get("/v1/models/{model_id}/evidence", operation_id="get_model_evidence", responses=documented(404, 422, 503))
async def model_evidence(request: Request, model_id: ModelId) -> EvidenceDocument:
    """What was decided about a model, and by which checks."""
    async with gateway_of(request).reading() as connection:
        found = await lineage.of(connection, model_id)
    return EvidenceDocument(model_id=model_id, decisions=[_decision(one, own) for one, own in found.decisions])


@router.get("/v1/shadows", operation_id="list_shadows", responses=documented(422, 503))
async def list_shadows(
    request: Request,
    ended: Annotated[bool, Query(description="Those that ended, too")] = False,
    limit: Limit = 50,
) -> List[ShadowDocument]:
    """Shadows and how far their tests are, newest first."""
    gateway = gateway_of(request)
    async with gateway.reading() as connection:
        found = await shadows.progress(connection, ended=ended, limit=limit)
    return List[ShadowDocument](items=[_shadow(one, gateway.clock.now()) for one in found])


def _decision(made: StoredDecision, own: Sequence[evaluated.Check]) -> Decision:
    fields = asdict(made)
    del fields["evidence"]
    return Decision(
        **fields,
        decision_id=made.decision_id,
        evidence_hash=made.evidence_hash,
        checks=[
            Check(
                check_name=check.name,
                verdict=check.verdict,
                estimate=check.estimate,
                interval_lo=check.lo,
                interval_hi=check.hi,
                n=check.n,
                threshold=check.threshold,
                detail=check.detail,
            )
            for check in own
        ],
    )


def _shadow(found: shadows.Progress, now: datetime) -> ShadowDocument:
    until = found.shadow.ended_at or now
    return ShadowDocument(
        **asdict(found.shadow),
        age_days=(until - found.shadow.first_started_at).total_seconds() / DAY_S,
        sales=found.sales,
        e_not_worse=found.e_better,
        e_worse=found.e_worse,
    )
