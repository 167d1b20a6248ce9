"""Enters deliveries: rows that commit with what they tell of."""

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4, uuid5

from services.notifier import repository
from shared.database.pool import Connection
from shared.messaging.transaction import Transaction
from shared.webhooks import CHALLENGE

_NAMESPACE: Final = UUID("c4c2f1de-7b0a-5c55-9d40-5a52d5f0b6a1")


def identity(webhook_id: UUID, event: str, key: str) -> UUID:
    """The id of a delivery: one per subscription, event and what it is about (`key`)."""
    return uuid5(_NAMESPACE, f"{webhook_id}|{event}|{key}")


async def enter(
    transaction: Transaction, webhook_id: UUID, event: str, key: str, fields: Mapping[str, object], at: datetime
) -> None:
    """Queue a delivery (idempotent by its id). `at`: when it happened."""
    await repository.enter(
        transaction.connection,
        identity(webhook_id, event, key),
        webhook_id,
        event=event,
        body=_body(event, fields, at),
        at=transaction.clock.now(),
    )


async def enter_all(transaction: Transaction, event: str, key: str, fields: Mapping[str, object], at: datetime) -> None:
    """Queue a delivery for every subscriber of the event."""
    for subscriber in await repository.subscribed(transaction.connection, event):
        await enter(transaction, subscriber.webhook_id, event, key, fields, at)


async def challenge(connection: Connection, at: datetime) -> None:
    """Queue a challenge for each webhook that needs one and has none."""
    for webhook_id in await repository.unproven(connection):
        body = _body(CHALLENGE, {"challenge": secrets.token_urlsafe(32)}, at)
        await repository.enter(connection, uuid4(), webhook_id, event=CHALLENGE, body=body, at=at)


def answers(answer: bytes, body: str) -> bool:
    """Whether an answer has the token of a challenge's body: as `{"challenge": …}`, or alone."""
    token, text = json.loads(body)["data"]["challenge"], answer.decode(errors="replace").strip()
    with suppress(ValueError, RecursionError):
        document = json.loads(text)
        return bool((document.get("challenge") if isinstance(document, dict) else document) == token)
    return bool(text == token)


def _body(event: str, fields: Mapping[str, object], at: datetime) -> str:
    return json.dumps(
        {"type": event, "timestamp": at.isoformat(), "data": fields}, default=_plain, separators=(",", ":")
    )


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
