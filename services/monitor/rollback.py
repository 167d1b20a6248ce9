"""An automatic rollback: one transaction demotes the promoted model and restores the previous champion."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid5

import structlog

from shared.errors import ConflictError
from shared.evaluation import judgement
from shared.evaluation.eprocess import EState
from shared.evaluation.policy import Policy
from shared.messaging.transaction import Transaction
from shared.registry import decisions, freezes, models, operations, pointer
from shared.registry.alerts import raise_alert
from shared.registry.decisions import Decision, Kind
from shared.registry.promotions import Promotion

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Comparison:
    """A promotion's paired test: its recorded name, its state, and the number of transactions scored since."""

    test_id: str
    state: EState
    sales: int


def inputs_of(kind: Kind, promotion: Promotion, comparison: Comparison, *, margin: float) -> dict[str, Any]:
    """What every decision about a promotion records."""
    return {
        "kind": kind,
        "promotion": promotion.promotion_id,
        "model": promotion.model_id,
        "champion": promotion.previous_model_id,
        "test": comparison.test_id,
        "sales": comparison.state.n,
        "wealth_worse": comparison.state.worse,
        "wealth_better": comparison.state.better,
        "margin": margin,
    }


async def carry_out(
    transaction: Transaction, promotion: Promotion, *, inputs: dict[str, Any], actor: str, policy: Policy, at: datetime
) -> bool:
    """Roll back, restart the shadows, and freeze after repeated rollbacks. False if impossible or outdated.

    Raises:
        ConflictError: the registry refused the swap because a model changed in the meantime.
    """
    connection, previous = transaction.connection, promotion.previous_model_id
    assert previous is not None
    await pointer.lock(connection)
    current = await pointer.read(connection)
    if current is None or current.decision_id != promotion.promotion_id:
        log.info("rollback.outdated", model=promotion.model_id)
        return False
    inputs = inputs | {"expected_generation": current.generation, "decided_at": at.isoformat()}
    judged = judgement.rollback(inputs, policy)
    state = (await models.get(connection, previous)).state
    if state != "retired":
        # A rollback must not promote a model that has failed itself.
        await impossible(transaction, promotion, judged.reason, f"the previous champion is {state} and stays so")
        return False
    decision = Decision.of(judged, inputs, policy, actor=actor, at=at)
    await decisions.record(connection, decision, (), policy)
    outcome = await operations.carry_out_rollback(transaction, decision, to=previous)
    if not isinstance(outcome, pointer.Swapped):
        raise ConflictError(f"the model pointer refused the rollback of {promotion.model_id}: {outcome}")
    await _freeze_if_repeated(transaction, decision, actor=actor, policy=policy)
    return True


async def impossible(transaction: Transaction, promotion: Promotion, reason: str, obstacle: str) -> None:
    """Alert, once a day, that a rollback is due but only a person can resolve it."""
    log.error("rollback.impossible", model=promotion.model_id, reason=reason, obstacle=obstacle)
    await raise_alert(
        transaction,
        "rollback_impossible",
        "critical",
        f"{promotion.model_id} should be rolled back ({reason}), but {obstacle}",
        key=f"{promotion.promotion_id}|{transaction.clock.now().date()}",
        model_id=promotion.model_id,
    )


async def _freeze_if_repeated(transaction: Transaction, decision: Decision, *, actor: str, policy: Policy) -> None:
    connection, at, rules = transaction.connection, decision.decided_at, policy.rollback
    since = at - timedelta(days=rules.freeze_window_days)
    count = await decisions.rollbacks_since(connection, since, actor=actor)
    if count >= rules.freeze_after:
        reason = f"{count} automatic rollbacks within {rules.freeze_window_days:g} days"
        await freezes.freeze(connection, uuid5(decision.decision_id, "freeze"), actor=actor, reason=reason, at=at)
        await raise_alert(
            transaction,
            "freeze",
            "critical",
            f"promotions are frozen: {reason}; find out why, then `punkcast freeze lift`",
            key=str(decision.decision_id),
            model_id=decision.subject_model,
            decision_id=decision.decision_id,
        )
        log.error("promotions.frozen", reason=reason)
