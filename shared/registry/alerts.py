"""Alerts: stored in the transaction of the event that they report, so that no alert is lost or false."""

from uuid import UUID, uuid5

from shared.contracts.messages import AlertKind, AlertRaised, AlertSeverity
from shared.database.text import storable
from shared.messaging.transaction import Transaction

KEEP_SQL = """
insert into alerts (alert_id, kind, severity, summary, model_id, decision_id, raised_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (alert_id) do nothing
returning alert_id
"""
_NAMESPACE = UUID("b1f6f3de-2a0c-5c1e-8f5f-0f6a5e2f7d21")


async def raise_alert(
    transaction: Transaction,
    kind: AlertKind,
    severity: AlertSeverity,
    summary: str,
    *,
    key: str,
    model_id: str | None = None,
    decision_id: UUID | None = None,
) -> None:
    """Store an alert and its message. The same `kind` and `key` is the same alert, and is stored and told once."""
    payload = AlertRaised(
        kind=kind,
        severity=severity,
        summary=storable(summary),
        model_id=model_id,
        decision_id=decision_id,
        raised_at=transaction.clock.now(),
    )
    identity = uuid5(_NAMESPACE, f"{kind}|{key}")
    new = await transaction.connection.fetchval(
        KEEP_SQL, identity, kind, severity, payload.summary, model_id, decision_id, payload.raised_at
    )
    if new is not None:
        await transaction.emit(payload, message_id=identity)
