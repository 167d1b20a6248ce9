"""Keys at the gateway: which are refused, how often they may be tried, and what a revocation meanwhile does."""

import asyncio
from datetime import timedelta

import pytest

from shared.registry import api_keys
from tests.factories.database import SOMEBODY_WAITS, Database
from tests.factories.waiting import eventually
from tests.integration.api import filling
from tests.integration.api.conftest import OPERATOR, OPERATOR_KEY, Served, problem, serving
from tests.integration.api.filling import NOW

HOOK = {"url": "https://example.org/hook", "events": ["sale.scored"]}
PATHS = {"/v1/webhooks": HOOK, "/v1/training-requests": {"reason": "drift"}}


async def a_key(database: Database, *scopes: str, name: str = "anna", **given: object) -> api_keys.NewKey:
    return await database.run(api_keys.create, name=name, scopes=scopes, at=NOW, **given)


async def test_a_key_to_read_with_writes_nothing(served: Served) -> None:
    key = {"X-API-Key": (await a_key(served.database, *api_keys.DEFAULT_SCOPES)).key}
    for path, body in PATHS.items():
        assert problem(await served.client.post(path, json=body, headers=key)) == (403, "forbidden")
    assert problem(await served.client.post("/v1/freezes", json={"reason": "x"}, headers=key)) == (403, "forbidden")


async def test_an_expired_key_and_a_secret_after_the_overlap_are_refused(served: Served) -> None:
    old = await a_key(served.database, "webhooks", lasting=timedelta(days=2))
    new = await served.database.run(api_keys.rotate, old.key_id, at=NOW, overlap=timedelta(hours=24))

    async def status(key: api_keys.NewKey) -> int:
        return (await served.client.get("/v1/webhooks", headers={"X-API-Key": key.key})).status_code

    assert (await status(old), await status(new)) == (200, 200)
    served.clock.move_to(NOW + timedelta(hours=24))
    assert (await status(old), await status(new)) == (401, 200)
    served.clock.move_to(NOW + timedelta(days=2))
    answer = await served.client.get("/v1/webhooks", headers={"X-API-Key": new.key})
    assert problem(answer) == (401, "unauthorized")
    assert "expired" in answer.json()["detail"]


async def test_a_use_is_on_record(served: Served) -> None:
    key = await a_key(served.database, "webhooks")
    await served.client.get("/v1/webhooks", headers={"X-API-Key": key.key})
    assert (await served.database.run(api_keys.find, key.key_id)).last_used_at == NOW


@pytest.mark.parametrize("path", PATHS)
async def test_a_request_whose_key_is_revoked_before_its_commit_leaves_nothing(served: Served, path: str) -> None:
    key = await a_key(served.database, "webhooks", "train")
    async with served.database.transaction() as revoking:
        await api_keys.revoke(revoking, key.key_id, at=NOW)
        # The key is still valid for everybody else: the request passes the first check and waits for the row.
        asking = asyncio.create_task(
            served.client.post(path, json=PATHS[path], headers={"X-API-Key": key.key, "Idempotency-Key": "one"})
        )
        await eventually(lambda: served.database.value(SOMEBODY_WAITS))
    assert problem(await asking) == (401, "unauthorized")
    for table in ("webhooks", "training_requests where origin like 'api:%'", "idempotency_keys"):
        assert await served.database.value(f"select count(*) from {table}") == 0


async def test_a_webhook_of_a_revoked_key_stays_disabled(served: Served) -> None:
    key = await a_key(served.database, "webhooks")
    made = (await served.client.post("/v1/webhooks", json=HOOK, headers={"X-API-Key": key.key})).json()
    await served.database.run(api_keys.revoke, key.key_id, at=NOW)
    path = f"/v1/webhooks/{made['webhook_id']}"
    assert problem(await served.client.post(f"{path}/enable", headers=OPERATOR)) == (409, "conflict")
    seen = await served.json(path, headers=OPERATOR)
    assert (seen["state"], seen["disabled_reason"]) == ("disabled", "the key was revoked")
    assert (await served.client.delete(path, headers=OPERATOR)).status_code == 204


async def test_a_request_belongs_to_a_key_and_not_to_a_name(served: Served) -> None:
    first = await a_key(served.database, "train")
    asked = await served.client.post("/v1/training-requests", json={"reason": "a"}, headers={"X-API-Key": first.key})
    await served.database.execute("update api_keys set revoked_at = $1", NOW)
    second = await a_key(served.database, "train", name="ben")
    await served.database.execute("update api_keys set name = 'anna'")
    path = f"{asked.headers['location']}/cancel"
    assert problem(await served.client.post(path, headers={"X-API-Key": second.key})) == (403, "forbidden")


async def test_a_decision_has_the_id_of_the_key(served: Served) -> None:
    key = await a_key(served.database, "operate")
    contender = await served.database.run(filling.fill_model, 2)
    done = await served.client.post(
        f"/v1/models/{contender}/quarantine", json={"reason": "x"}, headers={"X-API-Key": key.key}
    )
    decision = await served.json(f"/v1/decisions/{done.json()['decision_id']}")
    assert (decision["actor"], decision["evidence"]["key"]) == ("api:anna", key.key_id)


async def test_an_address_that_tries_many_keys_is_shut_out_and_counted(database: Database, model: str) -> None:
    good = (await a_key(database, "webhooks")).key
    async with serving(database, refused_keys_limit="3/hour") as served:

        async def status(key: str | None) -> int:
            headers = {} if key is None else {"X-API-Key": key}
            return (await served.client.get("/v1/webhooks", headers=headers)).status_code

        assert [await status(None) for _ in range(5)] == [401] * 5, "no key is no guess"
        assert [await status(key) for key in ("x", f"pc_{'0' * 12}_{'A' * 43}", OPERATOR_KEY[:-1])] == [401] * 3
        shut_out = await served.client.get("/v1/webhooks", headers={"X-API-Key": good})
        assert problem(shut_out) == (429, "rate-limited")
        assert int(shut_out.headers["retry-after"]) > 0
        assert (await served.client.get("/v1/status")).status_code == 200, "reads need no key"
        metrics = (await served.client.get("/metrics")).text
    counted = {
        kind: f'punkcast_api_refused_keys_total{{kind="{kind}"}}' for kind in ("missing", "malformed", "unknown")
    }
    for kind, number in (("missing", 5), ("malformed", 2), ("unknown", 1)):
        assert f"{counted[kind]} {number}.0" in metrics
