"""The backtest worker on a real database, and what the gateway serves of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from services.backtester import reading
from services.backtester.handlers import Backtests, play
from shared.backtest.result import BacktestResult
from shared.backtest.terms import Terms
from shared.clock import ManualClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import BacktestRequested
from shared.database.pool import Connection
from shared.messaging.transaction import AlreadyHandledError
from shared.units import DAY_S, ETH
from tests.factories.database import Database
from tests.factories.rows import an_outcome
from tests.integration.api import filling
from tests.integration.api.conftest import Served, serving
from tests.integration.api.filling import NOW, Happening

TERMS = Terms(resamples=40, capital_wei=300 * ETH, largest_bps=5_000)
PUNKS = range(8)


def worth(punk: int, _: int) -> int:
    return (50 + punk) * ETH


async def a_record(connection: Connection) -> str:
    """Four days: nowcasts every six hours, asks under and over the value, sales, an excluded one, a bid."""
    await filling.fill_punks(connection, len(PUNKS))
    model = await filling.fill_model(connection, champion=True)
    for step in range(16, 0, -1):
        generation = await filling.publish(connection, model, as_of=NOW - timedelta(hours=6 * step), value=worth)
    await filling.happen(
        connection,
        Happening("listed", 1, 92, 40.0, "0xs"),
        Happening("listed", 2, 91, 60.0, "0xs"),
        Happening("listed", 3, 90.5, 41.0, "0xs", "0xfriend"),
        Happening("bid", 1, 70, 30.0, "0xbidder"),
        Happening("sale", 1, 60, 40.0, "0xs", "0xa"),
        Happening("sale", 4, 50, 45.0, "0xs", "0xa"),
        Happening("sale", 5, 45, 1.0, "0xs", "0xa", exclusion="far_below_floor"),
        Happening("sale", 1, 30, 48.0, "0xa", "0xb"),
        Happening("sale", 4, 20, 52.0, "0xa", "0xb"),
        Happening("listed", 6, 15, 44.0, "0xs"),
    )
    for punk in (4, 1):
        for sale in await connection.fetch("select event_seq, price_wei from sales where punk_id = $1", punk):
            await an_outcome(
                connection, sale["event_seq"], model, generation, value_wei=worth(punk, 0), price_wei=sale["price_wei"]
            )
    return model


@pytest_asyncio.fixture
async def record(database: Database) -> Database:
    await database.run(a_record)
    return database


def request(identity: UUID | None = None) -> Envelope:
    return Envelope.wrap(BacktestRequested(slot=NOW), source="test", time=NOW, message_id=identity or uuid4())


def worker(database: Database, terms: Terms = TERMS) -> Backtests:
    return Backtests(database=database, clock=ManualClock(NOW), terms=terms)


async def computed(database: Database, terms: Terms = TERMS) -> BacktestResult:
    async with database.transaction() as connection:
        return await play(connection, await reading.extent(connection), terms)


async def test_the_record_is_played_as_it_was_published(record: Database) -> None:
    books = {book.name: book for book in (await computed(record)).books}
    bought = [(trade.entry.punk, trade.entry.price_wei // ETH) for trade in books["executable"].trades]
    assert bought == [(1, 40), (6, 44)]
    first = books["executable"].trades[0]
    assert first.exit.price_wei == 48 * ETH
    assert {(trade.entry.punk, trade.entry.price_wei // ETH) for trade in books["seed_style"].trades} == {
        (1, 40), (4, 45), (1, 48), (4, 52),
    }  # fmt: skip


async def test_a_backtest_is_stored_once_and_served(record: Database) -> None:
    message = request()
    await worker(record).on_backtest_requested(message)
    with pytest.raises(AlreadyHandledError):
        await worker(record).on_backtest_requested(message)
    async with serving(record) as served:
        document = await served.json("/v1/backtest")
        assert document["backtest_id"] == str(message.id)
        assert document["assumptions"]["capital"] == {"wei": f"{300 * ETH}", "eth": 300.0}
        assert [book["book"] for book in document["books"]] == [
            "executable", "seed_style", "buy_all", "random_entry", "floor_index",
        ]  # fmt: skip
        curves = (await served.json("/v1/backtest/equity?book=executable"))["curves"]
        trades = await served.json("/v1/backtest/trades?limit=1")
        second = await served.client.get("/v1/backtest/trades", params={"limit": 1, "cursor": trades["next_cursor"]})
        open_ones = await served.json("/v1/backtest/trades?open=true")
        of_punk = await served.json("/v1/backtest/trades?punk_id=1&book=seed_style")
    executable = document["books"][0]
    (curve,) = curves
    last = curve["points"][-1]
    assert last["cash"] == pytest.approx(float(executable["last_cash"]["eth"]))
    value = next(one for one in executable["figures"] if one["mark"] == "value")
    assert value["total_return"]["value"] == pytest.approx(last["growth_value"] - 1)
    assert last["growth_value"] == pytest.approx((last["cash"] + last["positions_value"]) / 300)
    (trade,) = trades["items"]
    assert trade["gain"] == pytest.approx((48 - 40 - 0.01) / 40)
    assert second.json()["items"][0]["punk_id"] == 6
    assert second.json()["next_cursor"] is None
    assert [(one["punk_id"], one["sold_at"]) for one in open_ones["items"]] == [(6, None)]
    assert len(of_punk["items"]) == 2


async def test_nothing_new_is_not_computed_again_and_the_newest_three_are_kept(record: Database) -> None:
    for _ in range(2):
        await worker(record).on_backtest_requested(request())
    assert await record.value("select count(*) from backtests") == 1
    for seed in range(4):
        await worker(record, replace(TERMS, seed=100 + seed)).on_backtest_requested(request())
    assert await record.value("select count(*) from backtests") == 3
    assert await record.value("select count(distinct backtest_id) from backtest_days") == 3


async def test_garbage_after_an_instant_changes_no_trade_before_it(record: Database) -> None:
    """The future of the last nowcast, poisoned in the database: other values, other prices, other asks."""
    honest = await computed(record)
    instant = NOW - timedelta(hours=28)
    for table in ("nowcasts", "market_events", "outcomes"):
        await record.execute(f"alter table {table} disable trigger user")
    for statement in (
        """update nowcasts set value_wei = 9e20, lo50_wei = 0, lo80_wei = 0, lo90_wei = 0, hi50_wei = 9e20,
               hi80_wei = 9e20, hi90_wei = 9e20
           where generation_id in (select generation_id from generations where as_of >= $1)""",
        "update market_events set event_type = 'listed', price_wei = 1e18, sale_kind = null where event_time >= $1",
        "delete from outcomes where event_seq in (select event_seq from sales where event_time >= $1)",
        "delete from sales where event_time >= $1",
    ):
        await record.execute(statement, instant)
    poisoned = {book.name: book for book in (await computed(record)).books}
    cut = instant.timestamp()
    for book in honest.books:
        other = poisoned[book.name]
        for pick in ("entry", "exit"):
            ours = [getattr(trade, pick) for trade in book.trades]
            theirs = [getattr(trade, pick) for trade in other.trades]
            assert [one for one in ours if one and one.at < cut] == [one for one in theirs if one and one.at < cut]
        known = [day for day in book.days if (day.day + 1) * DAY_S <= cut]
        assert list(other.days[: len(known)]) == known
    assert honest.books[0].trades != poisoned["executable"].trades, "the poison must be able to show"


async def test_a_superseded_event_is_not_played(record: Database) -> None:
    await record.execute("update market_events set superseded_at = $1 where event_type = 'listed' and punk_id = 1", NOW)
    (book,) = [one for one in (await computed(record)).books if one.name == "executable"]
    assert [trade.entry.punk for trade in book.trades] == [6]


async def test_before_the_first_nowcast_there_is_nothing(database: Database) -> None:
    await worker(database).on_backtest_requested(request())
    async with serving(database) as served:
        for path in ("/v1/backtest", "/v1/backtest/equity", "/v1/backtest/trades"):
            answer = await served.client.get(path)
            assert answer.status_code == 404
            assert "No backtest" in answer.json()["detail"]


@pytest_asyncio.fixture
async def stored(record: Database) -> AsyncIterator[Served]:
    await worker(record).on_backtest_requested(request())
    async with serving(record) as served:
        yield served


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/backtest/trades?book=nonsense", 422),
        ("/v1/backtest/trades?cursor=abc", 400),
        ("/v1/backtest/trades?punk_id=10000", 422),
        ("/v1/backtest/equity?book=x", 422),
        ("/v1/backtest/equity?start=2025-05-30&end=2025-05-01", 422),
        ("/v1/backtest/equity?start=today", 422),
    ],
)
async def test_wrong_questions_are_explained(stored: Served, path: str, status: int) -> None:
    answer = await stored.client.get(path)
    assert answer.status_code == status
    assert answer.json()["next_step"]


async def test_a_cursor_of_a_replaced_backtest_is_gone(stored: Served, record: Database) -> None:
    first = await stored.json("/v1/backtest/trades?book=seed_style&limit=1")
    await record.execute("delete from backtests")
    await worker(record, replace(TERMS, seed=1)).on_backtest_requested(request())
    again = await stored.client.get(
        "/v1/backtest/trades", params={"book": "seed_style", "limit": 1, "cursor": first["next_cursor"]}
    )
    assert again.status_code == 410
