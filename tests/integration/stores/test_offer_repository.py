"""The table of offers equals the rule's definition, whatever way the events came, and so does what readers see."""

import random
from datetime import timedelta

import asyncpg
import polars as pl
import pytest

from shared.database.pool import Connection
from shared.market.events import EVENT_SCHEMA
from shared.market.offers import Offer
from shared.stores import chain_repository, event_repository, offer_repository
from tests.factories import market
from tests.factories.database import Database
from tests.factories.market import busy_events
from tests.factories.plain_market import PlainOffer, plain_offers

ALL_SQL = """
select punk_id, kind, price_wei::text, maker, since_seq, since_block, since_time, until_seq, until_time, ended_by
from offers order by since_seq
"""


def blocks(seed: int) -> pl.DataFrame:
    """Busy events, ten minutes from block to block: parts of two such histories of the chain fit together."""
    events = busy_events(seed, count=240)
    minutes = pl.duration(minutes=10 * (pl.col("block") - 12_000_000))
    return events.with_columns(timestamp=pl.lit(market.BUSY_SINCE) + minutes).select(*EVENT_SCHEMA)


async def expected(connection: Connection) -> tuple[pl.DataFrame, list[PlainOffer]]:
    """Current events, and their public asks and bids by the definition."""
    events = await event_repository.read_events(connection)
    return events, [offer for offer in plain_offers(events) if offer.kind != "private"]


async def assert_table_is_right(connection: Connection) -> None:
    events, offers = await expected(connection)
    places = {row["seq"]: (row["block"], row["timestamp"]) for row in events.iter_rows(named=True)}
    rows = []
    for one in offers:
        terms, ended_at = (one.punk_id, one.kind, str(one.price_wei), one.maker), places.get(one.until, (None, None))[1]
        rows.append((*terms, one.since, *places[one.since], one.until, ended_at, one.ended_by))
    assert [tuple(row) for row in await connection.fetch(ALL_SQL)] == rows


def plain(offer: Offer[offer_repository.Place]) -> tuple[object, ...]:
    return (*offer[:4], offer.since.seq)


async def assert_readers_are_right(connection: Connection, draw: random.Random) -> None:
    events, offers = await expected(connection)
    book = await offer_repository.standing(connection)
    standing = sorted(plain(offer) for offer in [*book.asks(), *book.bids.values()])
    assert standing == sorted((*one[:4], one.since) for one in offers if one.until is None)
    as_of = events["timestamp"][draw.randrange(events.height)] + timedelta(minutes=draw.choice([0, 1]))
    then = [one for one in plain_offers(events.filter(pl.col("timestamp") < as_of)) if one.kind != "private"]
    book = await offer_repository.standing(connection, as_of=as_of)
    standing = sorted(plain(offer) for offer in [*book.asks(), *book.bids.values()])
    assert standing == sorted((*one[:4], one.since) for one in then if one.until is None)
    punk = draw.randrange(market.BUSY_PUNKS)
    past = await offer_repository.of_punk(connection, punk)
    assert {one.offer for one in past if one.stood(as_of)} == {book.ask(punk), book.bids.get(punk)} - {None}
    assert [(*plain(one.offer), one.ended_by) for one in past] == [
        (*one[:4], one.since, one.ended_by) for one in offers if one.punk_id == punk
    ]


@pytest.mark.parametrize("seed", range(12))
async def test_any_order_of_imports_ingests_and_reorganisations_ends_in_the_definition(
    connection: Connection, seed: int
) -> None:
    draw = random.Random(seed)
    events, block = blocks(seed), 12_000_000
    while block < events["block"][-1]:
        block += draw.randrange(1, 40)
        await event_repository.append_events(connection, events.filter(pl.col("block") <= block))
        if draw.random() < 0.25:
            # Other things happen in the same blocks from here on.
            ancestor = max(block - draw.randrange(90), 12_000_001)
            await chain_repository.supersede(connection, ancestor, at=events["timestamp"][-1])
            after = blocks(seed + 1000 + block).filter(pl.col("block") > ancestor)
            events, block = pl.concat([events.filter(pl.col("block") <= ancestor), after]), ancestor
        await assert_readers_are_right(connection, draw)
        if draw.random() < 0.6:
            await offer_repository.catch_up(connection)
            await assert_table_is_right(connection)
            await assert_readers_are_right(connection, draw)
    await offer_repository.catch_up(connection)
    await assert_table_is_right(connection)


async def test_the_second_ingestor_waits_for_the_first(database: Database) -> None:
    await database.run(event_repository.append_events, busy_events(3, count=100).drop("seq"))
    async with database.transaction() as first, database.connection() as second:
        await offer_repository.catch_up(first)
        async with second.transaction():
            await second.execute("set local lock_timeout = '50ms'")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await offer_repository.catch_up(second)
    await database.run(offer_repository.catch_up)
    await database.run(assert_table_is_right)
