"""The schema's rules for models, their pointer and their history, whatever the code tries."""

import asyncio
import json
from uuid import uuid4

import asyncpg
import pytest

from shared.database.pool import Connection
from tests.factories.database import Database
from tests.factories.rows import NOW, an_outcome, insert
from tests.integration.database.rows import (
    WAY_TO,
    a_decision,
    a_generation,
    a_model,
    a_monitor_step,
    a_nowcast,
    a_pointer,
    a_policy,
    a_promotion,
    a_request,
    a_sale,
    a_snapshot,
    move,
    refused,
    refusing,
)

AFTER = {
    "registered": ("evaluated", "rejected"),
    "evaluated": ("rejected", "shadow", "champion"),
    "shadow": ("champion", "rejected"),
    "champion": ("retired", "rolled_back"),
    "retired": ("champion",),
}
LEGAL = {(old, new) for old in AFTER for new in AFTER[old]} | {
    (state, "quarantined") for state in WAY_TO if state not in {"champion", "quarantined"}
}


@pytest.mark.parametrize("old", WAY_TO)
@pytest.mark.parametrize("new", WAY_TO)
async def test_a_model_changes_state_only_by_legal_transitions(connection: Connection, old: str, new: str) -> None:
    model = await a_model(connection, old)
    if old == new or (old, new) in LEGAL:
        await move(connection, model, new)
        assert await connection.fetchval("select state from models where model_id = $1", model) == new
    else:
        await refused(connection, f"cannot go from {old} to {new}", move(connection, model, new))


OVERRIDE = {"kind": "operator", "evidence": '{"override":true}'}


@pytest.mark.parametrize("old", WAY_TO)
async def test_an_operators_override_allows_only_rejected_or_rolled_back_to_champion(
    connection: Connection, old: str
) -> None:
    model = await a_model(connection, old)
    await a_decision(connection, model, **OVERRIDE)
    for new in sorted(set(WAY_TO) - {old, "champion"}):
        if (old, new) not in LEGAL:
            await refused(connection, "cannot go from", move(connection, model, new))
    if old in {"rejected", "rolled_back"}:
        await move(connection, model, "champion")


@pytest.mark.parametrize(
    "said",
    [
        {"evidence": '{"override":true}'},
        {"kind": "operator"},
        {"kind": "operator", "evidence": '{"override":false}'},
        {"kind": "operator", "evidence": '{"said":"\\"override\\":true"}'},
        {"kind": "operator", "evidence": '{"override":true}', "action": "quarantine"},
    ],
)
async def test_no_other_decision_brings_a_rejected_model_to_champion(
    connection: Connection, said: dict[str, str]
) -> None:
    model = await a_model(connection, "rejected")
    await a_decision(connection, model, **said)
    await a_decision(connection, await a_model(connection, "rejected"), **OVERRIDE)
    await refused(connection, "cannot go from rejected to champion", move(connection, model, "champion"))


async def test_an_override_is_used_once(connection: Connection) -> None:
    model = await a_model(connection, "rejected")
    decision = await a_decision(connection, model, **OVERRIDE)
    await move(connection, model, "champion")
    await insert(connection, "model_pointer", model_id=model, generation=1, decision_id=decision, moved_at=NOW)
    await move(connection, model, "rolled_back")
    await refused(connection, "cannot go from rolled_back to champion", move(connection, model, "champion"))


@pytest.mark.parametrize("state", sorted(set(WAY_TO) - {"registered"}))
async def test_a_model_begins_as_registered(connection: Connection, state: str) -> None:
    model = await a_model(connection)
    await refused(
        connection,
        "must begin as registered",
        connection.execute(
            """insert into models select (jsonb_populate_record(m, jsonb_build_object('model_id', 'm-0123456789abcdef',
                   'state', $2::text))).* from models m where model_id = $1""",
            model,
            state,
        ),
    )


@pytest.mark.parametrize("identity", ["m-1", "m-0123456789ABCDEF", "n-0123456789abcdef", "m-0123456789abcdef0", ""])
async def test_a_model_is_named_after_its_bytes(connection: Connection, identity: str) -> None:
    await refused(connection, "models_model_id_check", a_model(connection, model_id=identity))


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("update models set seed = 8", "immutable but for its state"),
        ("update models set artifact_sha256 = 'x'", "immutable but for its state"),
        ("update models set report = '{\"better\": true}'", "immutable but for its state"),
        ("update models set registered_at = now()", "immutable but for its state"),
        ("update models set state = 'excellent'", "excellent"),
        ("delete from models", "never deleted"),
    ],
)
async def test_a_model_keeps_everything_but_its_state(connection: Connection, statement: str, rule: str) -> None:
    await a_model(connection, "rejected")
    await refused(connection, rule, connection.execute(statement))


