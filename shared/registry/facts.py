"""What a message tells, as the tables have it.

Anybody who may publish can write a message, so consumers tell and act on what is on record. The outbox publishes after
the commit: what a message tells and no table has was never true.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn
from uuid import UUID

import asyncpg

from shared.contracts.envelope import Envelope
from shared.contracts.messages import (
    AlertRaised,
    ContenderRejected,
    ModelPromoted,
    ModelRolledBack,
    Payload,
    ShadowStarted,
)
from shared.database.pool import Connection
from shared.messaging.outbox import INBOX_KEPT
from shared.messaging.transaction import NotOnRecordError

DECIDED_SQL = """
select d.subject_model, d.action, d.reason, d.decided_at, h.model_id as champion, h.previous_model_id as previous,
       h.generation
from decisions d left join model_pointer_history h using (decision_id)
where d.decision_id = $1
"""
ALERT_SQL = "select kind, severity, summary, raised_at, model_id, decision_id from alerts where alert_id = $1"


@dataclass(frozen=True)
class Fact:
    """What is on record, and since when."""

    told: Payload
    at: datetime


async def recorded(connection: Connection, message: Envelope, *, now: datetime) -> Fact:
    """The record of a decision or an alert that `message` tells of. All texts are those of the record.

    Raises:
        NotOnRecordError: no such record, or one so old that the inbox has forgotten its message.
    """
    match message.data:
        case AlertRaised():
            fact = await _alert(connection, message)
        case ModelPromoted() | ModelRolledBack() | ShadowStarted() | ContenderRejected() as told:
            fact = await _decision(connection, message, told.decision_id)
        case _:
            raise TypeError(f"{message.type} tells of no decision and no alert")
    if fact.at < now - INBOX_KEPT:
        raise NotOnRecordError(f"{message.type} {message.id} tells of {fact.at.isoformat()}, and was told then")
    return fact


async def _alert(connection: Connection, message: Envelope) -> Fact:
    row = await connection.fetchrow(ALERT_SQL, message.id)
    if row is None:
        _refuse(message)
    alert = AlertRaised(**dict(row))
    return Fact(alert, alert.raised_at)


async def _decision(connection: Connection, message: Envelope, decision_id: UUID) -> Fact:
    row = await connection.fetchrow(DECIDED_SQL, decision_id)
    if row is None:
        _refuse(message)
    told = _told(message.data, row, decision_id)
    if told is None:
        _refuse(message)
    return Fact(told, row["decided_at"])


def _told(claimed: Payload, row: asyncpg.Record, decision_id: UUID) -> Payload | None:
    """The message that the decision made; None if `claimed` is of another kind or about another model."""
    subject, reason, generation = row["subject_model"], row["reason"], row["generation"]
    match claimed, row["action"]:
        case ModelPromoted(model_id=model), "promote" if model == row["champion"]:
            return ModelPromoted(
                model_id=model,
                previous_model_id=row["previous"],
                decision_id=decision_id,
                pointer_generation=generation,
            )
        case ModelRolledBack(model_id=model, rolled_back_model_id=fallen), "rollback" if (model, fallen) == (
            row["champion"],
            subject,
        ):
            return ModelRolledBack(
                model_id=model,
                rolled_back_model_id=fallen,
                decision_id=decision_id,
                pointer_generation=generation,
                reason=reason,
            )
        case ShadowStarted(model_id=model), "start_shadow" if model == subject:
            return ShadowStarted(model_id=model, decision_id=decision_id)
        case ContenderRejected(model_id=model), "reject" if model == subject:
            return ContenderRejected(model_id=model, decision_id=decision_id, reason=reason)
    return None


def _refuse(message: Envelope) -> NoReturn:
    raise NotOnRecordError(f"{message.type} {message.id} of {message.source} tells what is not on record")
