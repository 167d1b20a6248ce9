"""Cards, lineage, evidence, reigns and shadows over HTTP."""

from datetime import timedelta

import pytest

from tests.factories import registry as made
from tests.factories.database import Database
from tests.integration.api import filling
from tests.integration.api.conftest import Served

FIRST, SECOND = made.model_id("first"), made.model_id("second")
EARLY = filling.NOW - timedelta(days=10)


@pytest.fixture
async def line(served: Served, database: Database) -> Database:
    """After the served model `first` was champion for eight days, then `second`; `far` runs in the shadow."""
    for days, name in ((0, "first"), (8, "second")):
        await database.run(made.evaluated, name, EARLY)
        await made.promote_by_hand(database, name, EARLY + timedelta(days=days))
    await database.run(made.start_shadow, "far", filling.NOW - timedelta(days=1))
    return database


async def test_who_was_champion_at_an_instant_is_answered(served: Served, line: Database) -> None:
    async def at(days: float) -> tuple[int, str | None]:
        instant = (EARLY + timedelta(days=days)).isoformat()
        answer = await served.client.get("/v1/models/champion", params={"at": instant})
        return answer.status_code, answer.json().get("model_id")

    assert await at(-60) == (404, None)
    assert await at(-1) == (200, filling.model_id(1))
    assert await at(0) == (200, FIRST)
    assert await at(7.9) == (200, FIRST)
    assert await at(8) == (200, SECOND)
    now = await served.json("/v1/models/champion")
    assert (now["model_id"], now["pointer_generation"], now["previous_model_id"]) == (SECOND, 3, FIRST)
    naive = await served.client.get("/v1/models/champion", params={"at": "2025-06-01T00:00:00"})
    assert naive.status_code == 422


async def test_a_model_has_a_card_in_markdown(served: Served, line: Database) -> None:
    answer = await served.client.get(f"/v1/models/{FIRST}/card")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.text.startswith(f"# Model card: {FIRST}\n")
    missing = await served.client.get("/v1/models/m-0000000000000000/card")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")


async def test_a_model_tells_where_it_comes_from(served: Served, line: Database) -> None:
    found = await served.json(f"/v1/models/{FIRST}/lineage")
    assert found["request"]["reason"] == "first"
    assert [one["model_id"] for one in found["line"]] == [FIRST]
    assert [one["generation"] for one in found["reigns"]] == [2]
    assert found["live"]["n"] == 0
    assert found["children"] == []


async def test_a_model_shows_the_evidence_of_every_decision_about_it(served: Served, line: Database) -> None:
    found = await served.json(f"/v1/models/{SECOND}/evidence")
    (decision,) = found["decisions"]
    assert (decision["kind"], decision["actor"], decision["reason"]) == ("operator", "ada", "second is good")
    assert (decision["owner"], decision["expires_at"], decision["checks"]) == (None, None, [])
    whole = await served.json(f"/v1/decisions/{decision['decision_id']}")
    assert whole["evidence_hash"] == decision["evidence_hash"]
    assert whole["evidence"]["said"] == "second is good"


async def test_shadows_show_how_far_they_are(served: Served, line: Database) -> None:
    (shadow,) = (await served.json("/v1/shadows"))["items"]
    assert (shadow["model_id"], shadow["champion_id"]) == (made.model_id("far"), SECOND)
    assert (shadow["sales"], shadow["e_not_worse"], shadow["e_worse"], shadow["age_days"]) == (0, 1.0, 1.0, 1.0)
    assert shadow["outcome"] is None
    await line.execute("update shadows set ended_at = now(), outcome = 'worse'")
    assert (await served.json("/v1/shadows"))["items"] == []
    assert len((await served.json("/v1/shadows?ended=true"))["items"]) == 1
