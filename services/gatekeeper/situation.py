"""Where things stand when a contender arrives: who is champion, what holds a promotion up, what cannot be served."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.database.pool import Connection
from shared.evaluation.gates import Restraint
from shared.evaluation.policy import Policy
from shared.registry import decisions, freezes, models, pointer, promotions, shadows, unsupported
from shared.registry.models import ModelRecord
from shared.registry.unsupported import UnsupportedModel


@dataclass(frozen=True)
class Situation:
    """Where things stand. `anchor`: the last confirmed champion, if that is another one.

    `unsupported`: the record that a nowcaster cannot serve the champion. Without it, a champion that this gatekeeper
    cannot load is served by code of another release, and must not be replaced as if it were not.
    """

    contender: ModelRecord
    champion: ModelRecord | None
    anchor: ModelRecord | None
    generation: int
    restraint: Restraint
    unsupported: UnsupportedModel | None

    def same_comparison(self, other: Situation) -> bool:
        """Evidence taken in the one situation holds in the other."""
        return self.generation == other.generation and self.anchor == other.anchor


async def situation_of(connection: Connection, model_id: str, *, now: datetime, policy: Policy) -> Situation:
    """Raises NotFoundError: no such contender."""
    at = await pointer.read(connection)
    cooling = await cooling_until(connection, now=now, policy=policy)
    freeze = await freezes.in_force(connection, at=now)
    running = await shadows.count_running(connection)
    promotion = await promotions.current(connection)
    anchor = await pointer.confirmed(connection)
    unseen = (
        promotion is not None
        and promotion.state == "warm_up"
        and promotion.previous_model_id is not None
        and at is not None
        and promotion.model_id == at.model_id
    )
    return Situation(
        contender=await models.get(connection, model_id),
        champion=None if at is None else await models.get(connection, at.model_id),
        anchor=None if at is None or anchor is None or anchor == at.model_id else await models.get(connection, anchor),
        generation=0 if at is None else at.generation,
        restraint=Restraint(
            frozen=None if freeze is None else freeze.reason,
            cooling_until=cooling,
            warming=promotion.model_id if promotion is not None and unseen else None,
            shadow_places=policy.shadow.max_running - running,
        ),
        unsupported=None if at is None else await unsupported.find(connection, at.model_id),
    )


async def cooling_until(connection: Connection, *, now: datetime, policy: Policy) -> str | None:
    """Until when a rollback holds automatic promotions up."""
    span = timedelta(hours=policy.rollback.cool_down_hours)
    last = await decisions.last_rollback(connection, after=now - span)
    return None if last is None else (last + span).isoformat()
