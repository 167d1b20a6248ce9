"""Subscriptions: what is posted, signed, tried again, given up, and never posted to."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from standardwebhooks import Webhook

from services.notifier import delivering
from services.notifier.bootstrap import build
from services.notifier.delivering import PATIENCE, PAUSES, Deliveries
from shared.clock import SystemClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import MarketUpdated, ModelPromoted
from shared.registry import api_keys
from shared.settings import Settings
from shared.tasks import end
from tests.factories import registry
from tests.factories.database import Database
from tests.factories.waiting import eventually
from tests.integration.api import filling
from tests.integration.api.conftest import OPERATOR, problem, serving
from tests.integration.api.filling import NOW, Happening
from tests.integration.notifier.conftest import Posting, Receiver


async def promoted(posting: Posting, *, another_at: datetime | None = None) -> ModelPromoted:
    """The message of the champion's promotion, which happens now for another model if an instant is given."""
    if another_at is not None:
        await posting.run(registry.promote, f"promoted at {another_at}", another_at)
    model_id, decision_id = (await posting.rows("select model_id, decision_id from model_pointer"))[0]
    return ModelPromoted(model_id=model_id, decision_id=decision_id, pointer_generation=1)


async def post_promotion(posting: Posting, *, another_at: datetime | None = None) -> None:
    await posting.send(await promoted(posting, another_at=another_at))
    await posting.deliver()


async def test_a_promotion_arrives_signed_and_once(posting: Posting, receiver: Receiver) -> None:
    made = await posting.subscribe(f"{receiver.url}/hook?token=1", "model.promoted")
    await posting.subscribe(f"{receiver.url}/other", "sale.scored")
    await posting.send(await promoted(posting), deliveries=2)
    await posting.deliver()
    await posting.deliver()
    ((headers, body),) = receiver.got
    assert json.loads(body)["type"] == "model.promoted"
    assert json.loads(body)["data"]["model_id"] == posting.model
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    signed = Webhook(made["secret"]).sign(headers["webhook-id"], NOW, body.decode())
    assert headers["webhook-signature"] == signed
    state = await posting.webhook(made)
    assert (state["last_status"], state["failures"], state["state"]) == (204, 0, "active")
    assert "secret" not in state


async def test_a_sale_is_posted_to_those_who_subscribed_before_it(posting: Posting, receiver: Receiver) -> None:
    await posting.subscribe(receiver.url, "sale.scored")
    await posting.run(filling.happen, Happening("sale", 1, 1, 41.0, "0x1", "0x2"))
    await posting.run(filling.score, generation=posting.generation, model=posting.model, punk=1, value_eth=42.0)
    posting.clock.move_to(NOW + timedelta(minutes=1))
    for _ in range(2):
        await posting.send(MarketUpdated(last_seq=1, last_block=1, events=1, sales_scored=1))
    await posting.deliver()
    (body,) = receiver.bodies()
    data = body["data"]
    assert (data["punk_id"], data["price_wei"], data["model_id"]) == (1, str(41 * 10**18), posting.model)


async def test_a_deal_is_posted_once_for_its_listing_and_by_the_margin(posting: Posting, receiver: Receiver) -> None:
    """Values: 40 ETH and a hundredth for each punk number."""
    await posting.subscribe(f"{receiver.url}/ten", "deal.found", deal_margin=0.1)
    await posting.subscribe(f"{receiver.url}/fifty", "deal.found", deal_margin=0.5)
    events = (
        Happening("listed", 1, 5, 30.0, "0x1"),
        Happening("listed", 2, 5, 39.0, "0x1"),
        Happening("listed", 3, 5, 10.0, "0x1", "0xfriend"),
        Happening("listed", 4, 5, 15.0, "0x1"),
        Happening("listed", 5, 5, 15.0, "0x1"),
        Happening("delisted", 5, 4),
    )
    await posting.run(filling.happen, *events)
    for hour in range(3):
        await posting.run(filling.publish, posting.model, as_of=NOW + timedelta(hours=hour + 1))
        await posting.deliver()
    deals = sorted((str(body["data"]["punk_id"]), body["data"]["ask_wei"]) for body in receiver.bodies())
    assert deals == [("1", str(30 * 10**18)), ("4", str(15 * 10**18)), ("4", str(15 * 10**18))]


