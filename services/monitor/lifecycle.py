"""Alerts on the lifecycle of models: promotions, rollbacks, rejections in a row."""

from services.monitor import repository
from shared.contracts.messages import (
    AlertKind,
    AlertSeverity,
    ContenderRejected,
    ModelPromoted,
    ModelRolledBack,
    Payload,
)
from shared.evaluation.policy import Policy
from shared.messaging.transaction import Transaction
from shared.registry.alerts import raise_alert


async def alert(transaction: Transaction, event: Payload, *, policy: Policy) -> None:
    """Alert on every promotion and rollback, and after every `rejections_alert` rejections in a row.

    After so many rejections the training or the gate is probably broken.
    """
    kind: AlertKind
    severity: AlertSeverity = "warning"
    match event:
        case ModelPromoted(model_id=model_id, previous_model_id=previous, decision_id=decision_id):
            kind, severity, key = "promotion", "info", str(decision_id)
            summary = f"{model_id} was promoted and {f'replaces {previous}' if previous else 'is the first champion'}"
        case ModelRolledBack(rolled_back_model_id=model_id, decision_id=decision_id):
            kind, key = "rollback", str(decision_id)
            summary = f"{model_id} was rolled back, {event.model_id} is champion again: {event.reason}"
        case ContenderRejected(model_id=model_id, decision_id=decision_id):
            run, needed = await repository.rejection_run(transaction.connection), policy.retrain.rejections_alert
            if run.count < needed:
                return
            # One alert for each full count, even if later rejections are on record before this message is handled.
            kind, key = "rejections_in_a_row", f"{run.since}|{run.count // needed}"
            summary = f"{run.count} contenders in a row were rejected, the last one: {event.reason}"
        case _:
            return
    await raise_alert(transaction, kind, severity, summary, key=key, model_id=model_id, decision_id=decision_id)
