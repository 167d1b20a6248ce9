"""What keeps automatic promotions waiting, as the registry has it."""

from datetime import datetime, timedelta

from shared.database.pool import Connection
from shared.evaluation.gates import Restraint, shadow_obstacle
from shared.evaluation.policy import Policy
from shared.registry import decisions, freezes, pointer, promotions, shadows


async def restraint_of(connection: Connection, *, now: datetime, policy: Policy) -> Restraint:
    """Freeze, cool-down after a rollback (ISO 8601), champion in its warm-up, and free places for shadows."""
    freeze = await freezes.in_force(connection, at=now)
    span = timedelta(hours=policy.rollback.cool_down_hours)
    rollback = await decisions.last_rollback(connection, after=now - span)
    at, promotion = await pointer.read(connection), await promotions.current(connection)
    warming = (
        promotion is not None
        and promotion.state == "warm_up"
        and promotion.previous_model_id is not None
        and at is not None
        and promotion.model_id == at.model_id
    )
    return Restraint(
        frozen=None if freeze is None else freeze.reason,
        cooling_until=None if rollback is None else (rollback + span).isoformat(),
        warming=promotion.model_id if promotion is not None and warming else None,
        shadow_places=policy.shadow.max_running - await shadows.count_running(connection),
    )


async def obstacle_of_shadow(connection: Connection, *, now: datetime, policy: Policy) -> str | None:
    """Why a shadow that passed its test must wait; None if it need not."""
    promotion = await promotions.current(connection)
    on_probation = None if promotion is None or promotion.previous_model_id is None else promotion.model_id
    return shadow_obstacle(await restraint_of(connection, now=now, policy=policy), on_probation=on_probation)
