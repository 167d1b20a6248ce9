"""Tests whether the champion's loss exceeds its level at the gate, with an e-process over live sales."""

from datetime import datetime
from itertools import groupby

import structlog

from services.monitor.stepping import STRAGGLERS
from shared.database.pool import Connection
from shared.evaluation.absolute_checks import LOSS_LEVEL
from shared.evaluation.eprocess import advance_level
from shared.evaluation.policy import Policy
from shared.registry import decisions, sequential
from shared.registry.pointer import Pointer
from shared.registry.sequential import RecordedStep

log = structlog.get_logger(__name__)


async def loss_evidence(
    connection: Connection, at: Pointer, last_training: datetime | None, *, policy: Policy, now: datetime
) -> float | None:
    """E-value against the hypothesis that the mean clipped loss is within tolerance of its level at the gate.

    Every promotion and every finished training restarts the test, so one excess requests training once. None: no
    decision recorded a level for this model.
    """
    rules = policy.retrain
    bound = await decisions.upper_bound(connection, at.model_id, LOSS_LEVEL)
    if bound is None:
        log.warning("retrain.no_loss_level", model=at.model_id)
        return None
    level = min(rules.loss_cap, bound * (1.0 + rules.loss_tolerance))
    since = max(at.moved_at, last_training or at.moved_at)
    test_id = await sequential.name_of(connection, f"absolute:{at.model_id}:{since.isoformat()}")
    stored = await sequential.hold(connection, test_id, policy.sequential)
    oldest = (stored.last_sale_at or since) - STRAGGLERS
    losses = await sequential.new_losses(connection, test_id, model_id=at.model_id, after=since, since=oldest)
    state, steps = stored.state, []
    ordered = sorted(losses, key=lambda sale: (sale.event_time, sale.tx_hash))
    for tx_hash, group in groupby(ordered, key=lambda sale: sale.tx_hash):
        if state.e_worse >= rules.loss_threshold:
            break
        sales = list(group)
        loss = sum(min(sale.loss, rules.loss_cap) for sale in sales) / len(sales)
        state = advance_level(state, loss, level=level, cap=rules.loss_cap, rules=policy.sequential)
        steps.append(RecordedStep(tx_hash, loss, level, state, sales[-1].event_time))
    await sequential.append(connection, test_id, stored.state, steps, at=now)
    return state.e_worse