async def test_two_models_never_share_bytes_or_a_request(connection: Connection) -> None:
    await a_model(connection)
    for constraint, other in (
        ("models_artifact_sha256_key", {"training_request": str(await a_request(connection))}),
        ("models_training_request_key", {"artifact_sha256": "another file's"}),
    ):
        await refused(
            connection,
            constraint,
            connection.execute(
                "insert into models select (jsonb_populate_record(m, $1::text::jsonb)).* from models m",
                json.dumps(other | {"model_id": "m-0123456789abcdef"}),
            ),
        )


async def test_there_is_one_champion(connection: Connection) -> None:
    await a_model(connection, "champion")
    second = await a_model(connection, "evaluated")
    await refused(connection, "one_champion", move(connection, second, "champion"))


async def test_of_two_concurrent_promotions_one_is_refused(database: Database) -> None:
    models = [await database.run(a_model, "evaluated") for _ in range(2)]
    both_moved = asyncio.Barrier(2)

    async def crown(model: str) -> bool:
        try:
            async with database.transaction() as connection:
                await connection.execute("select 1")
                await both_moved.wait()
                await move(connection, model, "champion")
        except asyncpg.UniqueViolationError:
            return False
        return True

    assert sorted(await asyncio.gather(*map(crown, models))) == [False, True]
    assert await database.value("select count(*) from models where state = 'champion'") == 1


async def test_the_pointer_names_only_the_champion(connection: Connection) -> None:
    for state in sorted(set(WAY_TO) - {"champion"}):
        model = await a_model(connection, state)
        await refused(connection, "only name the champion", a_pointer(connection, model))
    await a_pointer(connection, await a_model(connection, "champion"))


async def two_champions(connection: Connection) -> tuple[str, str]:
    """The champion that the pointer names at generation 5, and its successor."""
    old, new = await a_model(connection, "champion"), await a_model(connection, "evaluated")
    await a_pointer(connection, old, generation=5)
    await move(connection, old, "retired")
    await move(connection, new, "champion")
    return old, new


@pytest.mark.parametrize("step", [-1, 0, 2, 100])
async def test_the_pointer_moves_one_generation_at_a_time(connection: Connection, step: int) -> None:
    old, new = await two_champions(connection)
    decision = await a_decision(connection, new, expected_generation=5)
    await refused(
        connection,
        "one generation at a time",
        connection.execute(
            "update model_pointer set model_id = $1, generation = $2, decision_id = $3", new, 5 + step, decision
        ),
    )
    await connection.execute("update model_pointer set model_id = $1, generation = 6, decision_id = $2", new, decision)
    history = await connection.fetch("select generation, model_id from model_pointer_history order by generation")
    assert [tuple(row) for row in history] == [(5, old), (6, new)]


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"action": "reject"}, "says reject, which moves no pointer"),
        ({"action": "none"}, "says none, which moves no pointer"),
        ({"expected_generation": 4}, "was taken at pointer generation 4, not 5"),
        ({"action": "rollback"}, "is about m-[0-9a-f]{16}, not about"),
    ],
)
async def test_the_pointer_moves_only_by_a_matching_decision(
    connection: Connection, given: dict[str, object], match: str
) -> None:
    _, new = await two_champions(connection)
    decision = await a_decision(connection, new, **{"expected_generation": 5, **given})
    await refused(connection, match, swap(connection, new, decision))
    about_another = await a_decision(connection, await a_model(connection), expected_generation=5)
    await refused(connection, "is about", swap(connection, new, about_another))
    await swap(connection, new, await a_decision(connection, new, expected_generation=5))


async def swap(connection: Connection, model: str, decision: object) -> None:
    await connection.execute(
        "update model_pointer set model_id = $1, generation = generation + 1, decision_id = $2", model, decision
    )


async def test_an_open_decision_has_an_owner_and_an_expiry(connection: Connection) -> None:
    model = await a_model(connection)
    await a_decision(connection, model, owner="operator", expires_at=NOW)
    for half in ({"owner": "operator"}, {"expires_at": NOW}):
        await refused(connection, "open_has_owner", a_decision(connection, model, **half))


OPEN, ENDINGS = ("warm_up", "watching"), ("confirmed", "rolled_back", "superseded")


async def test_a_promotion_goes_forward_only(connection: Connection) -> None:
    model = await a_model(connection, "champion")
    for ending in ENDINGS:
        decision = await a_promotion(connection, model, "warm_up")
        async with refusing(connection, "immutable but for its state"):
            await connection.execute("update promotions set started_at = now() where promotion_id = $1", decision)
        await promotion_becomes(connection, decision, "watching")
        async with refusing(connection, "cannot go from watching to warm_up"):
            await promotion_becomes(connection, decision, "warm_up")
        await promotion_becomes(connection, decision, ending)
        for other in (*OPEN, *ENDINGS):
            async with refusing(connection, f"cannot go from {ending} to {other}"):
                await promotion_becomes(connection, decision, other)
    await refused(connection, "never deleted", connection.execute("delete from promotions"))


async def promotion_becomes(connection: Connection, decision: object, state: str) -> None:
    await connection.execute(
        "update promotions set state = $2, ended_at = case when $2 = any($3::text[]) then now() end "
        "where promotion_id = $1",
        decision,
        state,
        list(ENDINGS),
    )


