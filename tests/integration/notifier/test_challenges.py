"""A receiver proves that it wants what is posted to it, before it gets anything else."""

import json
from datetime import timedelta

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from services.notifier import deliveries
from services.notifier.delivering import PATIENCE, PAUSES, PROVE_WITHIN, SHARES
from tests.factories.receiver import token_of
from tests.integration.notifier.conftest import Posting, Receiver
from tests.integration.notifier.test_webhooks import promoted

TOKEN = "a-token"
CHALLENGE = json.dumps({"type": "webhook.challenge", "data": {"challenge": TOKEN}})


@pytest.mark.parametrize(
    ("answer", "proves"),
    [
        (TOKEN, True),
        (f" {TOKEN}\r\n", True),
        (json.dumps(TOKEN), True),
        (json.dumps({"challenge": TOKEN, "more": 1}), True),
        ("", False),
        ("ok", False),
        (f"{TOKEN}x", False),
        (json.dumps({"challenge": "another"}), False),
        (json.dumps([TOKEN]), False),
        ("null", False),
        ("[" * 4_000, False),
        (CHALLENGE, False),
    ],
)
def test_only_the_token_proves_and_an_echo_does_not(answer: str, proves: bool) -> None:
    assert deliveries.answers(answer.encode(), CHALLENGE) is proves


async def test_a_webhook_is_pending_until_its_receiver_answers_and_gets_nothing_before(
    posting: Posting, receiver: Receiver
) -> None:
    receiver.proving = False
    made = await posting.subscribe(receiver.url, "model.promoted")
    state = await posting.webhook(made)
    assert (made["state"], state["state"]) == ("pending", "pending")
    assert "webhook.challenge" in str(state["next_step"])
    await posting.send(await promoted(posting))
    await posting.deliver()
    ((headers, body),) = receiver.got
    signed = Webhook(made["secret"]).sign(headers["webhook-id"], posting.clock.now(), body.decode())
    assert headers["webhook-signature"] == signed
    assert json.loads(body)["type"] == "webhook.challenge"
    receiver.proving = True
    await posting.deliver(after=timedelta(seconds=5))
    state = await posting.webhook(made)
    assert (state["state"], state["next_step"], state["failures"]) == ("active", None, 0)
    await posting.send(await promoted(posting))
    await posting.deliver()
    assert [one["type"] for one in receiver.bodies()] == ["webhook.challenge", "model.promoted"]


async def test_who_answers_nothing_for_a_day_is_disabled_and_asked_again_when_enabled(
    posting: Posting, receiver: Receiver
) -> None:
    receiver.proving, receiver.status = False, 200
    made = await posting.subscribe(receiver.url, "model.promoted")
    for _ in range(12):
        await posting.deliver(after=PROVE_WITHIN / 12)
    asked = [token_of(body) for _, body in receiver.got]
    assert len(asked) > 5
    assert len(set(asked)) == 1
    state = await posting.webhook(made)
    assert state["state"] == "disabled"
    assert "challenge" in str(state["disabled_reason"])
    assert f"/v1/webhooks/{made['webhook_id']}/enable" in str(state["next_step"])
    await posting.deliver(after=PROVE_WITHIN)
    assert len(receiver.got) == len(asked)
    receiver.proving = True
    await posting.served.client.post(f"/v1/webhooks/{made['webhook_id']}/enable", headers=posting.headers)
    await posting.deliver()
    assert (await posting.webhook(made))["state"] == "active"
    ((_, body),) = receiver.challenges
    assert token_of(body) not in asked


async def test_enabling_while_pending_asks_at_once(posting: Posting, receiver: Receiver) -> None:
    receiver.proving = False
    made = await posting.subscribe(receiver.url, "model.promoted")
    receiver.proving = True
    await posting.deliver()
    assert receiver.challenges == [], "not before its pause is over"
    path = f"/v1/webhooks/{made['webhook_id']}/enable"
    assert (await posting.served.client.post(path, headers=posting.headers)).json()["state"] == "pending"
    await posting.deliver()
    assert (await posting.webhook(made))["state"] == "active"


async def test_an_answer_is_read_as_far_as_a_token_may_be(posting: Posting) -> None:
    """A body without end, and one that would unpack to a large one."""
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 1_000)
            sent += 1_000

    runner = web.AppRunner(app := web.Application())
    app.router.add_post("/", endless)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made = await posting.subscribe(f"http://127.0.0.1:{runner.addresses[0][1]}/", "model.promoted")
    await runner.cleanup()
    state = await posting.webhook(made)
    assert (state["state"], state["failures"], state["last_status"]) == ("pending", 1, 200)


async def test_a_key_cannot_have_many_strangers_posted_to(posting: Posting) -> None:
    client, headers = posting.served.client, posting.headers

    async def create(host: int) -> int:
        order = {"url": f"http://127.0.0.1:{host}/", "events": ["sale.scored"]}
        answer = await client.post("/v1/webhooks", json=order, headers=headers)
        if answer.status_code == 409:
            assert "challenge" in answer.json()["detail"]
        else:
            made.append(answer.json()["webhook_id"])
        return answer.status_code

    made: list[str] = []
    assert [await create(host) for host in (1, 2, 3, 4, 5, 1, 5, 6)] == [201] * 7 + [409]
    for _ in range(SHARES.challenges):
        for webhook_id in made:
            await client.delete(f"/v1/webhooks/{webhook_id}", headers=headers)
        made.clear()
        await create(1)
        await posting.deliver()
    assert await posting.value("select failures from webhooks") == 1, "the last one within the rate"
    await client.delete(f"/v1/webhooks/{made[0]}", headers=headers)
    await create(2)
    await posting.deliver()
    assert await posting.value("select failures from webhooks") == 0
    await posting.deliver(after=timedelta(seconds=SHARES.challenge_every_s))
    assert await posting.value("select failures from webhooks") == 1


async def test_an_enabled_webhook_proves_itself_again_and_then_gets_what_waited(
    posting: Posting, receiver: Receiver
) -> None:
    made = await posting.subscribe(receiver.url, "model.promoted")
    assert len(receiver.challenges) == 1
    receiver.status = 500
    await posting.send(await promoted(posting))
    await posting.deliver()
    await posting.deliver(after=PATIENCE)
    assert (await posting.webhook(made))["state"] == "disabled"
    receiver.got.clear()
    receiver.status, receiver.proving = 204, False
    path = f"/v1/webhooks/{made['webhook_id']}/enable"
    await posting.served.client.post(path, headers=posting.headers)
    await posting.deliver()
    assert [body["type"] for body in receiver.bodies()] == ["webhook.challenge"]
    receiver.proving = True
    await posting.deliver(after=PAUSES[1])
    assert [body["type"] for body in receiver.bodies()] == ["webhook.challenge", "model.promoted"]