async def test_an_ask_below_the_value_by_exactly_the_margin_is_a_deal(posting: Posting, receiver: Receiver) -> None:
    """The value of punk 1 is 40.01 ETH."""
    await posting.subscribe(receiver.url, "deal.found", deal_margin=0.1)
    await posting.run(filling.happen, Happening("listed", 1, 5, 36.009, "0x1"))
    await posting.run(filling.publish, posting.model, as_of=NOW + timedelta(hours=1))
    await posting.deliver()
    assert [(body["data"]["punk_id"], body["data"]["discount"]) for body in receiver.bodies()] == [(1, 0.1)]


async def test_what_is_entered_is_posted_at_once_and_not_with_the_next_round(
    posting: Posting, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "EVERY_S", 600.0)
    await posting.subscribe(receiver.url, "model.promoted")
    notifier = build(replace(posting.platform, settings=Settings(webhooks_private=True), clock=SystemClock()))
    posts = asyncio.create_task(notifier.background())
    await asyncio.sleep(0.5)  # the first round finds nothing
    now = SystemClock().now()
    message = Envelope.wrap(await promoted(posting, another_at=now), source="test", time=now, message_id=uuid4())
    await notifier.subscriptions()[0].handle(message)
    await eventually(lambda: receiver.got)
    await end([posts])


async def test_failures_are_tried_again_later_and_later_then_given_up(posting: Posting, receiver: Receiver) -> None:
    made = await posting.subscribe(receiver.url, "model.promoted")
    await posting.send(await promoted(posting))
    receiver.status = 503
    await posting.deliver()
    assert (await posting.webhook(made))["failures"] == 1
    await posting.deliver()
    assert len(receiver.got) == 1, "not before its time"
    receiver.status = 200
    await posting.deliver(after=PAUSES[0])
    first, second = receiver.got
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert first[1] == second[1]
    assert (await posting.webhook(made))["failures"] == 0
    receiver.status = 404
    await post_promotion(posting, another_at=posting.clock.now())
    for pause in (*PAUSES, PAUSES[-1]):
        await posting.deliver(after=pause)
    assert len(receiver.got) == 3 + len(PAUSES)


async def test_a_webhook_that_fails_for_days_is_disabled_until_it_is_enabled(
    posting: Posting, receiver: Receiver
) -> None:
    made = await posting.subscribe(f"{receiver.url}/secret-path", "model.promoted")
    receiver.status = 500
    await post_promotion(posting)
    posting.clock.move_to(NOW + PATIENCE)
    await posting.deliver()
    state = await posting.webhook(made)
    assert state["state"] == "disabled"
    assert "answered 500" in str(state["disabled_reason"])
    assert "secret-path" not in str(state["disabled_reason"])
    posted = len(receiver.got)
    await posting.send(await promoted(posting))
    posting.clock.move_to(NOW + PATIENCE + timedelta(days=1))
    await posting.deliver()
    assert len(receiver.got) == posted
    receiver.status = 200
    path = f"/v1/webhooks/{made['webhook_id']}/enable"
    assert (await posting.served.client.post(path, headers=posting.headers)).json()["state"] == "pending"
    await posting.deliver()
    assert len(receiver.got) == posted + 1, "what had not been given up is delivered now"


async def test_gone_is_gone_and_a_redirect_is_not_followed(posting: Posting, receiver: Receiver) -> None:
    made = await posting.subscribe(receiver.url, "model.promoted")
    receiver.status = 302
    await post_promotion(posting)
    assert len(receiver.got) == 1
    assert (await posting.webhook(made))["state"] == "active"
    receiver.status = 410
    await posting.deliver(after=PAUSES[0])
    assert (await posting.webhook(made))["state"] == "disabled"


async def test_nothing_is_posted_into_the_own_network(posting: Posting, receiver: Receiver) -> None:
    """Subscribed while it was allowed, as a name that now leads inside would be."""
    made = await posting.subscribe(receiver.url, "model.promoted")
    await posting.send(await promoted(posting))
    await posting.deliver(private=False)
    assert receiver.got == []
    assert (await posting.webhook(made))["failures"] == 1
    async with serving(posting.database) as strict:
        for url in (receiver.url, "https://127.0.0.1/", "https://169.254.169.254/latest", "http://example.org/"):
            refused = await strict.client.post(
                "/v1/webhooks", json={"url": url, "events": ["sale.scored"]}, headers=posting.headers
            )
            assert refused.status_code == 422