async def test_a_shadow_that_ended_stays_ended(connection: Connection) -> None:
    champion, model = await a_model(connection, "champion"), await a_model(connection, "shadow")
    decision = await a_decision(connection, model, action="start_shadow")
    await insert(connection, "shadows", model_id=model, champion_id=champion, decision_id=decision, started_at=NOW)
    await connection.execute("update shadows set started_at = now()")
    async with refusing(connection, "keeps its decision"):
        await connection.execute("update shadows set decision_id = $1", await a_decision(connection, model))
    await connection.execute("update shadows set ended_at = $1, outcome = 'worse'", NOW)
    for statement in ("update shadows set outcome = 'not_worse'", "update shadows set ended_at = null"):
        await refused(connection, "has ended: UPDATE", connection.execute(statement))
    await refused(connection, "has ended: DELETE", connection.execute("delete from shadows"))


async def test_a_decision_moves_the_pointer_once(connection: Connection) -> None:
    champion = await a_model(connection, "champion")
    decision = await a_pointer(connection, champion)
    async with refusing(connection, "model_pointer_history_decision_id_key"):
        await connection.execute("update model_pointer set generation = 2, moved_at = $1", NOW)
    assert await connection.fetchval("select decision_id from model_pointer") == decision


async def test_the_pointer_needs_a_recorded_decision(connection: Connection) -> None:
    champion = await a_model(connection, "champion")
    async with refusing(connection, "foreign key"):
        await insert(connection, "model_pointer", model_id=champion, generation=1, decision_id=uuid4(), moved_at=NOW)


async def test_there_is_one_pointer_and_it_is_never_deleted(connection: Connection) -> None:
    champion = await a_model(connection, "champion")
    await a_pointer(connection, champion)
    await refused(connection, "model_pointer", a_pointer(connection, champion, generation=2))
    await refused(connection, "never deleted", connection.execute("delete from model_pointer"))


async def test_history_is_only_added_to(connection: Connection) -> None:
    champion = await a_model(connection, "champion")
    decision = await a_pointer(connection, champion)
    await insert(connection, "gate_evidence", decision_id=decision, check_name="beats_floor", verdict="pass")
    generation = await a_generation(connection, champion)
    await an_outcome(connection, await a_sale(connection), champion, generation)
    await a_monitor_step(connection)
    await a_policy(connection)
    await a_nowcast(connection, generation_id=generation)
    changes = {
        "decisions": "verdict = 'fail'",
        "gate_evidence": "verdict = 'fail'",
        "model_pointer_history": "generation = 7",
        "monitor_steps": "e_worse = 0",
        "outcomes": "log_error = 0.1",
        "policies": "body = '[]'",
        "nowcasts": "value_wei = 51",
        "generations": "published_at = published_at - interval '1 hour'",
        "snapshots": "as_of = as_of - interval '1 hour'",
    }
    for table, change in changes.items():
        assert await connection.fetchval(f"select count(*) from {table}") > 0
        await refused(connection, f"{table} is append-only: UPDATE", connection.execute(f"update {table} set {change}"))
        if table not in {"generations", "nowcasts", "snapshots"}:  # old rows of these may be deleted
            await refused(connection, f"{table} is append-only: DELETE", connection.execute(f"delete from {table}"))


NEVER_EMPTIED = (
    "decisions", "gate_evidence", "model_pointer", "model_pointer_history", "models", "monitor_steps", "market_events",
    "outcomes", "promotions", "shadows", "policies",
)  # fmt: skip


@pytest.mark.parametrize("table", NEVER_EMPTIED)
async def test_history_is_never_emptied(connection: Connection, table: str) -> None:
    await refused(connection, "append-only: TRUNCATE", connection.execute(f"truncate {table} cascade"))


async def test_one_request_per_reason_is_open(connection: Connection) -> None:
    first = await a_request(connection, reason="model age")
    for status in ("queued", "running"):
        await connection.execute("update training_requests set status = $2 where request_id = $1", first, status)
        for other in ("queued", "running"):
            async with refusing(connection, "one_open_request_per_reason"):
                await a_request(connection, reason="model age", status=other)
    await a_request(connection, reason="another reason")
    for status in ("succeeded", "failed", "cancelled"):
        await a_request(connection, reason="model age", status=status)
        await connection.execute("update training_requests set status = $2 where request_id = $1", first, status)
    await a_request(connection, reason="model age")


async def test_one_promotion_is_open(connection: Connection) -> None:
    model = await a_model(connection, "champion")
    await a_promotion(connection, model, "confirmed")
    await a_promotion(connection, model, "warm_up")
    for state in OPEN:
        await refused(connection, "one_open_promotion", a_promotion(connection, model, state))
    await a_promotion(connection, model, "superseded")


async def test_a_snapshot_is_named_after_its_content(connection: Connection) -> None:
    await a_snapshot(connection)
    await refused(connection, "snapshots_snapshot_id_check", a_snapshot(connection, identity="latest"))
