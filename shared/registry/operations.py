"""Promotion, rollback and quarantine, for the gatekeeper, the command line and the API alike.

A person's act needs an actor and a reason. It becomes a decision of kind `operator` with its evidence. Then it follows
the path of an automatic decision, in one transaction: compare-and-swap on the pointer, the promotion or its end, the
restart of the shadows, and the message. The same request delivered twice is the same decision, and is applied once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

import structlog

from shared.contracts.messages import ModelPromoted, ModelRolledBack
from shared.errors import ConflictError
from shared.evaluation import judgement
from shared.evaluation.policy import Policy
from shared.messaging.transaction import Transaction
from shared.registry import decisions, models, pointer, promotions, shadows
from shared.registry.decisions import Decision
from shared.registry.models import ModelRecord
from shared.registry.pointer import Outcome, Swapped
from shared.registry.said import said

log = structlog.get_logger(__name__)
PROMOTABLE: tuple[models.State, ...] = ("evaluated", "shadow", "retired")
BY_OVERRIDE: tuple[models.State, ...] = ("rejected", "rolled_back")
"""States of models that the gate or later sales judged bad: a person may promote them with an override."""


@dataclass(frozen=True)
class Act:
    """A person's request.

    `expected_generation` is that of the model pointer when the person read it; None means the present one. `at` belongs
    to the request: a second delivery has the same instant. `key_id` is the API key of the actor, whose name another key
    may have later.
    """

    model_id: str
    actor: str
    reason: str
    at: datetime
    expected_generation: int | None = None
    key_id: str | None = None


@dataclass(frozen=True)
class Done:
    """The decision, and the outcome for the pointer (None: the act does not move it)."""

    decision_id: UUID
    outcome: Outcome | None


async def promote(transaction: Transaction, act: Act, policy: Policy, *, override: bool = False) -> Done:
    """Make a judged contender, a shadow or a former champion the champion, whatever freeze or cool-down is in force.

    With `override` also a model that was rejected or rolled back; the decision records the override.

    Raises:
        NotFoundError: no such model. InvalidInputError: no reason, or nobody says so.
        ConflictError: the model is in no state from which a person may promote it.
    """
    connection = transaction.connection
    await pointer.lock(connection)
    record, decision = await _decided(transaction, act, "promote", policy, to=act.model_id, override=override)
    if (obstacle := await pointer.obstacle(connection, decision)) is not None:
        return Done(decision.decision_id, obstacle)
    if record.state not in ((*PROMOTABLE, *BY_OVERRIDE) if override else PROMOTABLE):
        raise ConflictError(_not_promotable(record))
    await decisions.record(connection, decision, (), policy)
    await shadows.end(connection, record.model_id, "superseded", at=act.at)
    return Done(decision.decision_id, await carry_out_promotion(transaction, decision))


async def roll_back(transaction: Transaction, act: Act, policy: Policy, *, to: str | None = None) -> Done:
    """Roll back the champion `act.model_id` to `to`, by default to the previous champion.

    Raises:
        NotFoundError: no such model. InvalidInputError: no reason, or nobody says so.
        ConflictError: the model is not the champion, there is no previous champion, or `to` is not retired.
    """
    connection = transaction.connection
    await pointer.lock(connection)
    at = await _pointer_seen(transaction, act)
    target = to or (None if at is None else at.previous_model_id)
    record, decision = await _decided(transaction, act, "rollback", policy, to=target)
    if (obstacle := await pointer.obstacle(connection, decision)) is not None:
        return Done(decision.decision_id, obstacle)
    if record.state != "champion":
        raise ConflictError(
            f"model {record.model_id} is {record.state}, not the champion; only the champion can be rolled back"
        )
    if target is None:
        raise ConflictError(f"there is no champion before {record.model_id} to go back to; promote another model")
    if (await models.get(connection, target)).state != "retired":
        raise ConflictError(f"model {target} is not retired, so it cannot be restored; name another model with --to")
    await decisions.record(connection, decision, (), policy)
    return Done(decision.decision_id, await carry_out_rollback(transaction, decision, to=target))


async def quarantine(transaction: Transaction, act: Act, policy: Policy) -> Done:
    """Exclude a model permanently; its shadow ends.

    Raises:
        NotFoundError: no such model. InvalidInputError: no reason, or nobody says so.
        ConflictError: the champion must be rolled back first, or the model is already quarantined.
    """
    connection = transaction.connection
    await pointer.lock(connection)
    record, decision = await _decided(transaction, act, "quarantine", policy, to=None)
    if record.state == "champion":
        raise ConflictError(f"model {record.model_id} is the champion; roll it back or promote another one first")
    if not await decisions.record(connection, decision, (), policy):
        return Done(decision.decision_id, None)
    if record.state == "quarantined":
        raise ConflictError(f"model {record.model_id} is already quarantined")
    await models.transition(connection, record.model_id, expected=record.state, to="quarantined")
    await shadows.end(connection, record.model_id, "superseded", at=act.at)
    log.warning("model.quarantined", model=record.model_id, actor=decision.actor, reason=decision.reason)
    return Done(decision.decision_id, None)


async def carry_out_promotion(transaction: Transaction, decision: Decision) -> Outcome:
    """Swap the pointer to the decision's model, put it on probation, restart the shadows, emit the message.

    Raises:
        ConflictError: the model is in no state from which it may be promoted.
    """
    connection, model_id, at = transaction.connection, decision.subject_model, decision.decided_at
    outcome = await pointer.promote(connection, decision)
    if not isinstance(outcome, Swapped):
        return outcome
    await promotions.begin(
        connection, decision.decision_id, model_id=model_id, previous_model_id=outcome.replaced, at=at
    )
    await shadows.restart(connection, champion_id=model_id, at=at)
    payload = ModelPromoted(
        model_id=model_id,
        previous_model_id=outcome.replaced,
        decision_id=decision.decision_id,
        pointer_generation=outcome.generation,
    )
    await transaction.emit(payload, message_id=uuid5(decision.decision_id, payload.TYPE))
    log.info("model.promoted", model=model_id, actor=decision.actor, generation=outcome.generation)
    return outcome


async def carry_out_rollback(transaction: Transaction, decision: Decision, *, to: str) -> Outcome:
    """Swap the pointer back to `to`, end the open promotion, restart the shadows, and emit the message.

    If the falling champion cut short the probation of `to`, the probation of `to` starts again.

    Raises:
        ConflictError: the models are not where a rollback needs them.
    """
    connection, at = transaction.connection, decision.decided_at
    predecessor = await promotions.unfinished(connection, to)
    outcome = await pointer.rollback(connection, decision, to=to, predecessor=predecessor)
    if not isinstance(outcome, Swapped):
        return outcome
    current = await promotions.current(connection)
    if current is not None:
        await promotions.end(connection, current.promotion_id, "rolled_back", at=at)
    if predecessor is not None:
        await promotions.begin(connection, decision.decision_id, model_id=to, previous_model_id=predecessor, at=at)
    await shadows.restart(connection, champion_id=to, at=at)
    payload = ModelRolledBack(
        model_id=to,
        rolled_back_model_id=decision.subject_model,
        decision_id=decision.decision_id,
        pointer_generation=outcome.generation,
        reason=decision.reason,
    )
    await transaction.emit(payload, message_id=uuid5(decision.decision_id, payload.TYPE))
    log.warning("model.rolled_back", model=decision.subject_model, champion=to, reason=decision.reason)
    return outcome


async def _decided(
    transaction: Transaction,
    act: Act,
    what: Literal["promote", "rollback", "quarantine"],
    policy: Policy,
    *,
    to: str | None,
    override: bool = False,
) -> tuple[ModelRecord, Decision]:
    """The model, and the decision that the request makes; nothing is written."""
    actor, reason = said(act.actor, act.reason)
    record = await models.get(transaction.connection, act.model_id)
    at = await _pointer_seen(transaction, act)
    generation = act.expected_generation
    if generation is None:
        generation = pointer.generation_of(at)
    inputs = {
        "kind": "operator",
        "act": what,
        "model": record.model_id,
        "artifact_sha256": record.artifact_sha256,
        "to": to,
        "champion": None if at is None else at.model_id,
        "expected_generation": generation,
        "actor": actor,
        "said": reason,
        "decided_at": act.at.isoformat(),
        **({"override": True} if override else {}),
        **({"key": act.key_id} if act.key_id else {}),
    }
    return record, Decision.of(judgement.operator(inputs, policy), inputs, policy, actor=actor, at=act.at)


async def _pointer_seen(transaction: Transaction, act: Act) -> pointer.Pointer | None:
    """The pointer as the person read it."""
    if act.expected_generation is None:
        return await pointer.read(transaction.connection)
    return await pointer.at_generation(transaction.connection, act.expected_generation)


def _not_promotable(record: ModelRecord) -> str:
    advice = {
        "champion": "it is the champion already",
        "registered": "the gate has not judged it yet; wait for its decision",
        "rolled_back": "a rolled-back model does not return automatically; train a contender, or say --override",
        "rejected": "the gate rejected it; train a contender, or say --override (`override` over HTTP)",
        "quarantined": "it is in quarantine; train a contender",
    }
    return f"model {record.model_id} is {record.state}: {advice[record.state]}"
