"""What a person does to models goes the way of the automatic path, and is on record."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.clock import ManualClock
from shared.contracts.envelope import decode
from shared.contracts.messages import ModelPromoted, ModelRolledBack, Payload
from shared.database.pool import Connection
from shared.errors import ConflictError, InvalidInputError, NotFoundError
from shared.evaluation.policy import load_policy
from shared.messaging.transaction import originating
from shared.registry import audit, decisions, models, operations, pointer, promotions, shadows
from shared.registry.operations import Act, Done
from tests.factories import registry as made
from tests.factories.database import Database

AT = datetime(2025, 2, 1, tzinfo=UTC)
POLICY = load_policy()


def act(name: str, *, at: datetime = AT, generation: int | None = None, reason: str = "it is better") -> Act:
    return Act(made.model_id(name), "ada", reason, at, generation)


async def done(database: Database, what: Callable[..., Awaitable[Done]], request: Act, **more: object) -> Done:
    async with originating(database, ManualClock(request.at), source="test") as transaction:
        return await what(transaction, request, POLICY, **more)


async def judged(database: Database, *names: str) -> None:
    """Contenders that the gate has judged."""
    for name in names:
        await database.run(made.evaluated, name, AT)


async def champions(database: Database, *names: str) -> None:
    """Models that were promoted one after the other, the last one a day ago."""
    for days, name in enumerate(names, start=-len(names)):
        await database.run(made.promote, name, AT + timedelta(days=days))


async def state(database: Database, name: str) -> str:
    return (await database.run(models.get, made.model_id(name))).state


async def emitted(connection: Connection, kind: type[Payload]) -> Payload:
    """The newest message of this type."""
    newest = "select body from outbox where routing_key = $1 order by id desc limit 1"
    return decode(await connection.fetchval(newest, kind.TYPE)).data


async def test_of_forty_concurrent_promotions_delivered_twice_one_swaps(database: Database) -> None:
    """The others are stale, or were applied already."""
    names = [f"contender {number}" for number in range(40)]
    await champions(database, "champion")
    await judged(database, *names)
    deliveries = [act(name, generation=1) for name in names for _ in range(2)]
    answers = await asyncio.gather(*(done(database, operations.promote, one) for one in deliveries))
    assert Counter(type(one.outcome).__name__ for one in answers) == {"Swapped": 1, "AlreadyApplied": 1, "Stale": 78}
    applied = {one.decision_id for one in answers if not isinstance(one.outcome, pointer.Stale)}
    at, champion = await database.run(pointer.read), await database.run(models.champion)
    assert (at.model_id, at.generation, at.previous_model_id) == (champion.model_id, 2, made.model_id("champion"))
    assert applied == {at.decision_id}
    message = await database.run(emitted, ModelPromoted)
    assert (message.model_id, message.decision_id) == (champion.model_id, at.decision_id)
    assert await database.value("select count(*) from decisions where kind = 'operator'") == 1
    assert await database.value("select count(*) from outbox where routing_key = $1", ModelPromoted.TYPE) == 2
    history = await database.rows("select generation from model_pointer_history order by generation")
    assert [row["generation"] for row in history] == [1, 2]
    assert await database.value("select count(*) from promotions where ended_at is null") == 1


async def test_a_persons_promotion_is_watched_like_any_other(database: Database) -> None:
    await champions(database, "good")
    for name in ("far", "other"):
        await database.run(made.start_shadow, name, AT - timedelta(days=1))
    answer = await done(database, operations.promote, act("far", reason="  seen enough  "))
    promotion, decision = (
        await database.run(promotions.current),
        await database.run(decisions.get, answer.decision_id),
    )
    models_named = (promotion.model_id, promotion.previous_model_id)
    assert (*models_named, promotion.state) == (made.model_id("far"), made.model_id("good"), "warm_up")
    assert (decision.kind, decision.actor, decision.reason) == ("operator", "ada", "seen enough")
    assert (await database.run(shadows.get, made.model_id("far"))).outcome == "superseded"
    (running,) = await database.run(shadows.running)
    assert running.champion_id == made.model_id("far")


async def test_a_person_rolls_back_without_waiting_for_the_monitor(database: Database) -> None:
    await champions(database, "good", "bad")
    request = act("bad", generation=2, reason="users complain")
    first = await done(database, operations.roll_back, request)
    again = await done(database, operations.roll_back, request)
    assert isinstance(first.outcome, pointer.Swapped)
    assert again == Done(first.decision_id, pointer.AlreadyApplied(3))
    message = await database.run(emitted, ModelRolledBack)
    assert (message.model_id, message.rolled_back_model_id) == (made.model_id("good"), made.model_id("bad"))
    assert [await state(database, name) for name in ("good", "bad")] == ["champion", "rolled_back"]
    assert await database.value("select state from promotions order by started_at desc") == "rolled_back"


async def test_a_rolled_back_model_does_not_come_back_unless_a_person_overrides_that(database: Database) -> None:
    await test_a_person_rolls_back_without_waiting_for_the_monitor(database)
    with pytest.raises(ConflictError, match=r"does not return automatically; .*--override"):
        await done(database, operations.promote, act("bad"))
    await done(database, operations.promote, act("bad"), override=True)
    assert await state(database, "bad") == "champion"


async def test_a_model_in_quarantine_does_not_come_back_whoever_asks(database: Database) -> None:
    await test_a_person_rolls_back_without_waiting_for_the_monitor(database)
    await done(database, operations.quarantine, act("bad"))
    for override in (False, True):
        with pytest.raises(ConflictError, match="quarantine"):
            await done(database, operations.promote, act("bad"), override=override)


async def test_a_rejected_model_is_promoted_by_a_person_who_overrides_the_gate_and_says_so(database: Database) -> None:
    await champions(database, "good")
    await judged(database, "rejected")
    await database.run(models.transition, made.model_id("rejected"), expected="evaluated", to="rejected")
    with pytest.raises(ConflictError, match="--override"):
        await done(database, operations.promote, act("rejected"))
    request = act("rejected", generation=1, reason="nothing else can be served")
    first = await done(database, operations.promote, request, override=True)
    again = await done(database, operations.promote, request, override=True)
    assert isinstance(first.outcome, pointer.Swapped)
    assert again == Done(first.decision_id, pointer.AlreadyApplied(2))
    promotion, decision = await database.run(promotions.current), await database.run(decisions.get, first.decision_id)
    finding = await database.run(audit.verify, first.decision_id)
    assert (promotion.model_id, promotion.previous_model_id) == (made.model_id("rejected"), made.model_id("good"))
    assert decision.evidence["override"] is True
    assert (decision.actor, decision.reason) == ("ada", "nothing else can be served")
    assert finding.problems == ()


async def test_a_former_champion_may_come_back_by_a_person(database: Database) -> None:
    await champions(database, "old", "new")
    await done(database, operations.promote, act("old"))
    assert await state(database, "old") == "champion"


async def test_a_rollback_names_whom_it_takes_down_and_where_it_goes(database: Database) -> None:
    await champions(database, "first")
    with pytest.raises(ConflictError, match="no champion before"):
        await done(database, operations.roll_back, act("first"))
    for name in ("second", "third"):
        await database.run(made.promote, name, AT)
    with pytest.raises(ConflictError, match="not the champion"):
        await done(database, operations.roll_back, act("second"))
    with pytest.raises(ConflictError, match="cannot be restored"):
        await done(database, operations.roll_back, act("third"), to=made.model_id("third"))
    stale = await done(database, operations.roll_back, act("third", generation=2))
    assert stale.outcome == pointer.Stale(2, 3)
    await done(database, operations.roll_back, act("third"), to=made.model_id("first"))
    assert await state(database, "first") == "champion"


async def test_quarantine_takes_a_shadow_out_and_leaves_the_champion_alone(database: Database) -> None:
    await champions(database, "good")
    await database.run(made.start_shadow, "far", AT - timedelta(days=1))
    request = act("far", reason="trained on poisoned data")
    first = await done(database, operations.quarantine, request)
    assert await done(database, operations.quarantine, request) == first
    assert await state(database, "far") == "quarantined"
    assert await database.run(shadows.running) == []
    with pytest.raises(ConflictError, match="already"):
        await done(database, operations.quarantine, replace(request, reason="again"))
    with pytest.raises(ConflictError, match="is the champion"):
        await done(database, operations.quarantine, act("good"))


@pytest.mark.parametrize(
    ("actor", "reason"), [("", "because"), ("ada", "   "), ("ada", ""), ("a" * 101, "x"), ("ada", "\0")]
)
async def test_nothing_is_done_without_a_name_and_a_reason(database: Database, actor: str, reason: str) -> None:
    await judged(database, "new")
    for what in (operations.promote, operations.quarantine):
        with pytest.raises(InvalidInputError, match="who does this"):
            await done(database, what, replace(act("new", reason=reason), actor=actor))
    assert await database.run(decisions.listing) == []


@pytest.mark.parametrize("override", [False, True])
async def test_what_no_gate_has_judged_is_not_promoted_by_any_override(database: Database, override: bool) -> None:
    await database.run(made.contender, "fresh", AT)
    with pytest.raises(ConflictError, match="not judged it yet"):
        await done(database, operations.promote, act("fresh"), override=override)
    with pytest.raises(NotFoundError):
        await done(database, operations.promote, act("nobody"), override=override)


async def test_who_was_champion_at_an_instant_is_known_for_ever(database: Database) -> None:
    await database.run(made.promote, "first", AT)
    await database.run(made.promote, "second", AT + timedelta(days=2))
    await done(database, operations.roll_back, act("second", at=AT + timedelta(days=3)))
    names = [None, "first", "first", "second", "second", "first", "first"]
    for days, name in zip((-0.1, 0, 1.9, 2, 2.9, 3, 90), names, strict=True):
        champion = await database.run(pointer.champion_at, AT + timedelta(days=days))
        assert (champion and champion.model_id) == (name and made.model_id(name)), f"after {days} days"


async def test_the_confirmed_champion_is_the_last_one_that_fresh_sales_confirmed_and_that_has_not_fallen(
    connection: Connection,
) -> None:
    assert await pointer.confirmed(connection) is None
    await made.promote(connection, "first", AT)
    assert await pointer.confirmed(connection) == made.model_id("first"), "it had nobody to be measured against"
    second = await made.promote(connection, "second", AT + timedelta(days=1))
    assert await pointer.confirmed(connection) == made.model_id("first")
    await promotions.end(connection, second.decision_id, "confirmed", at=AT + timedelta(days=9))
    assert await pointer.confirmed(connection) == made.model_id("second")
    await made.promote(connection, "third", AT + timedelta(days=10))
    assert await pointer.confirmed(connection) == made.model_id("second")
    await models.transition(connection, made.model_id("second"), expected="retired", to="quarantined")
    assert await pointer.confirmed(connection) == made.model_id("first")


async def test_every_act_can_be_made_again_from_its_record(database: Database) -> None:
    await judged(database, "one", "two")
    await done(database, operations.promote, act("one"))
    await done(database, operations.promote, act("two", at=AT + timedelta(days=1)))
    await done(database, operations.roll_back, act("two", at=AT + timedelta(days=2)))
    await done(database, operations.quarantine, act("two", at=AT + timedelta(days=3)))
    findings = await database.run(made.findings)
    assert [finding.decision.action for finding in findings] == ["promote", "promote", "rollback", "quarantine"]
    assert [finding.problems for finding in findings] == [()] * 4
