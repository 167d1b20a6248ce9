"""Subscriptions: what is posted, signed, tried again, given up, and never posted to."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from aiohttp import web

from services.api.repositories import keys
from services.notifier import delivering
from services.notifier.delivering import PATIENCE, PAUSES, Deliveries
from services.notifier.handlers import Subscriptions
from shared.clock import ManualClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import MarketUpdated, ModelPromoted, Payload
from shared.database.pool import Database
from shared.messaging.transaction import AlreadyHandledError
from shared.webhooks import signing
from tests.integration.api import filling
from tests.integration.api.conftest import OPERATOR_KEY, Served, serving
from tests.integration.api.filling import NOW, Happening


@dataclass
class Receiver:
    """A webhook on this machine."""

    url: str = ""
    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        headers = {"Location": f"{self.url}/elsewhere"} if 300 <= self.status < 400 else {}
        return web.Response(status=self.status, headers=headers)

    def bodies(self) -> list[dict[str, object]]:
        return [json.loads(body) for _, body in self.got]


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    app = web.Application()
    app.router.add_post("/{tail:.*}", found.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


@dataclass
class Stand:
    """A platform with one subscriber."""

    database: Database
    served: Served
    clock: ManualClock
    headers: dict[str, str]
    model: str
    generation: int

    async def subscribe(self, url: str, *events: str, **more: object) -> dict[str, str]:
        answer = await self.served.client.post(
            "/v1/webhooks", json={"url": url, "events": list(events), **more}, headers=self.headers
        )
        assert answer.status_code == 201, answer.text
        made: dict[str, str] = answer.json()
        return made

    async def tell(self, payload: Payload, *, message: Envelope | None = None) -> None:
        message = message or Envelope.wrap(payload, source="test", time=self.clock.now(), message_id=uuid4())
        await self.subscriptions().on_event(message)

    def subscriptions(self) -> Subscriptions:
        return Subscriptions(database=self.database, clock=self.clock)

    async def deliver(self, *, private: bool = True) -> None:
        await Deliveries(database=self.database, clock=self.clock, private=private).deliver_due()

    async def state(self, webhook: dict[str, str]) -> dict[str, object]:
        path = f"/v1/webhooks/{webhook['webhook_id']}"
        found: dict[str, object] = (await self.served.client.get(path, headers=self.headers)).json()
        return found


@pytest_asyncio.fixture
async def stand(database: Database) -> AsyncIterator[Stand]:
    async with database.connection() as connection:
        await filling.fill_punks(connection, 6)
        model = await filling.fill_model(connection, champion=True)
        generation = await filling.publish(connection, model)
        key = await keys.create_key(connection, name="anna", scopes=["webhooks"], at=NOW)
    async with serving(database, webhooks_private=True) as served:
        yield Stand(database, served, ManualClock(NOW), {"X-API-Key": key.key}, model, generation)


def promoted(stand: Stand) -> ModelPromoted:
    return ModelPromoted(model_id=stand.model, decision_id=uuid4(), pointer_generation=1)


async def test_a_promotion_arrives_signed_and_once(stand: Stand, receiver: Receiver) -> None:
    made = await stand.subscribe(f"{receiver.url}/hook?token=1", "model.promoted")
    await stand.subscribe(f"{receiver.url}/other", "sale.scored")
    payload = promoted(stand)
    message = Envelope.wrap(payload, source="test", time=NOW, message_id=uuid4())
    await stand.tell(payload, message=message)
    with pytest.raises(AlreadyHandledError):
        await stand.tell(payload, message=message)
    await stand.deliver()
    await stand.deliver()
    ((headers, body),) = receiver.got
    assert json.loads(body)["type"] == "model.promoted"
    assert json.loads(body)["data"]["model_id"] == stand.model
    expected = signing.headers(
        made["secret"], delivery_id=headers["webhook-id"], at=int(headers["webhook-timestamp"]), body=body
    )
    assert headers["webhook-signature"] == expected["webhook-signature"]
    state = await stand.state(made)
    assert (state["last_status"], state["failures"], state["state"]) == (204, 0, "active")
    assert "secret" not in state


async def test_a_sale_is_told_to_who_subscribed_before_it(stand: Stand, receiver: Receiver) -> None:
    await stand.subscribe(receiver.url, "sale.scored")
    async with stand.database.connection() as connection:
        await filling.happen(connection, [Happening("sale", 1, 1, 41.0, "0x1", "0x2")])
        await filling.score(connection, generation=stand.generation, model=stand.model, punk=1, value_eth=42.0)
    stand.clock.move_to(NOW + timedelta(minutes=1))
    for _ in range(2):
        await stand.tell(MarketUpdated(last_seq=1, last_block=1, events=1, sales_scored=1))
    await stand.deliver()
    (body,) = receiver.bodies()
    data = body["data"]
    assert isinstance(data, dict)
    assert (data["punk_id"], data["price_wei"], data["model_id"]) == (1, str(41 * 10**18), stand.model)


async def test_a_deal_is_told_once_for_its_listing_and_by_the_margin(stand: Stand, receiver: Receiver) -> None:
    """Values: 40 ETH and a hundredth for each punk number."""
    await stand.subscribe(f"{receiver.url}/ten", "deal.found", deal_margin=0.1)
    await stand.subscribe(f"{receiver.url}/fifty", "deal.found", deal_margin=0.5)
    async with stand.database.connection() as connection:
        await filling.happen(
            connection,
            [
                Happening("listed", 1, 5, 30.0, "0x1"),
                Happening("listed", 2, 5, 39.0, "0x1"),
                Happening("listed", 3, 5, 10.0, "0x1", "0xfriend"),
                Happening("listed", 4, 5, 15.0, "0x1"),
                Happening("listed", 5, 5, 15.0, "0x1"),
                Happening("delisted", 5, 4),
            ],
        )
    for hour in range(3):
        async with stand.database.connection() as connection:
            await filling.publish(connection, stand.model, as_of=NOW + timedelta(hours=hour + 1))
        await stand.subscriptions().look_for_deals()
        await stand.deliver()
    found = sorted((str(body["data"]["punk_id"]), body["data"]["ask_wei"]) for body in receiver.bodies())  # type: ignore[index]
    assert found == [("1", str(30 * 10**18)), ("4", str(15 * 10**18)), ("4", str(15 * 10**18))]


async def test_failures_are_tried_again_later_and_later_then_given_up(stand: Stand, receiver: Receiver) -> None:
    made = await stand.subscribe(receiver.url, "model.promoted")
    await stand.tell(promoted(stand))
    receiver.status = 503
    await stand.deliver()
    assert (await stand.state(made))["failures"] == 1
    await stand.deliver()
    assert len(receiver.got) == 1, "not before its time"
    stand.clock.move_to(stand.clock.now() + PAUSES[0])
    receiver.status = 200
    await stand.deliver()
    first, second = receiver.got
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert first[1] == second[1]
    assert (await stand.state(made))["failures"] == 0


async def test_a_webhook_that_fails_for_days_is_disabled_until_it_is_enabled(stand: Stand, receiver: Receiver) -> None:
    made = await stand.subscribe(receiver.url, "model.promoted")
    receiver.status = 500
    await stand.tell(promoted(stand))
    await stand.deliver()
    stand.clock.move_to(NOW + PATIENCE)
    await stand.deliver()
    state = await stand.state(made)
    assert state["state"] == "disabled"
    assert "answered 500" in str(state["disabled_reason"])
    posted = len(receiver.got)
    await stand.tell(promoted(stand))
    stand.clock.move_to(NOW + PATIENCE + timedelta(days=1))
    await stand.deliver()
    assert len(receiver.got) == posted
    receiver.status = 200
    path = f"/v1/webhooks/{made['webhook_id']}/enable"
    assert (await stand.served.client.post(path, headers=stand.headers)).json()["state"] == "active"
    await stand.deliver()
    assert len(receiver.got) == posted + 1, "what had not been given up is delivered now"


async def test_gone_is_gone_and_a_redirect_is_not_followed(stand: Stand, receiver: Receiver) -> None:
    made = await stand.subscribe(receiver.url, "model.promoted")
    receiver.status = 302
    await stand.tell(promoted(stand))
    await stand.deliver()
    assert len(receiver.got) == 1
    assert (await stand.state(made))["state"] == "active"
    receiver.status = 410
    stand.clock.move_to(stand.clock.now() + PAUSES[0])
    await stand.deliver()
    assert (await stand.state(made))["state"] == "disabled"


async def test_nothing_is_posted_into_the_own_network(stand: Stand, receiver: Receiver) -> None:
    """Subscribed while it was allowed, as a name that now leads inside would be."""
    made = await stand.subscribe(receiver.url, "model.promoted")
    await stand.tell(promoted(stand))
    await stand.deliver(private=False)
    assert receiver.got == []
    assert (await stand.state(made))["failures"] == 1
    async with serving(stand.database) as strict:
        for url in (receiver.url, "https://127.0.0.1/", "https://169.254.169.254/latest", "http://example.org/"):
            refused = await strict.client.post(
                "/v1/webhooks", json={"url": url, "events": ["sale.scored"]}, headers=stand.headers
            )
            assert refused.status_code == 422


class Killed(BaseException):
    """The process is gone."""


async def test_a_process_that_dies_while_posting_leaves_it_to_the_next(
    stand: Stand, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stand.subscribe(receiver.url, "model.promoted")
    await stand.tell(promoted(stand))

    async def killed(*_: object, **__: object) -> int:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(delivering, "post", killed)
        with pytest.raises(Killed):
            await stand.deliver()
    stand.clock.move_to(NOW + delivering.TAKEN_FOR)
    await stand.deliver()
    assert len(receiver.got) == 1


async def test_keys_see_their_own(stand: Stand, receiver: Receiver) -> None:
    operator = {"Authorization": f"Bearer {OPERATOR_KEY}"}
    made = await stand.subscribe(receiver.url, "model.promoted")
    async with stand.database.connection() as connection:
        other = {"X-API-Key": (await keys.create_key(connection, name="b", scopes=["webhooks"], at=NOW)).key}
        trainer = {"X-API-Key": (await keys.create_key(connection, name="c", scopes=["train"], at=NOW)).key}
    client, path = stand.served.client, f"/v1/webhooks/{made['webhook_id']}"
    assert (await client.get("/v1/webhooks", headers=other)).json()["items"] == []
    assert (await client.get(path, headers=other)).status_code == 404
    assert (await client.delete(path, headers=other)).status_code == 404
    assert (await client.get("/v1/webhooks", headers=trainer)).status_code == 403
    assert (await client.get("/v1/webhooks")).status_code == 401
    assert len((await client.get("/v1/webhooks", headers=operator)).json()["items"]) == 1
    assert (await client.delete(path, headers=stand.headers)).status_code == 204
    assert (await client.delete(path, headers=stand.headers)).status_code == 404


async def test_at_most_twenty_and_the_same_key_makes_one(stand: Stand, receiver: Receiver) -> None:
    headers = stand.headers | {"Idempotency-Key": "one"}
    order = {"url": receiver.url, "events": ["sale.scored"]}
    first = await stand.served.client.post("/v1/webhooks", json=order, headers=headers)
    assert (await stand.served.client.post("/v1/webhooks", json=order, headers=headers)).json() == first.json()
    for _ in range(19):
        await stand.subscribe(receiver.url, "sale.scored")
    full = await stand.served.client.post("/v1/webhooks", json=order, headers=stand.headers)
    assert full.status_code == 409


WRONG: list[Callable[[str], dict[str, object]]] = [
    lambda url: {"url": url, "events": []},
    lambda url: {"url": url, "events": ["everything"]},
    lambda url: {"url": "nonsense", "events": ["sale.scored"]},
    lambda url: {"url": url, "events": ["sale.scored"], "deal_margin": 1.5},
    lambda url: {"url": url, "events": ["sale.scored"], "secret": "mine"},
]


@pytest.mark.parametrize("order", WRONG)
async def test_wrong_orders_are_explained(stand: Stand, order: Callable[[str], dict[str, object]]) -> None:
    answer = await stand.served.client.post("/v1/webhooks", json=order("http://a.b"), headers=stand.headers)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
