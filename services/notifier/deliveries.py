"""Enters deliveries: rows that commit with what they tell of."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from services.notifier import repository
from shared.messaging.transaction import Transaction

_NAMESPACE: Final = UUID("c4c2f1de-7b0a-5c55-9d40-5a52d5f0b6a1")


def identity(webhook_id: UUID, event: str, key: str) -> UUID:
    """The id of a delivery: one per subscription, event and what it is about (`key`)."""
    return uuid5(_NAMESPACE, f"{webhook_id}|{event}|{key}")


async def enter(
    transaction: Transaction, webhook_id: UUID, event: str, key: str, fields: Mapping[str, object], at: datetime
) -> None:
    """Queue a delivery (idempotent by its id). `at`: when it happened."""
    body = json.dumps(
        {"type": event, "timestamp": at.isoformat(), "data": fields}, default=_plain, separators=(",", ":")
    )
    await repository.enter(
        transaction.connection,
        identity(webhook_id, event, key),
        webhook_id,
        event=event,
        body=body,
        at=transaction.clock.now(),
    )


async def enter_all(transaction: Transaction, event: str, key: str, fields: Mapping[str, object], at: datetime) -> None:
    """Queue a delivery for every subscriber of the event."""
    for subscriber in await repository.subscribed(transaction.connection, event):
        await enter(transaction, subscriber.webhook_id, event, key, fields, at)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