async def test_a_process_killed_while_it_posts_leads_to_a_repeat_with_the_same_id(
    posting: Posting, receiver: Receiver
) -> None:
    await posting.subscribe(receiver.url, "model.promoted")
    await posting.send(await promoted(posting))
    receiver.stall = asyncio.Event()
    dying = asyncio.create_task(posting.deliver())
    await asyncio.wait_for(receiver.arrived.wait(), 10)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    receiver.stall.set()
    posting.clock.move_to(NOW + delivering.TAKEN_FOR)
    await posting.deliver()
    once, again = receiver.got
    assert (once[0]["webhook-id"], once[1]) == (again[0]["webhook-id"], again[1])


async def test_a_receiver_that_hangs_holds_no_connection_and_fails_in_time(
    posting: Posting, receiver: Receiver, fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await posting.subscribe(receiver.url, "model.promoted")
    await posting.send(await promoted(posting))
    receiver.stall = asyncio.Event()
    only = await Database.connect(fresh_database_url, max_size=1)
    deliveries = Deliveries(database=only, clock=posting.clock, private=True)
    delivery = asyncio.create_task(deliveries.deliver_due())
    await asyncio.wait_for(receiver.arrived.wait(), 10)
    async with asyncio.timeout(delivering.TIMEOUT_S / 2), only.connection() as connection:
        assert await connection.fetchval("select count(*) from webhook_deliveries where delivered_at is null") == 1
    assert not delivery.done()
    receiver.stall.set()
    await delivery
    assert (await posting.webhook(made))["last_status"] == 204

    receiver.stall = asyncio.Event()
    await posting.send(await promoted(posting, another_at=posting.clock.now()))
    monkeypatch.setattr(delivering, "TIMEOUT_S", 0.1)
    await asyncio.wait_for(deliveries.deliver_due(), 10)
    receiver.stall.set()
    assert (await posting.webhook(made))["failures"] == 1
    await only.close()


async def test_keys_see_their_own(posting: Posting, receiver: Receiver) -> None:
    made = await posting.subscribe(receiver.url, "model.promoted")
    other, trainer = [
        {"X-API-Key": (await posting.run(api_keys.create, name=scope, scopes=[scope], at=NOW)).key}
        for scope in ("webhooks", "train")
    ]
    client, path = posting.served.client, f"/v1/webhooks/{made['webhook_id']}"
    assert (await client.get("/v1/webhooks", headers=other)).json()["items"] == []
    assert (await client.get(path, headers=other)).status_code == 404
    assert (await client.delete(path, headers=other)).status_code == 404
    assert (await client.get("/v1/webhooks", headers=trainer)).status_code == 403
    assert (await client.get("/v1/webhooks")).status_code == 401
    assert len((await client.get("/v1/webhooks", headers=OPERATOR)).json()["items"]) == 1
    assert (await client.delete(path, headers=posting.headers)).status_code == 204
    assert (await client.delete(path, headers=posting.headers)).status_code == 404


async def test_at_most_twenty_and_the_same_key_makes_one(posting: Posting, receiver: Receiver) -> None:
    headers = posting.headers | {"Idempotency-Key": "one"}
    order = {"url": receiver.url, "events": ["sale.scored"]}
    first = await posting.served.client.post("/v1/webhooks", json=order, headers=headers)
    assert (await posting.served.client.post("/v1/webhooks", json=order, headers=headers)).json() == first.json()
    for _ in range(19):
        await posting.subscribe(receiver.url, "sale.scored", prove=False)
    full = await posting.served.client.post("/v1/webhooks", json=order, headers=posting.headers)
    assert full.status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"events": []},
        {"events": ["everything"]},
        {"events": ["deal.gone"]},
        {"url": "nonsense"},
        {"deal_margin": 1.5},
        {"secret": "mine"},
        {"filters": {"min_probability": 2}},
        {"filters": {"types": ["Dragon"]}},
        {"filters": {"traits": ["Hoody"]}},
        {"filters": {"colour": "red"}},
    ],
    ids=str,
)
async def test_wrong_orders_are_explained(posting: Posting, wrong: dict[str, object]) -> None:
    order = {"url": "http://a.b", "events": ["sale.scored"]} | wrong
    answer = await posting.served.client.post("/v1/webhooks", json=order, headers=posting.headers)
    assert problem(answer)[0] == 422


async def test_filters_are_kept_as_the_catalogue_writes_them(posting: Posting, receiver: Receiver) -> None:
    asked = {"types": ["ape"], "traits": [" beanie "], "max_price": 12.5}
    made = await posting.subscribe(receiver.url, "deal.found", "deal.gone", filters=asked)
    kept = {"types": ["Ape"], "traits": ["Beanie"], "max_price": 12.5, "min_confidence": None, "min_probability": None}
    assert (made["filters"], (await posting.webhook(made))["filters"]) == (kept, kept)
