"""Operators' acts over HTTP: who may, what is recorded, and what happens when it is asked twice."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from shared.registry import api_keys, training_requests
from tests.factories import registry
from tests.factories.database import Database
from tests.integration.api import filling
from tests.integration.api.conftest import OPERATOR, Served, problem, serving
from tests.integration.api.filling import NOW

WHY = {"reason": "the watch is quiet"}


async def a_key(database: Database, *scopes: str, name: str = "anna") -> dict[str, str]:
    made = await database.run(api_keys.create, name=name, scopes=scopes, at=NOW)
    return {"X-API-Key": made.key}


async def a_contender(database: Database, number: int = 2, state: str = "evaluated") -> str:
    identity = await database.run(filling.fill_model, number)
    await database.execute("update models set state = $2 where model_id = $1", identity, state)
    return identity


async def test_a_promotion_is_a_decision_by_the_keys_name(served: Served, model: str) -> None:
    key, contender = await a_key(served.database, "operate"), await a_contender(served.database)
    answer = await served.client.post(f"/v1/models/{contender}/promote", json=WHY, headers=key)
    assert answer.status_code == 200
    done = answer.json()
    assert (done["outcome"], done["pointer_generation"], done["actor"]) == ("swapped", 2, "api:anna")
    decision = await served.json(f"/v1/decisions/{done['decision_id']}")
    assert (decision["kind"], decision["action"], decision["actor"]) == ("operator", "promote", "api:anna")
    current = await served.json("/v1/models/current")
    assert (current["model"]["model_id"], current["previous_model_id"]) == (contender, model)
    announced = "select count(*) from outbox where routing_key = 'punkcast.model.promoted.v1'"
    assert await served.database.value(announced) == 1
    back = await served.client.post(f"/v1/models/{contender}/rollback", json=WHY, headers=key)
    assert back.json()["outcome"] == "swapped"
    assert (await served.json("/v1/models/current"))["model"]["model_id"] == model
    refused = await served.client.post(f"/v1/models/{contender}/promote", json=WHY, headers=key)
    assert problem(refused) == (409, "conflict")
    assert "--override" in refused.json()["detail"]
    order = WHY | {"override": True}
    forced = await served.client.post(f"/v1/models/{contender}/promote", json=order, headers=key)
    assert forced.json()["outcome"] == "swapped"
    again = await served.json(f"/v1/decisions/{forced.json()['decision_id']}")
    assert (again["kind"], again["action"]) == ("operator", "promote")
    await served.client.post(f"/v1/models/{contender}/rollback", json=WHY, headers=key)
    gone = await served.client.post(f"/v1/models/{contender}/quarantine", json=WHY, headers=key)
    assert (gone.json()["outcome"], gone.json()["pointer_generation"]) == ("recorded", None)
    kinds = [one["kind"] for one in (await served.json("/v1/lifecycle"))["items"]]
    assert {"promoted", "rolled_back", "operator_decided", "contender_registered"} <= set(kinds)


async def test_the_same_idempotency_key_acts_once(served: Served) -> None:
    key, contender = await a_key(served.database, "operate"), await a_contender(served.database)
    headers = key | {"Idempotency-Key": "promote-2"}
    path = f"/v1/models/{contender}/promote"
    answers = await asyncio.gather(*(served.client.post(path, json=WHY, headers=headers) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert await served.database.value("select generation from model_pointer") == 2
    other = await served.client.post(path, json={"reason": "another"}, headers=headers)
    assert problem(other) == (409, "idempotency-conflict")
    elsewhere = await served.client.post(f"/v1/models/{contender}/quarantine", json=WHY, headers=headers)
    assert elsewhere.status_code == 409


async def test_a_pointer_that_moved_meanwhile_is_a_conflict_and_nothing_is_recorded(served: Served) -> None:
    key, contender = await a_key(served.database, "operate"), await a_contender(served.database)
    stale = await served.client.post(
        f"/v1/models/{contender}/promote", json=WHY | {"expected_generation": 7}, headers=key
    )
    assert stale.status_code == 409
    assert "generation 1, not 7" in stale.json()["detail"]
    assert await served.database.value("select count(*) from decisions where kind = 'operator'") == 0


@pytest.mark.parametrize("path", ["promote", "rollback", "quarantine"])
async def test_only_a_key_with_the_scope_may(served: Served, model: str, path: str) -> None:
    url = f"/v1/models/{model}/{path}"
    assert (await served.client.post(url, json=WHY)).status_code == 401
    trainer = await a_key(served.database, "train")
    assert (await served.client.post(url, json=WHY, headers=trainer)).status_code == 403
    for path in ("/v1/freezes", f"/v1/freezes/{uuid4()}/lift"):
        assert (await served.client.post(path, json=WHY, headers=trainer)).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"reason": ""}, 422), ({"reason": "x", "force": True}, 422), ({"reason": "x" * 501}, 422)],
)
async def test_a_reason_is_asked_for(served: Served, model: str, body: dict[str, object], status: int) -> None:
    answer = await served.client.post(f"/v1/models/{model}/quarantine", json=body, headers=OPERATOR)
    assert answer.status_code == status


async def test_what_cannot_be_done_says_why(served: Served, model: str) -> None:
    unknown = await served.client.post(f"/v1/models/{filling.model_id(99)}/promote", json=WHY, headers=OPERATOR)
    assert unknown.status_code == 404
    rejected = await a_contender(served.database, 3, "rejected")
    refused = await served.client.post(f"/v1/models/{rejected}/promote", json=WHY, headers=OPERATOR)
    assert (refused.status_code, "the gate rejected it" in refused.json()["detail"]) == (409, True)
    champion = await served.client.post(f"/v1/models/{model}/quarantine", json=WHY, headers=OPERATOR)
    assert champion.status_code == 409
    alone = await served.client.post(f"/v1/models/{model}/rollback", json=WHY, headers=OPERATOR)
    assert (alone.status_code, "no champion before" in alone.json()["detail"]) == (409, True)


async def test_a_freeze_is_there_until_it_is_lifted(served: Served) -> None:
    headers = OPERATOR | {"Idempotency-Key": "freeze-1"}
    first = await served.client.post("/v1/freezes", json={"reason": "a node is wrong"}, headers=headers)
    again = await served.client.post("/v1/freezes", json={"reason": "a node is wrong"}, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert "frozen" in (await served.json("/v1/status"))["degraded"]
    (found,) = (await served.json("/v1/freezes?active=true"))["items"]
    assert (found["actor"], found["in_force"]) == ("api:operator", True)
    lifted = await served.client.post(f"/v1/freezes/{found['freeze_id']}/lift", headers=OPERATOR)
    assert (lifted.json()["in_force"], lifted.json()["lifted_by"]) == (False, "api:operator")
    served.clock.move_to(NOW + timedelta(hours=1))
    assert (
        await served.client.post(f"/v1/freezes/{found['freeze_id']}/lift", headers=OPERATOR)
    ).json() == lifted.json()
    assert (await served.json("/v1/freezes?active=true"))["items"] == []
    assert (await served.client.post(f"/v1/freezes/{uuid4()}/lift", headers=OPERATOR)).status_code == 404
    kinds = [one["kind"] for one in (await served.json("/v1/lifecycle?kind=frozen&kind=unfrozen&kind=alert"))["items"]]
    assert sorted(kinds) == ["alert", "frozen", "unfrozen"]
    past = {"reason": "x", "expires_at": (NOW - timedelta(days=1)).isoformat()}
    assert (await served.client.post("/v1/freezes", json=past, headers=OPERATOR)).status_code == 422


async def test_cancelling_a_request(served: Served) -> None:
    anna, ben = await a_key(served.database, "train"), await a_key(served.database, "train", name="ben")
    asked = (await served.client.post("/v1/training-requests", json={"reason": "drift"}, headers=anna)).json()
    path = f"/v1/training-requests/{asked['request_id']}/cancel"
    assert (await served.client.post(path)).status_code == 401
    assert (await served.client.post(path, headers=ben)).status_code == 403
    done = await served.client.post(path, headers=anna)
    assert (done.status_code, done.json()["status"]) == (200, "cancelled")
    assert (await served.client.post(path, headers=OPERATOR)).json() == done.json()
    # The message still reaches the trainer, whose insert leaves the request cancelled.
    async with served.database.connection() as connection:
        assert not await registry.request(connection, "drift", NOW, request_id=done.json()["request_id"])
        assert await training_requests.claim(connection, at=NOW, lease_s=60) is None
        await registry.request(connection, "age", NOW, request_id=(running := uuid4()))
        await connection.execute("update training_requests set status = 'running' where request_id = $1", running)
    refused = await served.client.post(f"/v1/training-requests/{running}/cancel", headers=OPERATOR)
    assert (refused.status_code, "running" in refused.json()["detail"]) == (409, True)
    assert (await served.client.post(f"/v1/training-requests/{uuid4()}/cancel", headers=OPERATOR)).status_code == 404
    for query, count in (("reason=age", 1), ("requested_by=api:anna", 1), ("reason=nothing", 0)):
        assert len((await served.json(f"/v1/training-requests?{query}"))["items"]) == count


async def test_a_gateway_without_the_operators_login_refuses_acts_and_says_where_they_are_possible(
    database: Database, model: str
) -> None:
    contender = await a_contender(database)
    async with serving(database, acts=False) as public:
        for path in (f"/v1/models/{contender}/promote", f"/v1/models/{contender}/quarantine", "/v1/freezes"):
            answer = await public.client.post(path, json=WHY, headers=OPERATOR)
            assert problem(answer) == (403, "gateway-not-allowed")
            assert "PUNKCAST_OPERATOR_DATABASE_URL" in answer.json()["next_step"]
        # What the gateway itself writes still works.
        asked = await public.client.post("/v1/training-requests", json=WHY, headers=OPERATOR)
        assert asked.status_code == 202
    assert await database.value("select model_id from model_pointer") == model
    assert await database.value("select count(*) from decisions where actor like 'api:%'") == 0
