"""When blocks are replaced, what they held is superseded, and everybody comes to see what a clean backfill sees."""

from datetime import UTC, datetime, timedelta

import pytest

from services.api.outcomes import queries as outcomes
from shared.clock import ManualClock
from shared.contracts.envelope import decode
from shared.errors import PermanentError
from shared.stores import event_repository, sale_repository
from shared.stores.market_reader import MarketReader
from tests.factories import registry, small_market
from tests.factories.contract_market import ETH, ContractMarket
from tests.integration.chain.conftest import Follow, Following, caught_up, clean_tables

ALL_SQL = "select seq, event_type, punk_id, superseded_at is null from market_events order by seq"


async def replaced(chain: ContractMarket, follow: Follow) -> tuple[Following, int, list[tuple[object, ...]]]:
    """A market whose last three blocks were read and then replaced by four others; the ancestor, and what was known."""
    await chain.trade(20, 60)
    await chain.send([chain.claim(punk, chain.accounts[0]) for punk in (300, 301)])
    following = await caught_up(follow)
    ancestor, snapshot = await chain.head(), await chain.snapshot()
    buyer, other = chain.accounts[1:3]
    # A sale that comes again later, one that never happened after all, and a bid.
    await chain.send([chain.buy(300, 30 * ETH, buyer), chain.buy(301, 40 * ETH, buyer), chain.bid(300, 5 * ETH, other)])
    await following.catch_up()
    known = await following.events()
    await chain.revert(snapshot)
    bid, offer = chain.bid(301, 8 * ETH, other), chain.offer(301, 50 * ETH)
    await chain.send([bid, offer, chain.accept(301), chain.buy(300, 30 * ETH, buyer)])
    return following, ancestor, known


async def test_three_replaced_blocks_end_as_a_clean_backfill_does(chain: ContractMarket, follow: Follow) -> None:
    following, ancestor, known = await replaced(chain, follow)
    seqs = [row[0] for row in await following.rows(ALL_SQL)]
    [step] = await following.catch_up()
    clean = await caught_up(follow)
    assert await following.tables() == await clean.tables()
    assert await following.rows("select block, hash from chain_blocks order by block") == await clean.rows(
        "select block, hash from chain_blocks order by block"
    )

    # Nothing was deleted: what was taken for true is still there, and since when it is not.
    everything = await following.rows(ALL_SQL)
    assert [row[0] for row in everything] == list(range(1, len(everything) + 1))
    orphaned = [row for row in everything if not row[3]]
    expected = [("delisted", 300), ("sale", 300), ("delisted", 301), ("sale", 301), ("bid", 300)]
    assert [(kind, punk) for _, kind, punk, _ in orphaned] == expected
    assert [row[0] for row in orphaned] == seqs[-5:]
    revision = await following.rows("select first_block, first_seq, last_seq, events, sales from market_revisions")
    assert revision == [(ancestor + 1, seqs[-5], seqs[-1], 5, 2)]
    assert (step.stored.appended, step.sales) == (5, 2)

    [(body,)] = await following.rows("select body from outbox order by id desc limit 1")
    message = decode(body).data
    assert (message.revised_from_block, message.revised_from_seq) == (ancestor + 1, seqs[-5])
    [(late,)] = await following.rows(
        "select count(*) from market_events where seq > $1 and known_at = event_time", seqs[-1]
    )
    assert late == 0, "what replaces is known only now"
    assert known != await following.events()


async def test_every_process_notices_and_the_past_can_still_be_read(chain: ContractMarket, follow: Follow) -> None:
    following, _, known = await replaced(chain, follow)
    elsewhere, past = MarketReader(), MarketReader()
    async with elsewhere.alone(), following.database.connection() as connection:
        await elsewhere.refresh(connection)
        newest = elsewhere.last_seq
    before = [(sale.event_seq, sale.punk_id) for sale in elsewhere.timeline.sales]
    assert before[-2:][0][1] == 300
    await following.catch_up()
    async with elsewhere.alone(), past.alone(), following.database.connection() as connection:
        await elsewhere.refresh(connection)
        current = [(sale.event_seq, sale.punk_id, sale.excluded) for sale in elsewhere.timeline.sales]
        fresh = MarketReader()
        async with fresh.alone():
            await fresh.refresh(connection)
        assert current == [(sale.event_seq, sale.punk_id, sale.excluded) for sale in fresh.timeline.sales]
        assert [punk for _, punk, _ in current][-2:] == [301, 300]
        # A snapshot made then is recomputed from what was known then.
        await past.refresh(connection, up_to=newest)
        assert [(sale.event_seq, sale.punk_id) for sale in past.timeline.sales] == before
        then = await event_repository.read_events(connection, up_to=newest)
        assert [tuple(row)[:4] for row in then.select("block", "tx_index", "log_index", "punk_id").rows()] == [
            tuple(row)[1:5] for row in known
        ]
        await past.refresh(connection, up_to=elsewhere.last_seq)
        assert [sale.event_seq for sale in past.timeline.sales] == [seq for seq, *_ in current]


