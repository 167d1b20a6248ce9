"""What the stream of events carries: the `data` of each server-sent event is one of these as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.api.money import Money

EventName = Literal["generation", "sale_scored", "promotion", "rollback"]


class GenerationEvent(BaseModel):
    """A new nowcast is being served."""

    model_config = ConfigDict(extra="forbid")

    generation_id: int
    model_id: str
    as_of: datetime
    published_at: datetime


class SaleScoredEvent(BaseModel):
    """A valid sale met the value published before it."""

    model_config = ConfigDict(extra="forbid")

    event_seq: int
    punk_id: int
    sold_at: datetime
    kind: Literal["buy", "accept_bid"]
    price: Money
    value: Money
    floor: Money
    generation_id: int
    model_id: str
    in90: Annotated[bool, Field(description="The price lies in the 90 % interval")]


class PointerEvent(BaseModel):
    """The model pointer moved: a promotion or a rollback."""

    model_config = ConfigDict(extra="forbid")

    pointer_generation: int
    model_id: Annotated[str, Field(description="The champion from now on")]
    previous_model_id: str | None
    decision_id: UUID
    moved_at: datetime
    reason: str
