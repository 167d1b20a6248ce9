import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.database.pool import Connection
from shared.errors import ConflictError, NotFoundError
from shared.evaluation.checks import Check
from shared.evaluation.policy import load_policy
from shared.registry import decisions, freezes, models, pointer
from tests.factories import registry as made
from tests.factories.database import Database

AT = datetime(2025, 2, 1, tzinfo=UTC)
POLICY = load_policy()


async def test_two_first_promotions_at_once_make_one_champion(database: Database) -> None:
    for name in ("a", "b"):
        await database.run(made.evaluated, name, AT)

    async def attempt(name: str) -> pointer.Outcome:
        async with database.transaction() as connection:
            decision = made.decision(name, AT, generation=0)
            await decisions.record(connection, decision, (), POLICY)
            return await pointer.promote(connection, decision)

    outcomes = await asyncio.gather(attempt("a"), attempt("b"))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Stale", "Swapped"]


async def test_a_rollback_never_lands_on_a_model_that_failed(connection: Connection) -> None:
    await made.promote(connection, "good", AT)
    await made.promote(connection, "bad", AT)
    await models.transition(connection, made.model_id("good"), expected="retired", to="quarantined")
    decision = made.decision("bad", AT, generation=2, action="rollback")
    await decisions.record(connection, decision, (), POLICY)
    with pytest.raises(ConflictError, match="no longer retired"):
        await pointer.rollback(connection, decision, to=made.model_id("good"))


async def test_the_same_evidence_is_the_same_decision(connection: Connection) -> None:
    await made.contender(connection, "a", AT)
    decision = made.decision("a", AT, generation=0, action="reject")
    check = Check("bias", "fail", 0.031, 0.022, 0.04, 240, 0.02, "too high")
    assert await decisions.record(connection, decision, [check], POLICY)
    later = replace(decision, decided_at=AT + timedelta(hours=1))
    assert later.decision_id == decision.decision_id
    assert not await decisions.record(connection, later, [check], POLICY)
    stored = await decisions.get(connection, decision.decision_id)
    assert stored.checks == [decisions.Check.of(check)]
    assert stored.evidence_text == decision.evidence
    assert (stored.evidence_hash, stored.decided_at) == (decision.evidence_hash, AT)
    assert await decisions.upper_bound(connection, made.model_id("a"), "bias") == 0.04
    (listed,) = await decisions.listing(connection)
    assert listed.model_dump() == stored.model_dump(exclude={"evidence", "evidence_text"})
    assert await decisions.listing(connection, model_id=made.model_id("b")) == []


async def test_an_unknown_decision_is_not_found(connection: Connection) -> None:
    with pytest.raises(NotFoundError):
        await decisions.get(connection, made.decision("a", AT, generation=0).decision_id)


async def test_a_decision_is_recorded_with_its_own_policy_only(connection: Connection) -> None:
    await made.contender(connection, "a", AT)
    foreign = replace(made.decision("a", AT, generation=0), policy_hash="0" * 64)
    with pytest.raises(ValueError, match="policy"):
        await decisions.record(connection, foreign, (), POLICY)


async def test_a_freeze_holds_until_it_expires_or_a_person_lifts_it(connection: Connection) -> None:
    one, other = (made.decision(name, AT, generation=0).decision_id for name in ("a", "b"))
    await freezes.freeze(connection, one, actor="monitor", reason="twice", at=AT)
    await freezes.freeze(connection, other, actor="me", reason="holiday", at=AT, expires_at=AT + timedelta(days=1))
    assert (await freezes.in_force(connection, at=AT + timedelta(days=30))).reason == "twice"
    assert await freezes.lift(connection, one, actor="me", at=AT + timedelta(days=30))
    assert not await freezes.lift(connection, one, actor="me", at=AT + timedelta(days=31))
    assert await freezes.in_force(connection, at=AT + timedelta(days=30)) is None
    assert await freezes.in_force(connection, at=AT - timedelta(seconds=1)) is None
