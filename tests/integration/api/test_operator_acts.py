"""Operators' acts over HTTP: who may, what is recorded, and what happens when it is asked twice."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from shared.database.pool import Database
from shared.registry import api_keys
from tests.integration.api import filling
from tests.integration.api.conftest import Served
from tests.integration.api.filling import NOW

WHY = {"reason": "the watch is quiet"}


async def a_key(database: Database, *scopes: str, name: str = "anna") -> dict[str, str]:
    async with database.connection() as connection:
        made = await api_keys.create(connection, name=name, scopes=scopes, at=NOW)
    return {"X-API-Key": made.key}


async def a_contender(database: Database, number: int = 2, state: str = "evaluated") -> str:
    async with database.connection() as connection:
        identity = await filling.fill_model(connection, number)
        for step in {"evaluated": ["evaluated"], "rejected": ["rejected"], "registered": []}[state]:
            await connection.execute("update models set state = $2 where model_id = $1", identity, step)
    return identity


async def test_a_promotion_is_a_decision_by_the_keys_name(served: Served, database: Database, model: str) -> None:
    key, contender = await a_key(database, "operate"), await a_contender(database)
    answer = await served.client.post(f"/v1/models/{contender}/promote", json=WHY, headers=key)
    assert answer.status_code == 200
    done = answer.json()
    assert (done["outcome"], done["pointer_generation"], done["actor"]) == ("swapped", 2, "api:anna")
    decision = (await served.client.get(f"/v1/decisions/{done['decision_id']}")).json()
    assert (decision["kind"], decision["action"], decision["actor"]) == ("operator", "promote", "api:anna")
    current = (await served.client.get("/v1/models/current")).json()
    assert (current["model"]["model_id"], current["previous_model_id"]) == (contender, model)
    async with database.connection() as connection:
        assert await connection.fetchval(
            "select count(*) from outbox where routing_key = 'punkcast.model.promoted.v1'"
        ) == 1  # fmt: skip
    back = await served.client.post(f"/v1/models/{contender}/rollback", json=WHY, headers=key)
    assert back.json()["outcome"] == "swapped"
    assert (await served.client.get("/v1/models/current")).json()["model"]["model_id"] == model
    refused = await served.client.post(f"/v1/models/{contender}/promote", json=WHY, headers=key)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "conflict")
    assert "--override" in refused.json()["detail"]
    order = WHY | {"override": True}
    forced = await served.client.post(f"/v1/models/{contender}/promote", json=order, headers=key)
    assert forced.json()["outcome"] == "swapped"
    again = (await served.client.get(f"/v1/decisions/{forced.json()['decision_id']}")).json()
    assert (again["kind"], again["action"]) == ("operator", "promote")
    await served.client.post(f"/v1/models/{contender}/rollback", json=WHY, headers=key)
    gone = await served.client.post(f"/v1/models/{contender}/quarantine", json=WHY, headers=key)
    assert (gone.json()["outcome"], gone.json()["pointer_generation"]) == ("recorded", None)
    kinds = [one["kind"] for one in (await served.client.get("/v1/lifecycle")).json()["items"]]
    assert {"promoted", "rolled_back", "operator_decided", "contender_registered"} <= set(kinds)


async def test_the_same_idempotency_key_acts_once(served: Served, database: Database) -> None:
    key, contender = await a_key(database, "operate"), await a_contender(database)
    headers = key | {"Idempotency-Key": "promote-2"}
    path = f"/v1/models/{contender}/promote"
    answers = await asyncio.gather(*(served.client.post(path, json=WHY, headers=headers) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    async with database.connection() as connection:
        assert await connection.fetchval("select generation from model_pointer") == 2
    other = await served.client.post(path, json={"reason": "another"}, headers=headers)
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (409, "idempotency-conflict")
    elsewhere = await served.client.post(f"/v1/models/{contender}/quarantine", json=WHY, headers=headers)
    assert elsewhere.status_code == 409


async def test_a_pointer_that_moved_meanwhile_is_a_conflict_and_nothing_is_recorded(
    served: Served, database: Database
) -> None:
    key, contender = await a_key(database, "operate"), await a_contender(database)
    stale = await served.client.post(
        f"/v1/models/{contender}/promote", json=WHY | {"expected_generation": 7}, headers=key
    )
    assert stale.status_code == 409
    assert "generation 1, not 7" in stale.json()["detail"]
    async with database.connection() as connection:
        assert await connection.fetchval("select count(*) from decisions where kind = 'operator'") == 0


@pytest.mark.parametrize("path", ["promote", "rollback", "quarantine"])
async def test_only_a_key_with_the_scope_may(served: Served, database: Database, model: str, path: str) -> None:
    url = f"/v1/models/{model}/{path}"
    assert (await served.client.post(url, json=WHY)).status_code == 401
    trainer = await a_key(database, "train")
    assert (await served.client.post(url, json=WHY, headers=trainer)).status_code == 403
    for path in ("/v1/freezes", f"/v1/freezes/{uuid4()}/lift"):
        assert (await served.client.post(path, json=WHY, headers=trainer)).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"reason": ""}, 422), ({"reason": "x", "force": True}, 422), ({"reason": "x" * 501}, 422)],
)
async def test_a_reason_is_asked_for(
    served: Served, operator: dict[str, str], model: str, body: dict[str, object], status: int
) -> None:
    answer = await served.client.post(f"/v1/models/{model}/quarantine", json=body, headers=operator)
    assert answer.status_code == status


async def test_what_cannot_be_done_says_why(
    served: Served, operator: dict[str, str], model: str, database: Database
) -> None:
    unknown = await served.client.post(f"/v1/models/{filling.model_id(99)}/promote", json=WHY, headers=operator)
    assert unknown.status_code == 404
    rejected = await a_contender(database, 3, "rejected")
    refused = await served.client.post(f"/v1/models/{rejected}/promote", json=WHY, headers=operator)
    assert (refused.status_code, "the gate rejected it" in refused.json()["detail"]) == (409, True)
    champion = await served.client.post(f"/v1/models/{model}/quarantine", json=WHY, headers=operator)
    assert champion.status_code == 409
    alone = await served.client.post(f"/v1/models/{model}/rollback", json=WHY, headers=operator)
    assert (alone.status_code, "no champion before" in alone.json()["detail"]) == (409, True)


async def test_a_freeze_is_there_until_it_is_lifted(served: Served, operator: dict[str, str]) -> None:
    headers = operator | {"Idempotency-Key": "freeze-1"}
    first = await served.client.post("/v1/freezes", json={"reason": "a node is wrong"}, headers=headers)
    again = await served.client.post("/v1/freezes", json={"reason": "a node is wrong"}, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert "frozen" in (await served.client.get("/v1/status")).json()["degraded"]
    (found,) = (await served.client.get("/v1/freezes?active=true")).json()["items"]
    assert (found["actor"], found["in_force"]) == ("api:operator", True)
    lifted = await served.client.post(f"/v1/freezes/{found['freeze_id']}/lift", headers=operator)
    assert (lifted.json()["in_force"], lifted.json()["lifted_by"]) == (False, "api:operator")
    served.clock.move_to(NOW + timedelta(hours=1))
    assert (
        await served.client.post(f"/v1/freezes/{found['freeze_id']}/lift", headers=operator)
    ).json() == lifted.json()
    assert (await served.client.get("/v1/freezes?active=true")).json()["items"] == []
    assert (await served.client.post(f"/v1/freezes/{uuid4()}/lift", headers=operator)).status_code == 404
    kinds = [
        one["kind"]
        for one in (await served.client.get("/v1/lifecycle?kind=frozen&kind=unfrozen&kind=alert")).json()["items"]
    ]
    assert sorted(kinds) == ["alert", "frozen", "unfrozen"]
    past = {"reason": "x", "expires_at": (NOW - timedelta(days=1)).isoformat()}
    assert (await served.client.post("/v1/freezes", json=past, headers=operator)).status_code == 422


async def test_cancelling_a_request(served: Served, database: Database, operator: dict[str, str]) -> None:
    anna, ben = await a_key(database, "train"), await a_key(database, "train", name="ben")
    asked = (await served.client.post("/v1/training-requests", json={"reason": "drift"}, headers=anna)).json()
    path = f"/v1/training-requests/{asked['request_id']}/cancel"
    assert (await served.client.post(path)).status_code == 401
    assert (await served.client.post(path, headers=ben)).status_code == 403
    done = await served.client.post(path, headers=anna)
    assert (done.status_code, done.json()["status"]) == (200, "cancelled")
    assert (await served.client.post(path, headers=operator)).json() == done.json()
    async with database.connection() as connection:
        # The message still reaches the trainer, whose insert leaves the request cancelled.
        from shared.registry import training_requests  # noqa: PLC0415

        queued = await training_requests.enqueue(
            connection,
            request_id=done.json()["request_id"],
            reason="drift",
            requested_by="api:anna",
            data_cutoff=None,
            at=NOW,
        )
        assert not queued
        assert await training_requests.claim(connection, at=NOW, lease_s=60) is None
        await connection.execute(
            """insert into training_requests (request_id, reason, requested_by, requested_at, status)
               values ($1, 'age', 'retrain-policy', $2, 'running')""", uuid4(), NOW,
        )  # fmt: skip
        running = await connection.fetchval("select request_id from training_requests where status = 'running'")
    refused = await served.client.post(f"/v1/training-requests/{running}/cancel", headers=operator)
    assert (refused.status_code, "running" in refused.json()["detail"]) == (409, True)
    assert (await served.client.post(f"/v1/training-requests/{uuid4()}/cancel", headers=operator)).status_code == 404
    for query, count in (("reason=age", 1), ("requested_by=api:anna", 1), ("reason=nothing", 0)):
        assert len((await served.client.get(f"/v1/training-requests?{query}")).json()["items"]) == count
