"""Ingestor and notifier are killed again and again while asks come and go and blocks are replaced."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from uuid import uuid4

from tests.chaos.supervisor import RANDOM
from tests.factories.contract_market import ETH, ContractMarket
from tests.factories.live_market import LiveMarket, live_market
from tests.factories.waiting import STUCK_AFTER_S, eventually, nothing_left
from tests.integration.api import filling
from tests.integration.chain.conftest import Follow, Following, clean_tables, follow  # noqa: F401
from tests.plugins.rabbitmq import delete_names

KILLS = 50
LONGEST_LIFE_S = 5.0
LEAST = 20
SERVICES = ("ingestor", "notifier")
PUNKS = 40
LAST = range(100, 110)
"""Offered at the end, so that all of them stand."""
DEAL_SQL = "select listing, stands_as, times, gone_at is not null as gone from deals_told order by listing"
STANDING_SQL = "select since_seq from offers where kind = 'ask' and until_seq is null and price_wei < 30e18"
TAKEN_SQL = """
select (body::json -> 'data' ->> 'listing')::bigint as listing from webhook_deliveries
where event = 'deal.found' and attempts > 0 and delivered_at is null
"""
WAITING_SQL = """
select 'message' as what, routing_key as of, null::timestamptz as due from outbox
union all
select 'delivery', event, next_attempt_at from webhook_deliveries where next_attempt_at is not null
"""


async def test_repeated_kills_lose_no_deal_and_double_none(
    chain: ContractMarket,
    follow: Follow,  # noqa: F811
    make_database: Callable[[], Awaitable[str]],
    amqp_url: str,
    tmp_path: Path,
    kills_seed: int,
) -> None:
    prefix, url = f"chaos-{uuid4().hex[:12]}", await make_database()
    for punk in (*range(PUNKS), *LAST):
        await chain.send([chain.claim(punk, chain.accounts[punk % 8])])
    following = await follow(database_url=url)
    model = await following.database.run(filling.fill_model, champion=True)
    await following.database.run(filling.publish, model, punks=range(200))
    try:
        async with live_market(
            chain, database_url=url, amqp_url=amqp_url, prefix=prefix, folder=tmp_path, services=SERVICES
        ) as market:
            await market.subscribe("deal.found", "deal.gone", deal_margin=0.4)
            market.supervisor.start()
            killed = asyncio.gather(*(_kill(market, service, kills_seed) for service in SERVICES))
            await _trade(chain, until=killed)
            await chain.send([chain.offer(punk, 20 * ETH) for punk in LAST])
            assert await nothing_left(lambda: _left(market, chain)) == [], market.supervisor.tails()
            await _nothing_lost_or_doubled(market, following, follow)
            causes = Counter((death.service, death.cause) for death in market.supervisor.deaths)
            assert causes == {(service, RANDOM): KILLS // 2 for service in SERVICES}, market.supervisor.tails()
    finally:
        await delete_names(amqp_url, prefix)


async def _kill(market: LiveMarket, service: str, seed: int) -> None:
    """Kill a service at random instants of its lives; its first step takes some two seconds."""
    chosen = Random(f"{service} {seed}")
    for _ in range(KILLS // 2):
        await eventually(lambda: market.supervisor.kept[service].ready, within_s=STUCK_AFTER_S)
        await asyncio.sleep(chosen.random() * LONGEST_LIFE_S)
        assert market.supervisor.kill(service)
        await eventually(lambda: not market.supervisor.kept[service].ready)


async def _trade(chain: ContractMarket, *, until: asyncio.Future[object]) -> None:
    """Asks at 20 ETH, of punks worth 40, come and go; now and then the last blocks are replaced."""
    chosen, asked = Random(3), set[int]()
    number = 0
    while not until.done():
        number += 1
        if number % 25 == 0:
            snapshot, before = await chain.snapshot(), set(asked)
            for _ in range(3):
                await _one(chain, chosen, asked)
            await asyncio.sleep(0.5)
            await chain.revert(snapshot)
            asked = before
        await _one(chain, chosen, asked)
        await asyncio.sleep(0.2)
    await until


async def _one(chain: ContractMarket, chosen: Random, asked: set[int]) -> None:
    punk = chosen.randrange(PUNKS)
    if punk not in asked:
        asked.add(punk)
        await chain.send([chain.offer(punk, 20 * ETH)])
        return
    asked.remove(punk)
    ends = (
        lambda: chain.withdraw_offer(punk),
        lambda: chain.offer(punk, 70 * ETH),
        lambda: chain.buy(punk, 20 * ETH, chain.accounts[(punk + chosen.randrange(1, 8)) % 8]),
    )
    await chain.send([chosen.choice(ends)()])


async def _left(market: LiveMarket, chain: ContractMarket) -> list[str]:
    """What is not read, told or delivered yet."""
    reached, head = await market.database.value("select block from chain_cursor"), await chain.head()
    standing = {row[0] for row in await market.database.rows(STANDING_SQL)}
    told = {row["stands_as"] for row in await market.database.rows(DEAL_SQL) if not row["gone"]}
    waiting = await market.database.rows(WAITING_SQL)
    return [
        *[f"block {reached} of {head} is read"] * (reached != head),
        *(f"deal {listing} is not told" for listing in standing - told),
        *(f"deal {listing} is not retracted" for listing in told - standing),
        *(f"a message or delivery waits: {tuple(row)}" for row in waiting),
    ]


async def _nothing_lost_or_doubled(market: LiveMarket, following: Following, follow: Follow) -> None:  # noqa: F811
    assert await following.tables() == await clean_tables(follow), "each event is stored once"
    rows = await market.database.rows(DEAL_SQL)
    standing = {row[0] for row in await market.database.rows(STANDING_SQL)}
    assert {row["stands_as"] for row in rows if not row["gone"]} == standing
    standing = {row["listing"] for row in rows if not row["gone"]}
    assert len(standing) >= len(LAST)
    ids, events = defaultdict[tuple[str, int], set[str]](set), Counter[str]()
    for (headers, _), body in zip(market.receiver.got, market.receiver.bodies(), strict=True):
        ids[body["type"], body["data"]["listing"]].add(headers["webhook-id"])
    times = {row["listing"]: row["times"] for row in rows}
    assert all(len(same) <= times[listing] for (_, listing), same in ids.items()), "repeated with the same id"
    for event, _ in ids:
        events[event] += 1
    sent = {listing for event, listing in ids if event == "deal.found"}
    gone = {listing for event, listing in ids if event == "deal.gone"}
    assert standing <= sent
    assert sent - standing <= gone, "who was told of a deal is told that it is gone"
    taken = {row["listing"] for row in await market.database.rows(TAKEN_SQL)}
    assert gone - sent <= taken, "or who may have been told: a killed process had taken the delivery"
    assert min(events["deal.found"], events["deal.gone"]) >= LEAST, "there was something to lose"
