"""Alerts on the lifecycle of models: promotions, rollbacks, rejections in a row."""

from services.monitor import repository
from shared.contracts.messages import ContenderRejected, ModelPromoted, ModelRolledBack
from shared.evaluation.policy import Policy
from shared.messaging.transaction import Transaction
from shared.registry.alerts import raise_alert


async def alert_promotion(transaction: Transaction, promoted: ModelPromoted) -> None:
    replaced = f"replaces {promoted.previous_model_id}" if promoted.previous_model_id else "is the first champion"
    await raise_alert(
        transaction,
        "promotion",
        "info",
        f"{promoted.model_id} was promoted and {replaced}",
        key=str(promoted.decision_id),
        model_id=promoted.model_id,
        decision_id=promoted.decision_id,
    )


async def alert_rollback(transaction: Transaction, rolled_back: ModelRolledBack) -> None:
    await raise_alert(
        transaction,
        "rollback",
        "warning",
        f"{rolled_back.rolled_back_model_id} was rolled back, {rolled_back.model_id} is champion again: "
        f"{rolled_back.reason}",
        key=str(rolled_back.decision_id),
        model_id=rolled_back.rolled_back_model_id,
        decision_id=rolled_back.decision_id,
    )


async def alert_rejections(transaction: Transaction, rejected: ContenderRejected, *, policy: Policy) -> None:
    """Alert after every `rejections_alert` rejections in a row: the training or the gate is probably broken."""
    needed = policy.retrain.rejections_alert
    run = await repository.rejection_run(transaction.connection)
    if run.count < needed:
        return
    await raise_alert(
        transaction,
        "rejections_in_a_row",
        "warning",
        f"{run.count} contenders in a row were rejected, the last one: {rejected.reason}",
        # One alert for each full count, even if later rejections are on record before this message is handled.
        key=f"{run.since}|{run.count // needed}",
        model_id=rejected.model_id,
        decision_id=rejected.decision_id,
    )
