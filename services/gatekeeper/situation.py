"""The situation of a contender: the champion, what restrains a promotion, and which models cannot be served."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.database.pool import Connection
from shared.evaluation.gates import Restraint
from shared.evaluation.policy import Policy
from shared.registry import models, pointer, unsupported
from shared.registry.models import ModelRecord
from shared.registry.restraints import restraint_of
from shared.registry.unsupported import UnsupportedModel


@dataclass(frozen=True)
class Situation:
    """What a gate depends on.

    Attributes:
        last_confirmed: the last confirmed champion, if it is not the champion itself.
        unsupported: the record that the nowcaster cannot serve the champion. Without it, a champion that this
            gatekeeper cannot load is served by another release, and must not be replaced as unsupported.
    """

    contender: ModelRecord
    champion: ModelRecord | None
    last_confirmed: ModelRecord | None
    generation: int
    restraint: Restraint
    unsupported: UnsupportedModel | None

    def same_comparison(self, other: Situation) -> bool:
        """Evidence gathered in one situation is valid in the other."""
        return self.generation == other.generation and self.last_confirmed == other.last_confirmed


async def situation_of(connection: Connection, model_id: str, *, now: datetime, policy: Policy) -> Situation:
    """Raises NotFoundError: no such contender."""
    at = await pointer.read(connection)
    confirmed = await pointer.confirmed(connection)
    return Situation(
        contender=await models.get(connection, model_id),
        champion=None if at is None else await models.get(connection, at.model_id),
        last_confirmed=None
        if at is None or confirmed is None or confirmed == at.model_id
        else await models.get(connection, confirmed),
        generation=pointer.generation_of(at),
        restraint=await restraint_of(connection, now=now, policy=policy),
        unsupported=None if at is None else await unsupported.find(connection, at.model_id),
    )
