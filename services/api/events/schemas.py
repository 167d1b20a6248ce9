"""What the stream of events carries: the `data` of each server-sent event is one of these as JSON."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.api.money import Money
from services.api.schemas import Grade, SaleKind, Strict

EventName = Literal["generation", "sale_scored", "listing", "promotion", "rollback"]


class GenerationEvent(Strict):
    """A new nowcast is being served."""

    generation_id: int
    model_id: str
    as_of: datetime
    published_at: datetime


class SaleScoredEvent(Strict):
    """A valid sale met the value published before it."""

    event_seq: int
    punk_id: int
    sold_at: datetime
    kind: SaleKind
    price: Money
    value: Money
    floor: Money
    generation_id: int
    model_id: str
    in90: Annotated[bool, Field(description="The price lies in the 90 % interval")]


class ListingEvent(Strict):
    """A punk has a new public ask, or another one. Its value is of the nowcast served now, if it has one."""

    listing: Annotated[int, Field(description="Sequence number of the event that placed the ask")]
    punk_id: int
    listed_at: datetime
    ask: Money
    provisional: Annotated[bool, Field(description="Few blocks follow its block, so that it may be replaced")]
    generation_id: int | None
    value: Money | None
    lo80: Money | None
    hi80: Money | None
    confidence: Grade | None
    discount: Annotated[float | None, Field(description="1 - ask / value")]


class PointerEvent(Strict):
    """The model pointer moved: a promotion or a rollback."""

    pointer_generation: int
    model_id: Annotated[str, Field(description="The champion from now on")]
    previous_model_id: str | None
    decision_id: UUID
    moved_at: datetime
    reason: str
