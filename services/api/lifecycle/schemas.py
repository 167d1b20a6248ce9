"""The timeline of models, and the sequential tests."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.api.documents import Document

LifecycleKind = Literal[
    "training_requested",
    "training_succeeded",
    "training_failed",
    "training_cancelled",
    "contender_registered",
    "gate_decided",
    "shadow_started",
    "shadow_ended",
    "promoted",
    "confirmed",
    "rolled_back",
    "operator_decided",
    "frozen",
    "unfrozen",
    "alert",
]
TestKind = Literal["promotion", "shadow"]


class LifecycleEvent(Document):
    """Something that happened to a model, or to what decides about models."""

    id: Annotated[str, Field(description="Stable, unique in the timeline", examples=["promoted:4711"])]
    at: datetime
    kind: LifecycleKind
    summary: Annotated[str, Field(description="One sentence for people")]
    model_id: str | None
    other_model_id: Annotated[str | None, Field(description="The champion before, or the one compared with")]
    decision_id: UUID | None
    request_id: UUID | None
    actor: str | None
    verdict: str | None
    severity: Literal["info", "warning", "critical"] | None


class EValuePoint(Document):
    """After one step: all sales of one transaction."""

    step: int
    at: Annotated[datetime, Field(description="Of the sale")]
    difference: Annotated[float, Field(description="Loss of the model minus loss of the other, log units")]
    e_worse: Annotated[float, Field(description="Evidence that it is worse than the other")]
    e_better: Annotated[float, Field(description="Evidence that it is better, or not worse by the margin (shadows)")]


class EValuePath(Document):
    """One sequential test: a promoted model against its predecessor, or a shadow against the champion."""

    test_id: str
    kind: TestKind
    model_id: str
    other_model_id: str | None
    state: Annotated[str, Field(description="Of the promotion (warm_up, watching, confirmed, …) or of the shadow")]
    started_at: datetime
    ended_at: datetime | None
    threshold: Annotated[float, Field(description="The test ends at this E-value", examples=[20.0])]
    steps: Annotated[int, Field(description="Steps taken; `points` thins them to at most `max_points`")]
    points: list[EValuePoint]
