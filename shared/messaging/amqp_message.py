"""Envelopes, retries and dead letters as AMQP messages: properties mirror the envelope, headers hold the history."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractIncomingMessage
from pamqp.common import FieldValue

from shared.contracts.envelope import Envelope
from shared.messaging.bus import KEPT_OF_CUT, Cut, DeadLetter
from shared.messaging.delivery import Outcome

CONTENT_TYPE = "application/cloudevents+json"
ATTEMPT = "x-punkcast-attempt"
FIRST_FAILED_AT = "x-punkcast-first-failed-at"
REASON = "x-punkcast-reason"
SERVICE = "x-punkcast-service"
SENDER = "x-punkcast-sender"
LENGTH = "x-punkcast-length"
SHA256 = "x-punkcast-sha256"


@dataclass(frozen=True)
class History:
    """Earlier deliveries, from the headers. Invalid headers count as a first attempt."""

    attempt: int = 1
    first_failed_at: datetime | None = None

    @classmethod
    def of(cls, headers: Mapping[str, FieldValue]) -> History:
        attempt = headers.get(ATTEMPT)
        return cls(
            attempt=attempt if type(attempt) is int and 1 <= attempt <= 1_000_000 else 1,
            first_failed_at=_instant(headers.get(FIRST_FAILED_AT)),
        )


def from_envelope(envelope: Envelope) -> Message:
    return Message(
        envelope.encode(),
        content_type=CONTENT_TYPE,
        type=envelope.type,
        message_id=str(envelope.id),
        correlation_id=str(envelope.correlationid),
        timestamp=envelope.time,
        delivery_mode=DeliveryMode.PERSISTENT,
    )


def sender_of(message: AbstractIncomingMessage, *, trusted: Container[str]) -> str | None:
    """The user whom the broker authenticated. A copy has it in a header, believed from the `trusted` exchanges."""
    if message.exchange not in trusted:
        return message.user_id
    sender = message.headers.get(SENDER)
    return sender if isinstance(sender, str) else None


def from_bytes(body: bytes) -> Message:
    return Message(body, delivery_mode=DeliveryMode.PERSISTENT)


def failed_copy(
    message: AbstractIncomingMessage,
    history: History,
    outcome: Outcome,
    *,
    now: datetime,
    consumer: str,
    sender: str | None = None,
) -> Message:
    """The message with its failure in the headers, for a retry queue or the dead-letter queue."""
    headers: dict[str, FieldValue] = {
        ATTEMPT: history.attempt + (outcome.kind == "retry" and outcome.counts),
        FIRST_FAILED_AT: (history.first_failed_at or now).isoformat(),
        REASON: outcome.reason,
    }
    if sender is not None:
        headers[SENDER] = sender
    body = message.body
    if outcome.kind == "dead":
        headers[SERVICE] = consumer
        cut = Cut.of(body)
        if cut is not None:
            body = body[:KEPT_OF_CUT]
            headers |= {LENGTH: cut.length, SHA256: cut.sha256}
    return Message(
        body,
        headers=headers,
        content_type=message.content_type,
        type=message.type,
        message_id=message.message_id,
        correlation_id=message.correlation_id,
        timestamp=message.timestamp,
        delivery_mode=DeliveryMode.PERSISTENT,
    )


def dead_letter(message: AbstractIncomingMessage, *, prefix: str) -> DeadLetter:
    """Read a message of the dead-letter queue, put there by a consumer or by the broker (`x-death` header)."""
    history = History.of(message.headers)
    reason = message.headers.get(REASON)
    consumer = message.headers.get(SERVICE)
    first_failed_at = history.first_failed_at
    if not (isinstance(reason, str) and isinstance(consumer, str)):
        deaths = message.headers.get("x-death")
        death = deaths[0] if isinstance(deaths, list) and deaths and isinstance(deaths[0], dict) else {}
        reason = f"dropped by the broker: {death.get('reason', 'unknown')!s}"
        consumer = str(death.get("queue", "unknown")).removeprefix(f"{prefix}.")
        died_at = death.get("time")
        first_failed_at = first_failed_at or (died_at if isinstance(died_at, datetime) else None)
    if first_failed_at is None:
        first_failed_at = datetime.fromtimestamp(0, UTC)
    if first_failed_at.tzinfo is None:
        first_failed_at = first_failed_at.replace(tzinfo=UTC)
    length, sha256 = message.headers.get(LENGTH), message.headers.get(SHA256)
    cut = Cut(length, sha256) if isinstance(length, int) and isinstance(sha256, str) else None
    return DeadLetter(message.body, consumer, reason, history.attempt, first_failed_at, cut)


def _instant(value: FieldValue) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return None
    return instant if instant.tzinfo else None
