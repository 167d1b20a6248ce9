"""From a block to a webhook: who is told of an ask, and that it is gone."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.api.webhooks import queries as webhooks
from services.api.webhooks.schemas import WebhookOrder
from services.notifier.bootstrap import build
from shared.clock import SystemClock
from shared.messaging.memory import MemoryBus
from shared.messaging.outbox import Relay
from shared.messaging.topology import declare_platform
from shared.runtime.platform import Platform
from shared.runtime.service import Service
from shared.settings import Settings
from shared.webhooks.secret import new_secret
from tests.factories.contract_market import ETH, ContractMarket
from tests.factories.receiver import Receiver, receiving
from tests.integration.api import filling
from tests.integration.chain.conftest import Follow, Following

PUNK, OTHER = 11, 12
"""Worth 40.11 and 40.12 ETH."""
FIXED = {"gasPrice": hex(20 * 10**9)}
"""With the same price and number, the same call is the same transaction in any block."""


@dataclass
class Watched:
    """An ingestor that follows the chain, a notifier behind it, and a receiver."""

    chain: ContractMarket
    following: Following
    receiver: Receiver
    bus: MemoryBus = field(default_factory=lambda: MemoryBus(SystemClock()))
    notifier: Service | None = None

    async def restart(self) -> None:
        """Another process of the notifier takes over."""
        self.bus = MemoryBus(SystemClock())
        settings = Settings(webhooks_private=True)
        platform = Platform(settings, SystemClock(), self.following.database, self.bus, None)  # type: ignore[arg-type]
        self.notifier = build(platform)
        for subscription in self.notifier.subscriptions():
            await self.bus.subscribe(subscription)
        await declare_platform(self.bus)

    async def subscribe(self, *events: str, path: str = "", **order: Any) -> None:
        """The receiver answers the challenge, and gets events from now on."""
        asked = WebhookOrder(url=self.receiver.url + path, events=list(events), **order)
        now = datetime.now(UTC)
        await self.following.database.run(webhooks.insert, uuid4(), "anna", asked, secret=new_secret(), at=now)
        assert self.notifier is not None
        await self.notifier.drain()

    async def enter(self) -> None:
        """The ingestor reads the head, and the notifier handles what comes of it."""
        await self.following.ingestor.on_head()
        relay = Relay(self.following.database, self.bus)
        while await self.bus.run_until_idle() + await relay.run_once():
            pass
        assert await self.bus.dead_letters() == []

    async def told(self, *transactions: dict[str, Any]) -> list[tuple[Any, ...]]:
        """What the receiver gets after these transactions: event, punk and reason."""
        await self.chain.send(list(transactions))
        await self.enter()
        assert self.notifier is not None
        await self.notifier.drain()
        bodies = [body for body in self.receiver.bodies() if body["type"].startswith("deal.")]
        self.receiver.got.clear()
        return sorted((b["type"], b["data"]["punk_id"], b["data"].get("reason")) for b in bodies)


@pytest.fixture
async def watched(chain: ContractMarket, follow: Follow) -> AsyncIterator[Watched]:
    owner = chain.accounts[0]
    await chain.send([chain.claim(PUNK, owner), chain.claim(OTHER, owner)])
    following = await follow()
    model = await following.database.run(filling.fill_model, champion=True)
    await following.database.run(filling.publish, model, punks=range(40))
    async with receiving() as receiver:
        watched = Watched(chain, following, receiver)
        await watched.restart()
        yield watched


FOUND = ("deal.found", PUNK, None)


async def test_a_deal_is_told_from_its_block_and_once_however_often_anything_restarts(watched: Watched) -> None:
    await watched.subscribe("deal.found", "deal.gone")
    assert await watched.told(watched.chain.offer(PUNK, 30 * ETH), watched.chain.offer(OTHER, 39 * ETH)) == [FOUND]
    for _ in range(2):
        await watched.restart()
        assert await watched.told() == []
    [(told,)] = await watched.following.rows("select count(*) from deals_told")
    assert told == 1


async def test_what_is_told_says_how_sure_it_is(watched: Watched) -> None:
    await watched.subscribe("deal.found")
    await watched.chain.send([watched.chain.offer(PUNK, 30 * ETH)])
    await watched.enter()
    await watched.notifier.drain()
    [body] = watched.receiver.bodies()
    data = body["data"]
    assert (data["provisional"], data["discount"], data["type"]) == (True, round(1 - 30 / 40.11, 6), "Male")
    assert 0.5 < data["probability"] <= 1.0
    # Six blocks later another subscriber hears of the same ask.
    await watched.chain.mine(6)
    await watched.subscribe("deal.found", path="/later")
    await watched.told(watched.chain.offer(OTHER, 60 * ETH))
    assert await watched.following.rows(
        """select (body::json -> 'data' ->> 'provisional') from webhook_deliveries where event = 'deal.found'
           order by created_at"""
    ) == [("true",), ("false",)]


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (lambda chain: [chain.buy(PUNK, 30 * ETH, chain.accounts[1])], "sold"),
        (lambda chain: [chain.bid(PUNK, 29 * ETH, chain.accounts[1]), chain.accept(PUNK)], "sold"),
        (lambda chain: [chain.withdraw_offer(PUNK)], "delisted"),
        (lambda chain: [chain.offer(PUNK, 50 * ETH)], "changed"),
        (lambda chain: [chain.offer(PUNK, 30 * ETH, only=chain.accounts[2])], "changed"),
        (lambda chain: [chain.transfer(PUNK, chain.accounts[2])], "delisted"),
    ],
    ids=["bought", "bid accepted", "delisted", "dearer", "for one buyer", "transferred"],
)
async def test_who_was_told_of_a_deal_is_told_that_it_is_gone_and_why(
    watched: Watched, ending: Callable[[ContractMarket], list[dict[str, Any]]], reason: str
) -> None:
    await watched.subscribe("deal.found", "deal.gone")
    await watched.subscribe("deal.found", path="/found-only")
    await watched.subscribe("deal.found", "deal.gone", path="/too-dear", filters={"max_price": 29.0})
    assert await watched.told(watched.chain.offer(PUNK, 30 * ETH)) == [FOUND, FOUND]
    assert await watched.told(*ending(watched.chain)) == [("deal.gone", PUNK, reason)]
    await watched.restart()
    assert await watched.told() == []


async def test_an_ask_that_becomes_cheaper_is_another_deal(watched: Watched) -> None:
    await watched.subscribe("deal.found", "deal.gone")
    assert await watched.told(watched.chain.offer(PUNK, 30 * ETH)) == [FOUND]
    assert await watched.told(watched.chain.offer(PUNK, 25 * ETH)) == [FOUND, ("deal.gone", PUNK, "changed")]


async def test_a_reorganisation_retracts_a_deal_by_name(watched: Watched) -> None:
    await watched.subscribe("deal.found", "deal.gone")
    await watched.following.catch_up()
    snapshot = await watched.chain.snapshot()
    assert await watched.told(watched.chain.offer(PUNK, 30 * ETH)) == [FOUND]
    await watched.chain.revert(snapshot)
    assert await watched.told(watched.chain.offer(OTHER, 70 * ETH)) == [("deal.gone", PUNK, "reorganised")]
    await watched.restart()
    assert await watched.told() == []
    # The seller lists the punk again: that is another listing.
    assert await watched.told(watched.chain.offer(PUNK, 30 * ETH)) == [FOUND]


async def test_an_ask_that_stands_again_after_a_reorganisation_is_told_again(watched: Watched) -> None:
    chain = watched.chain
    await watched.subscribe("deal.found", "deal.gone")
    assert await watched.told(chain.offer(PUNK, 30 * ETH)) == [FOUND]
    snapshot = await chain.snapshot()
    assert await watched.told(chain.buy(PUNK, 30 * ETH, chain.accounts[1])) == [("deal.gone", PUNK, "sold")]
    await chain.revert(snapshot)
    await chain.mine(2)
    assert await watched.told() == [FOUND]
    await watched.restart()
    assert await watched.told() == []
    assert await watched.told(chain.withdraw_offer(PUNK)) == [("deal.gone", PUNK, "delisted")]


async def test_a_listing_that_moves_to_another_block_is_the_same_listing(watched: Watched) -> None:
    await watched.subscribe("deal.found", "deal.gone")
    await watched.following.catch_up()
    snapshot = await watched.chain.snapshot()
    assert await watched.told(watched.chain.offer(PUNK, 30 * ETH) | FIXED) == [FOUND]
    await watched.chain.revert(snapshot)
    await watched.chain.mine(1)
    assert await watched.told(watched.chain.offer(PUNK, 30 * ETH) | FIXED) == []
    transactions = await watched.following.rows("select tx_hash from market_events where event_type = 'listed'")
    assert len(transactions) == 2
    assert len(set(transactions)) == 1
    assert await watched.told(watched.chain.buy(PUNK, 30 * ETH, watched.chain.accounts[1])) == [
        ("deal.gone", PUNK, "sold")
    ]


async def test_a_deal_that_is_gone_before_it_was_sent_is_not_sent(watched: Watched) -> None:
    await watched.subscribe("deal.found", "deal.gone")
    await watched.chain.send([watched.chain.offer(PUNK, 30 * ETH)])
    await watched.enter()
    assert await watched.told(watched.chain.withdraw_offer(PUNK)) == []
    [told] = await watched.following.rows("select attempts, error from webhook_deliveries where event = 'deal.found'")
    assert told == (0, "the ask is gone: delisted")


async def test_a_deal_that_may_have_been_sent_is_retracted_and_not_sent_again(watched: Watched) -> None:
    await watched.subscribe("deal.found", "deal.gone")
    watched.receiver.status = 500
    assert await watched.told(watched.chain.offer(PUNK, 30 * ETH)) == [FOUND]
    watched.receiver.status = 204
    assert await watched.told(watched.chain.withdraw_offer(PUNK)) == [("deal.gone", PUNK, "delisted")]
    [(due,)] = await watched.following.rows("select count(*) from webhook_deliveries where next_attempt_at is not null")
    assert due == 0


async def test_each_filter_of_a_subscriber_holds(watched: Watched) -> None:
    [(punk_type, accessories)] = await watched.following.rows(
        "select type, accessories from punks where punk_id = $1", PUNK
    )
    fitting = {
        "max_price": 30.0, "min_confidence": "D", "types": [punk_type], "traits": list(accessories),
        "min_probability": 0.5,
    }  # fmt: skip
    refusing = {
        "max_price": 29.9, "min_confidence": "A", "types": ["Alien"], "traits": ["No such thing"],
        "min_probability": 1.0,
    }  # fmt: skip
    await watched.subscribe("deal.found", path="/all", filters=fitting)
    for number, name in enumerate(refusing):
        await watched.subscribe("deal.found", path=f"/{number}", filters=fitting | {name: refusing[name]})
    assert await watched.told(watched.chain.offer(PUNK, 30 * ETH)) == [FOUND]


async def test_a_backfill_by_files_retracts_nothing(watched: Watched) -> None:
    """Until the ingestor has derived the offers of new events, the table of offers says nothing about them."""
    await watched.subscribe("deal.found", "deal.gone")
    assert await watched.told(watched.chain.offer(PUNK, 30 * ETH)) == [FOUND]
    await watched.following.database.execute("update offers_reach set seq = 0")
    await watched.following.database.execute("delete from offers")
    await watched.restart()
    await watched.notifier.drain()
    assert watched.receiver.got == []