async def test_outcomes_of_a_sale_that_never_was_count_nowhere(chain: ContractMarket, follow: Follow) -> None:
    following, _, _ = await replaced(chain, follow)
    now = datetime.now(UTC)
    async with following.database.transaction() as connection:
        sold = await connection.fetch("select event_seq from sales order by event_seq desc limit 2")
        await connection.execute("update sales set valid = true, exclusion = null where event_seq >= $1", sold[1][0])
        await registry.contender(connection, "good", now - timedelta(days=4_000))
        first = datetime(2023, 6, 1, tzinfo=UTC)
        await registry.generation(connection, "good", first, role="champion")
        assert await sale_repository.score(connection, [row[0] for row in sold], at=now) == 2
        fingerprint = await outcomes.fingerprint(connection, outcomes.Span())
    counted = "select count(*) from current_outcomes"
    [(before,)] = await following.rows(counted)
    assert before >= 2
    await following.catch_up()
    assert await following.rows("select count(*) from outcomes") >= [(before,)], "they stay on record"
    scored = await following.database.run(outcomes.scored, outcomes.Span())
    assert await following.database.run(outcomes.fingerprint, outcomes.Span()) != fingerprint
    superseded = await following.rows(
        "select count(*) from current_outcomes join sales using (event_seq) where sales.superseded_at is not null"
    )
    assert superseded == [(0,)]
    [(current,)] = await following.rows("select count(*) from current_outcomes where track = 'champion'")
    assert len(scored) == current


async def test_a_chain_that_became_shorter_and_empty_is_followed_too(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(21, 40)
    following = await follow(confirmations=2)
    await chain.mine(2)
    await following.catch_up()
    snapshot = await chain.snapshot()
    await chain.trade(22, 6)
    await chain.mine(2)
    await following.catch_up()
    await chain.revert(snapshot)
    await chain.mine(8)
    await chain.mine(1)
    await following.catch_up()
    clean = await caught_up(follow, confirmations=2)
    assert await following.tables() == await clean.tables()
    # Nothing replaced the events, so the newest number is that of one that never was: readers notice all the same.
    reader = following.reader
    async with reader.alone(), following.database.connection() as connection:
        await reader.refresh(connection)
    assert len(reader.timeline.sales) == len((await clean.tables())[1])
    await chain.trade(23, 10)
    await chain.mine(2)
    await following.catch_up()
    await clean.catch_up()
    assert await following.tables() == await clean.tables()


async def test_replacing_blocks_with_earlier_times_are_taken(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(24, 20)
    following = await follow()
    snapshot = await chain.snapshot()
    await chain.rpc("evm_increaseTime", 600)
    await chain.trade(25, 5)
    await following.catch_up()
    [(later,)] = await following.rows("select max(event_time) from market_events")
    await chain.revert(snapshot)
    await chain.rpc("evm_setNextBlockTimestamp", hex(int((await chain.newest_time()).timestamp()) + 3))
    await chain.trade(26, 7)
    await following.catch_up()
    assert await following.tables() == await clean_tables(follow)
    [(earlier,)] = await following.rows("select max(event_time) from market_events where superseded_at is null")
    assert earlier < later


async def test_a_chain_replaced_deeper_than_it_is_stored_needs_a_person(chain: ContractMarket, follow: Follow) -> None:
    snapshot = await chain.snapshot()
    await chain.trade(27, 30)
    await chain.mine(120)
    following = await caught_up(follow, clock=ManualClock(small_market.END + timedelta(days=9_000)))
    before = await following.tables()
    await chain.revert(snapshot)
    await chain.rpc("evm_increaseTime", 77)
    await chain.mine(200)
    with pytest.raises(PermanentError, match=r"none of the blocks \d+ to \d+ is part of the chain any more"):
        await following.catch_up()
    assert await following.tables() == before
