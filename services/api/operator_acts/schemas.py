"""An operator's orders and the acts that follow."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from services.api.schemas import Strict
from shared.contracts.messages import ModelId, Reason

ActName = Literal["promote", "rollback", "quarantine"]
Outcome = Literal["swapped", "already_applied", "recorded"]


class OperatorOrder(Strict):
    """Why, and at which place of the pointer the operator looked."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the watch is quiet"}]})

    reason: Annotated[Reason, Field(description="Kept with the decision")]
    expected_generation: Annotated[
        int | None,
        Field(ge=0, le=2**63 - 1, description="Of the model pointer: refused when it has moved since; default: now"),
    ] = None


class PromoteOrder(OperatorOrder):
    override: Annotated[
        bool, Field(description="Promote even if it was rejected or rolled back; the decision records this")
    ] = False


class RollbackOrder(OperatorOrder):
    to: Annotated[ModelId | None, Field(description="A retired model; default: the champion before")] = None


class ActDocument(Strict):
    """What was decided and what became of it."""

    decision_id: UUID
    act: ActName
    model_id: str
    outcome: Annotated[
        Outcome,
        Field(description="The pointer moved; had moved by this very decision; or does not move by such an act"),
    ]
    pointer_generation: int | None
    actor: str
    reason: str
    decided_at: datetime
