"""Events, the sales they hold and the message that tells of them: all at once or not at all, and each once."""

import asyncio
from dataclasses import astuple
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from services.ingestor.bootstrap import build
from shared.contracts.messages import IngestRequested, MarketUpdated
from shared.errors import TransientError
from shared.messaging.transaction import Transaction
from shared.stores import event_repository, offer_repository, sale_repository
from shared.stores.market_reader import MarketReader
from tests.factories import market, registry, small_market
from tests.factories.database import Database
from tests.factories.harness import Harness
from tests.factories.market import busy_events
from tests.factories.plain_market import plain_offers
from tests.factories.small_market import END, Source

START = END - timedelta(days=10)


@pytest.fixture
async def reader() -> MarketReader:
    return MarketReader()


@pytest.fixture
async def source() -> Source:
    return Source()


@pytest.fixture
async def harness(database: Database, tmp_path: Path, source: Source, reader: MarketReader) -> Harness:
    harness = Harness.at(START, database, tmp_path)
    await harness.host(build, source=source, reader=reader)
    return harness


async def counts(harness: Harness) -> dict[str, object]:
    tables = ("punks", "market_events", "sales", "offers", "outcomes", "outbox", "inbox")
    return {table: await harness.value(f"select count(*) from {table}") for table in tables}


async def ingest(harness: Harness) -> None:
    await harness.send(IngestRequested(slot=harness.clock.now()))
    assert await harness.dead() == []


async def test_the_first_cycle_stores_the_history_its_sales_and_says_so(harness: Harness) -> None:
    await ingest(harness)
    events = small_market.EVENTS.filter(pl.col("timestamp") <= START)
    sales = events.filter(pl.col("event_type") == "sale")
    assert await counts(harness) == {
        "punks": 10_000,
        "market_events": events.height,
        "sales": sales.height,
        "offers": sum(one.kind != "private" for one in plain_offers(events)),
        "outcomes": 0,
        "outbox": 1,
        "inbox": 1,
    }
    assert await harness.emitted(MarketUpdated) == [
        MarketUpdated(last_seq=events.height, last_block=int(events["block"][-1]), events=events.height, sales_scored=0)
    ]
    rows = await harness.rows("select event_seq, punk_id, price_wei from sales order by event_seq")
    assert [tuple(row) for row in rows] == [
        (row["seq"], row["punk_id"], int(row["price_wei"])) for row in sales.iter_rows(named=True)
    ]


@pytest.mark.parametrize(
    ("holder", "step"),
    [
        (event_repository, "append_events"),
        (offer_repository, "catch_up"),
        (sale_repository, "record_sales"),
        (sale_repository, "label_sales"),
        (sale_repository, "score"),
        (Transaction, "emit"),
    ],
)
async def test_a_failure_in_between_leaves_nothing_and_the_next_try_does_all(
    harness: Harness, reader: MarketReader, monkeypatch: pytest.MonkeyPatch, holder: object, step: str
) -> None:
    await ingest(harness)
    before, stored = await counts(harness), reader.last_seq
    await harness.run(registry.publish, "good", harness.clock.now())
    harness.clock.move_to(END)
    works = getattr(holder, step)

    async def fails_after_its_work(*arguments: object, **named: object) -> object:
        await works(*arguments, **named)
        raise TransientError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(holder, step, fails_after_its_work)
        await harness.send(IngestRequested(slot=END))
    assert await counts(harness) == before
    assert reader.last_seq == 0, "the reader has forgotten what was rolled back"

    await harness.pass_time(10)
    after = await counts(harness)
    assert after["market_events"] == small_market.EVENTS.height
    assert after["sales"] == small_market.sales().height
    fresh = await harness.value("select count(*) from sales where event_time > $1", START)
    assert after["sales"] == before["sales"] + fresh  # type: ignore[operator]
    assert await harness.value("select count(*) from outcomes where horizon = 'latest'") == fresh
    assert fresh
    assert (after["outbox"], after["inbox"]) == (2, 2)
    assert reader.last_seq == small_market.EVENTS.height > stored


async def test_the_same_tick_twice_changes_nothing(harness: Harness, reader: MarketReader) -> None:
    first = await harness.send(IngestRequested(slot=START))
    before, timeline = await counts(harness), reader.timeline
    harness.clock.move_to(END)
    await harness.send(IngestRequested(slot=START), message_id=first)
    assert await counts(harness) == before
    assert await harness.dead() == []
    assert reader.timeline is timeline, "and costs no reading from the start"


async def test_when_nothing_is_new_nothing_is_announced(harness: Harness) -> None:
    await ingest(harness)
    before = await counts(harness)
    await ingest(harness)
    assert await counts(harness) == before | {"inbox": 2}


async def test_small_steps_end_where_one_large_step_does(harness: Harness) -> None:
    for hours in (0, 1, 30, 100, 240):
        harness.clock.move_to(START + timedelta(hours=hours))
        await ingest(harness)
    rows = await harness.rows("select event_seq, floor_wei, valid from sales order by event_seq")
    expected = small_market.timeline().sales
    assert [(row["event_seq"], row["valid"]) for row in rows] == [(s.event_seq, s.excluded is None) for s in expected]
    assert [row["floor_wei"] for row in rows] == [s.floor_wei for s in expected]


