"""Cards, lineage, evidence, reigns and shadows over HTTP."""

from datetime import timedelta

import pytest

from shared.clock import ManualClock
from shared.database.pool import Database
from shared.evaluation.policy import load_policy
from shared.messaging.transaction import originating
from shared.registry import operations
from shared.registry.operations import Act
from tests.factories import registry as made
from tests.integration.api import filling
from tests.integration.api.conftest import Served

EARLY = filling.NOW - timedelta(days=10)


@pytest.fixture
async def line(served: Served, database: Database) -> Database:
    """After the served model `first` was champion for eight days, then `second`; `far` runs in the shadow."""
    async with database.transaction() as connection:
        for name in ("first", "second"):
            await made.evaluated(connection, name, EARLY)
    for days, name in ((0, "first"), (8, "second")):
        act = Act(made.model_id(name), "ada", f"{name} is good", EARLY + timedelta(days=days))
        async with originating(database, ManualClock(act.at), source="test") as transaction:
            await operations.promote(transaction, act, load_policy())
    async with database.transaction() as connection:
        await made.start_shadow(connection, "far", filling.NOW - timedelta(days=1))
    return database


async def test_who_was_champion_at_an_instant_is_answered(served: Served, line: Database) -> None:
    async def at(days: float) -> tuple[int, str | None]:
        instant = (EARLY + timedelta(days=days)).isoformat()
        answer = await served.client.get("/v1/models/champion", params={"at": instant})
        return answer.status_code, answer.json().get("model_id")

    assert await at(-60) == (404, None)
    assert await at(-1) == (200, filling.model_id(1))
    assert await at(0) == (200, made.model_id("first"))
    assert await at(7.9) == (200, made.model_id("first"))
    assert await at(8) == (200, made.model_id("second"))
    now = (await served.client.get("/v1/models/champion")).json()
    assert (now["model_id"], now["pointer_generation"], now["previous_model_id"]) == (
        made.model_id("second"),
        3,
        made.model_id("first"),
    )
    naive = await served.client.get("/v1/models/champion", params={"at": "2025-06-01T00:00:00"})
    assert naive.status_code == 422


async def test_a_model_has_a_card_in_markdown(served: Served, line: Database) -> None:
    answer = await served.client.get(f"/v1/models/{made.model_id('first')}/card")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.text.startswith(f"# Model card: {made.model_id('first')}\n")
    missing = await served.client.get("/v1/models/m-0000000000000000/card")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")


async def test_a_model_tells_where_it_comes_from(served: Served, line: Database) -> None:
    found = (await served.client.get(f"/v1/models/{made.model_id('first')}/lineage")).json()
    assert found["request"]["reason"] == "first"
    assert [one["model_id"] for one in found["line"]] == [made.model_id("first")]
    assert [one["generation"] for one in found["reigns"]] == [2]
    assert found["live"]["n"] == 0
    assert found["children"] == []


async def test_a_model_shows_the_evidence_of_every_decision_about_it(served: Served, line: Database) -> None:
    found = (await served.client.get(f"/v1/models/{made.model_id('second')}/evidence")).json()
    (decision,) = found["decisions"]
    assert (decision["kind"], decision["actor"], decision["reason"]) == ("operator", "ada", "second is good")
    assert (decision["owner"], decision["expires_at"], decision["checks"]) == (None, None, [])
    whole = (await served.client.get(f"/v1/decisions/{decision['decision_id']}")).json()
    assert whole["evidence_hash"] == decision["evidence_hash"]
    assert whole["evidence"]["said"] == "second is good"


async def test_shadows_show_how_far_they_are(served: Served, line: Database) -> None:
    (shadow,) = (await served.client.get("/v1/shadows")).json()["items"]
    assert (shadow["model_id"], shadow["champion_id"]) == (made.model_id("far"), made.model_id("second"))
    assert (shadow["sales"], shadow["e_not_worse"], shadow["e_worse"], shadow["age_days"]) == (0, 1.0, 1.0, 1.0)
    assert shadow["outcome"] is None
    async with line.transaction() as connection:
        await connection.execute("update shadows set ended_at = now(), outcome = 'worse'")
    assert (await served.client.get("/v1/shadows")).json()["items"] == []
    assert len((await served.client.get("/v1/shadows?ended=true")).json()["items"]) == 1
