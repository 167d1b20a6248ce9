"""A training request is one row and one message, however many times the client sends it."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from services.trainer.handlers import Trainer
from shared.contracts.envelope import Envelope, decode
from shared.contracts.messages import TrainingRequested
from shared.errors import InvalidInputError, NotFoundError
from shared.registry import api_keys, training_requests
from tests.factories.database import Database
from tests.integration.api import filling
from tests.integration.api.conftest import OPERATOR, Served, problem

PATH = "/v1/training-requests"


async def published(database: Database) -> list[Envelope]:
    return [decode(row["body"]) for row in await database.rows("select body from outbox order by id")]


async def test_a_request_is_published_and_can_be_followed(served: Served) -> None:
    answer = await served.client.post(PATH, json={"reason": "drift"}, headers=OPERATOR)
    assert answer.status_code == 202
    request_id = answer.json()["request_id"]
    assert answer.headers["location"] == f"{PATH}/{request_id}"
    (envelope,) = await published(served.database)
    assert str(envelope.id) == request_id
    assert envelope.data == TrainingRequested(reason="drift", requested_by="api:operator", request_id=UUID(request_id))

    followed = await served.client.get(answer.headers["location"])
    assert (followed.status_code, followed.json()["status"]) == (200, "queued")
    assert followed.json() == answer.json()
    listed = await served.json(PATH, params={"status": "queued"})
    assert [item["request_id"] for item in listed["items"]] == [request_id]


async def test_the_row_is_claimed_once_whether_the_message_comes_early_late_or_never(served: Served) -> None:
    asked = (await served.client.post(PATH, json={"reason": "drift"}, headers=OPERATOR)).json()
    (envelope,) = await published(served.database)
    trainer = Trainer(
        database=served.database, clock=served.clock, store=None, reader=None, executor=None,  # type: ignore[arg-type]
        holdout_sales=1, lease_s=60, threads=1,
    )  # fmt: skip
    claimed = await served.database.run(training_requests.claim, at=filling.NOW, lease_s=60)
    assert claimed is not None
    assert str(claimed.request_id) == asked["request_id"]
    await trainer.on_training_requested(envelope)
    assert await served.database.run(training_requests.claim, at=filling.NOW, lease_s=60) is None
    (listed,) = (await served.json(PATH, params={"reason": "drift"}))["items"]
    assert (listed["request_id"], listed["status"]) == (asked["request_id"], "running")


async def test_a_request_is_merged_with_an_open_one_for_the_same_reason(served: Served) -> None:
    answers = await asyncio.gather(
        *(served.client.post(PATH, json={"reason": "drift"}, headers=OPERATOR) for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {202}
    followed = [await served.json(answer.headers["location"]) for answer in answers]
    assert sorted(one["status"] for one in followed) == ["merged", "merged", "merged", "queued"]
    assert len(await published(served.database)) == 1
    (merged, *_) = (await served.json(PATH, params={"status": "merged", "limit": 1}))["items"]
    refused = await served.client.post(f"{PATH}/{merged['request_id']}/cancel", headers=OPERATOR)
    assert (refused.status_code, "merged" in refused.json()["detail"]) == (409, True)
    (queued,) = (await served.json(PATH, params={"status": "queued"}))["items"]
    await served.client.post(f"{PATH}/{queued['request_id']}/cancel", headers=OPERATOR)
    freed = await served.client.post(PATH, json={"reason": "drift"}, headers=OPERATOR)
    assert freed.json()["status"] == "queued"


async def test_sending_twice_with_one_key_asks_once_even_at_the_same_time(served: Served) -> None:
    headers = OPERATOR | {"Idempotency-Key": "one"}
    answers = await asyncio.gather(
        *(served.client.post(PATH, json={"reason": "drift"}, headers=headers) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(await published(served.database)) == 1


async def test_one_key_for_two_requests_is_a_conflict(served: Served) -> None:
    headers = OPERATOR | {"Idempotency-Key": "one"}
    await served.client.post(PATH, json={"reason": "drift"}, headers=headers)
    second = await served.client.post(PATH, json={"reason": "age"}, headers=headers)
    assert problem(second) == (409, "idempotency-conflict")
    assert len(await published(served.database)) == 1


async def test_an_idempotency_key_belongs_to_its_api_key(served: Served) -> None:
    new = await served.database.run(api_keys.create, name="other", scopes=["train"], at=filling.NOW)
    asked = set()
    for headers in (OPERATOR, {"X-API-Key": new.key}):
        answer = await served.client.post(PATH, json={"reason": "drift"}, headers=headers | {"Idempotency-Key": "one"})
        assert answer.status_code == 202
        asked.add(answer.headers["location"])
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, "reason"),
        ({"reason": ""}, "reason"),
        ({"reason": "   "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": 7}, "reason"),
        ({"reason": "a\x1b[2J"}, "reason"),
        ({"reason": "a\u202eb"}, "U+202E"),
        ({"reason": "a\u200bb"}, "U+200B"),
        ({"reason": "a", "data_cutoff": "yesterday"}, "data_cutoff"),
        ({"reason": "a", "data_cutoff": "2025-01-01T00:00:00"}, "data_cutoff"),
        ({"reason": "a", "data_cutoff": "2016-01-01T00:00:00Z"}, "data_cutoff"),
        ({"reason": "a", "data_cutoff": (filling.NOW + timedelta(days=1)).isoformat()}, "data_cutoff"),
        ({"reason": "a", "surprise": 1}, "surprise"),
        ([], "body"),
        (None, "body"),
    ],
)
async def test_a_wrong_body_is_explained_and_publishes_nothing(unchanging: Served, body: object, place: str) -> None:
    answer = await unchanging.client.post(PATH, json=body, headers=OPERATOR)
    assert answer.status_code == 422
    assert place in answer.json()["detail"]
    assert await published(unchanging.gateway.database) == []


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b"", b'{"reason": "a\\u0000b"}'])
async def test_bytes_that_are_no_request_are_refused(unchanging: Served, raw: bytes) -> None:
    answer = await unchanging.client.post(PATH, content=raw, headers=OPERATOR | {"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert await published(unchanging.gateway.database) == []


async def test_a_ten_megabyte_body_is_refused_announced_or_not(unchanging: Served) -> None:
    async def dribble():  # type: ignore[no-untyped-def]
        for _ in range(160):
            yield b"x" * 65536

    announced = await unchanging.client.post(PATH, content=b"x" * 10_000_000, headers=OPERATOR)
    unannounced = await unchanging.client.post(PATH, content=dribble(), headers=OPERATOR)
    for answer in (announced, unannounced):
        assert answer.status_code == 413
        assert "at most 65536 bytes" in answer.json()["detail"]


async def test_who_may_ask(served: Served) -> None:
    run = served.database.run
    good = await run(api_keys.create, name="trainer bot", scopes=["train"], at=filling.NOW)
    gone = await run(api_keys.create, name="old bot", scopes=["train"], at=filling.NOW)
    await run(api_keys.revoke, gone.key_id, at=filling.NOW)
    poor = await run(api_keys.create, name="reader", scopes=["train"], at=filling.NOW)
    await served.database.execute("update api_keys set scopes = '{}' where key_id = $1", poor.key_id)
    wrong_secret = good.key[:-4] + ("AAAA" if not good.key.endswith("AAAA") else "BBBB")

    async def ask(**headers: str) -> int:
        answer = await served.client.post(
            PATH, json={"reason": "drift"}, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"].startswith("Bearer")
        return answer.status_code

    assert await ask() == 401
    assert await ask(Authorization="Basic abc") == 401
    assert await ask(Authorization="Bearer nonsense") == 401
    assert await ask(Authorization=f"Bearer {wrong_secret}") == 401
    assert await ask(X_API_Key=gone.key) == 401
    assert await ask(X_API_Key=poor.key) == 403
    assert await ask(X_API_Key=good.key) == 202
    assert await ask(Authorization=f"Bearer {good.key}") == 202


async def test_the_secret_itself_is_stored_nowhere(database: Database) -> None:
    new = await database.run(api_keys.create, name="bot", scopes=["train"], at=filling.NOW)
    (stored,) = await database.run(api_keys.listing)
    assert new.key.rpartition("_")[2] not in repr(stored)
    assert stored.secret_sha256 == api_keys.fingerprint(new.key)


async def test_keys_need_a_name_and_a_known_scope(database: Database) -> None:
    async with database.connection() as connection:
        for name, scopes in (("", ["train"]), ("bot", []), ("bot", ["everything"])):
            with pytest.raises(InvalidInputError):
                await api_keys.create(connection, name=name, scopes=scopes, at=filling.NOW)
        with pytest.raises(NotFoundError):
            await api_keys.revoke(connection, "nope", at=filling.NOW)


async def test_a_key_has_three_open_requests_and_is_told_what_to_do(served: Served) -> None:
    anna = await served.database.run(api_keys.create, name="anna", scopes=["train"], at=filling.NOW)
    headers = {"X-API-Key": anna.key}
    asked = [await served.client.post(PATH, json={"reason": f"r{n}"}, headers=headers) for n in range(4)]
    assert [answer.status_code for answer in asked] == [202, 202, 202, 429]
    assert problem(asked[3]) == (429, "too-many-open")
    assert "3 open training requests" in asked[3].json()["detail"]
    assert int(asked[3].headers["retry-after"]) > 0
    assert {answer.json()["origin"] for answer in asked[:3]} == {f"api:{anna.key_id}"}
    assert len(await published(served.database)) == 3
    await served.client.post(f"{asked[0].headers['location']}/cancel", headers=headers)
    assert (await served.client.post(PATH, json={"reason": "r3"}, headers=headers)).status_code == 202
    for n in range(5):
        assert (await served.client.post(PATH, json={"reason": f"o{n}"}, headers=OPERATOR)).status_code == 202


@pytest.mark.parametrize("reason", ["model_age", " MODEL_AGE ", "new_valid_sales", "loss_above_gate_level"])
async def test_the_policys_reasons_are_reserved(unchanging: Served, reason: str) -> None:
    answer = await unchanging.client.post(PATH, json={"reason": reason}, headers=OPERATOR)
    assert problem(answer) == (422, "invalid-input")
    assert "loss_above_gate_level, model_age, new_valid_sales, no_champion" in answer.json()["detail"]


async def test_an_unknown_request_is_not_found(unchanging: Served) -> None:
    assert (await unchanging.client.get(f"{PATH}/{filling.NAMES}")).status_code == 404
    assert (await unchanging.client.get(f"{PATH}/nope")).status_code == 422