async def test_two_ingestors_at_once_store_every_event_once(harness: Harness, source: Source) -> None:
    other = await harness.another(build, source=source)
    await ingest(harness)
    harness.clock.move_to(END)
    await asyncio.gather(ingest(harness), ingest(other))
    stored = await counts(harness)
    assert (stored["market_events"], stored["sales"]) == (small_market.EVENTS.height, small_market.sales().height)
    assert sum(message.events for message in await harness.emitted(MarketUpdated)) == small_market.EVENTS.height


async def test_sales_and_offers_of_imported_events_are_derived_at_the_next_ingest(harness: Harness) -> None:
    await harness.import_until(START)
    await harness.run(registry.publish, "good", START)
    assert (await counts(harness))["sales"] == (await counts(harness))["offers"] == 0
    await ingest(harness)
    known = small_market.sales().filter(pl.col("timestamp") <= START).height
    assert (await counts(harness))["sales"] == known
    assert (await counts(harness))["offers"]
    (message,) = await harness.emitted(MarketUpdated)
    assert message.events <= 1, "the events themselves were stored by the import"


LABELS_SQL = "select channel, pass_through, true_buyer, dealer, wrapped from sales order by event_seq"


async def test_sales_are_stored_with_their_labels_and_those_of_an_older_release_get_theirs(
    database: Database, tmp_path: Path
) -> None:
    events = busy_events(2)
    harness = Harness.at(events["timestamp"][-1], database, tmp_path)
    await harness.host(build, source=Source(events))
    await ingest(harness)
    expected = [astuple(sale.labels) for sale in market.timeline(events).sales]
    assert all(len(set(column)) > 1 for column in zip(*expected, strict=True)), "every label makes a difference"
    assert [tuple(row) for row in await harness.rows(LABELS_SQL)] == expected
    sent = len(await harness.emitted(MarketUpdated))
    # An older release stores none, on the same schema.
    await database.execute(
        "update sales set channel = null, pass_through = null, true_buyer = null, dealer = null, wrapped = null "
        "where event_seq % 3 > 0"
    )
    await ingest(harness)
    assert [tuple(row) for row in await harness.rows(LABELS_SQL)] == expected
    assert len(await harness.emitted(MarketUpdated)) == sent, "no event is new"


async def test_nobody_computes_from_events_that_may_still_be_rolled_back(
    harness: Harness, reader: MarketReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ingest(harness)
    committed = reader.last_seq
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def hangs(*_: object, **__: object) -> int:
        reached.set()
        await go_on.wait()
        raise TransientError("power cut")

    monkeypatch.setattr(sale_repository, "score", hangs)

    async def read() -> int:
        async with reader.alone(), harness.database.connection() as connection:
            await reader.refresh(connection)
            return reader.last_seq

    harness.clock.move_to(END)
    ingesting = asyncio.create_task(harness.send(IngestRequested(slot=END)))
    await reached.wait()
    assert reader.last_seq > committed
    reading = asyncio.create_task(read())
    done, _ = await asyncio.wait([reading], timeout=0.1)
    assert not done
    go_on.set()
    await ingesting
    assert await reading == committed


async def test_a_close_that_comes_late_is_fetched_when_it_is_there(harness: Harness, source: Source) -> None:
    yesterday = START.date() - timedelta(days=1)
    source.closes_until = yesterday - timedelta(days=1)
    await ingest(harness)
    newest = "select max(date) from eth_usd_daily"
    assert await harness.value(newest) == source.closes_until
    source.closes_until = None
    await harness.pass_time(300)
    await ingest(harness)
    assert await harness.value(newest) == yesterday
    harness.clock.move_to(START + timedelta(days=3))
    await ingest(harness)
    assert await harness.value(newest) == yesterday + timedelta(days=3)


async def test_invalid_sales_keep_their_reason_and_are_not_scored(database: Database, tmp_path: Path) -> None:
    seller, buyer = f"0x{1:040x}", f"0x{2:040x}"

    def sale(price_eth: float, **changed: object) -> dict[str, object]:
        wei = str(round(price_eth * 1000) * 10**15)
        return {"event_type": "sale", "price_wei": wei, "to_address": buyer, "from_address": seller} | changed

    history = small_market.EVENTS.drop("seq").filter(pl.col("timestamp") <= START)
    events = small_market.later(
        sale(0.001), sale(30.0, to_address=seller), sale(20_000.0), sale(1.0), sale(30.0), after=history
    )
    harness = Harness.at(START, database, tmp_path)
    await harness.host(build, source=Source(events))
    await ingest(harness)
    known = await harness.value("select max(event_seq) from sales")
    await harness.run(registry.publish, "good", START)
    harness.clock.move_to(END)
    await ingest(harness)
    rows = await harness.rows(
        """select s.exclusion, s.valid, o.value_wei, o.floor_wei
           from sales s left join outcomes o using (event_seq) where event_seq > $1 order by event_seq""",
        known,
    )
    assert [row["exclusion"] for row in rows] == ["dust", "self_sale", "flash_loan", "far_below_floor", None]
    assert [row["valid"] for row in rows] == [False, False, False, False, True]
    assert [row["value_wei"] for row in rows] == [None, None, None, None, 10]
