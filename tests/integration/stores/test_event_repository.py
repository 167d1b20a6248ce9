"""Events in PostgreSQL: exactly once, in order, exact, quick."""

import asyncio
import textwrap
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter

import asyncpg
import polars as pl
import pytest
from asyncpg.exceptions import InterfaceError, PostgresError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import ConflictError, InvalidInputError
from shared.market.events import EVENT_SCHEMA, empty_events
from shared.market.reference_data import ETH_USD_SCHEMA, PUNK_SCHEMA
from shared.sources.simulated import SimulatedMarket
from shared.stores import event_repository
from shared.stores.event_repository import STORED_EVENT_SCHEMA, AppendResult, append_events, read_events
from tests.factories.database import Database
from tests.factories.killed import is_killed
from tests.unit.market.event_rows import event_rows, with_value

ROOT = Path(__file__).parents[3]
FAR = datetime(2100, 1, 1, tzinfo=UTC)
EVENTS_A_SECOND = 20_000


async def append(database: Database, frame: pl.DataFrame, known_at: datetime | None = None) -> AppendResult:
    return await database.run(append_events, frame, known_at=known_at)


async def stored(database: Database, after_seq: int = 0) -> pl.DataFrame:
    return await database.run(read_events, after_seq)


async def test_what_was_appended_is_read_back_exactly(database: Database) -> None:
    frame = with_value(event_rows(60), 0, "price_wei", "9" * 78)
    assert await append(database, frame) == AppendResult(60, 1, 60, 4_000_059)
    back = await stored(database)
    assert back.schema == STORED_EVENT_SCHEMA
    assert back["known_at"].equals(back["timestamp"].alias("known_at"))
    assert back["seq"].to_list() == list(range(1, 61))
    assert back.drop("seq", "known_at").equals(frame)


async def test_reading_in_bulk_and_reading_a_few_agree(database: Database) -> None:
    frame = event_rows(700)
    await append(database, frame)
    bulk = await stored(database)
    assert bulk.height == 700
    assert (await stored(database, 650)).equals(bulk[650:])
    assert (await stored(database, 700)).schema == bulk.schema
    assert (await stored(database, 700)).is_empty()


async def test_nothing_stored_reads_as_an_empty_frame_of_the_same_schema(database: Database) -> None:
    assert (await stored(database)).schema == STORED_EVENT_SCHEMA
    assert await append(database, empty_events()) == AppendResult(0, None, 0, 0)


async def test_appending_again_appends_nothing(database: Database) -> None:
    await append(database, event_rows(30))
    assert await append(database, event_rows(30)) == AppendResult(0, None, 30, 4_000_029)
    assert await append(database, event_rows(40)) == AppendResult(10, 31, 40, 4_000_039)
    assert (await stored(database)).drop("seq", "known_at").equals(event_rows(40))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=12))
async def test_any_overlapping_pieces_leave_each_event_once_in_order(
    database: Database, pieces: list[tuple[int, int]]
) -> None:
    frame = event_rows(60)
    async with database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        reached = 0
        for start, length in pieces:
            start = min(start, reached)  # noqa: PLW2901 - a gap would be another test
            result = await append_events(connection, frame.slice(start, length))
            assert result.appended == max(min(start + length, 60) - reached, 0)
            reached += result.appended
        back = await read_events(connection)
        await transaction.rollback()
    assert back["seq"].to_list() == list(range(1, reached + 1))
    assert back.drop("seq", "known_at").equals(frame.head(reached))


async def test_an_event_that_differs_from_the_stored_one_is_refused(database: Database) -> None:
    frame = event_rows(12)
    await append(database, frame)
    for column, value in (("price_wei", "5"), ("punk_id", 77), ("tx_hash", "0x" + "f" * 64), ("tx_index", 99)):
        with pytest.raises(ConflictError, match=rf"block 4000006, log_index 18 is stored with {column}"):
            await append(database, with_value(frame, 6, column, value))
    assert (await stored(database)).drop("seq", "known_at").equals(frame)


async def test_history_cannot_be_slipped_in_before_the_newest_event(database: Database) -> None:
    frame = event_rows(12)
    await append(database, frame[6:])
    with pytest.raises(ConflictError, match=r"block 4000000, log_index 0 comes before the newest stored event"):
        await append(database, frame)
    with pytest.raises(ConflictError, match="comes before the newest stored event"):
        await append(database, frame[:3])
    assert (await stored(database)).height == 6


async def test_a_later_block_with_an_earlier_time_is_refused(database: Database) -> None:
    await append(database, event_rows(12))
    late = event_rows(1, first_block=5_000_000).with_columns(
        pl.lit(datetime(2017, 6, 30, tzinfo=UTC)).alias("timestamp")
    )
    with pytest.raises(ConflictError, match="before the stored event it follows"):
        await append(database, late.select(EVENT_SCHEMA.keys()).cast({"timestamp": EVENT_SCHEMA["timestamp"]}))


async def test_a_frame_that_breaks_a_rule_leaves_nothing(database: Database) -> None:
    with pytest.raises(InvalidInputError, match="row 9: column 'punk_id'"):
        await append(database, with_value(event_rows(12), 8, "punk_id", 10_000))
    assert (await stored(database)).is_empty()


async def test_history_is_known_when_it_happened_and_news_when_it_came(database: Database) -> None:
    frame = event_rows(2)
    now = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
    await append(database, frame[:1])
    await append(database, frame, known_at=now)
    rows = await database.rows("select event_time, known_at from market_events order by seq")
    assert rows[0]["known_at"] == rows[0]["event_time"] == frame["timestamp"][0]
    assert rows[1]["known_at"] == now


async def test_of_a_mixed_pull_only_the_news_is_known_since_the_pull(database: Database) -> None:
    frame = event_rows(6)
    now = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
    await database.run(append_events, frame, known_at=now, news_since=frame["timestamp"][4])
    known = (await stored(database))["known_at"].to_list()
    assert known == [*frame["timestamp"][:4].to_list(), now, now]


async def test_a_rolled_back_append_leaves_no_gap(database: Database) -> None:
    frame = event_rows(20)
    await append(database, frame[:5])
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as connection:
            await append_events(connection, frame)
            raise ZeroDivisionError
    assert (await append(database, frame)).first_seq == 6
    assert (await stored(database))["seq"].to_list() == list(range(1, 21))


async def test_rows_inserted_without_a_seq_go_on_after_the_appended_ones(database: Database) -> None:
    await append(database, event_rows(5))
    seq = await database.value(
        "insert into market_events (block, tx_index, log_index, tx_hash, event_time, known_at, punk_id, event_type)"
        " values (9000000, 0, 0, '0x0', $1, $1, 1, 'delisted') returning seq",
        datetime(2020, 1, 1, tzinfo=UTC),
    )
    assert seq == 6


async def test_superseded_events_are_left_out_and_may_be_replaced(database: Database) -> None:
    frame = event_rows(10)
    await append(database, frame)
    await database.execute("update market_events set superseded_at = $1 where seq > 8", FAR)
    assert await database.run(event_repository.last_place) == (4_000_007, 21)
    replaced = with_value(frame, 9, "tx_hash", "0x" + "e" * 64)
    assert await append(database, replaced) == AppendResult(2, 11, 12, 4_000_009)
    back = await stored(database)
    assert back["seq"].to_list() == [*range(1, 9), 11, 12]
    assert back.drop("seq", "known_at").equals(replaced)


async def test_appenders_at_the_same_time_append_each_event_once(database: Database) -> None:
    frame = event_rows(500)
    results = await asyncio.gather(*(append(database, frame) for _ in range(5)))
    assert sorted(result.appended for result in results) == [0, 0, 0, 0, 500]
    assert (await stored(database))["seq"].to_list() == list(range(1, 501))


async def test_a_connection_cut_inside_the_transaction_leaves_nothing_and_a_repeat_completes(
    database: Database, fresh_database_url: str
) -> None:
    frame = event_rows(3_000)
    await append(database, frame[:1_000])
    victim = await asyncpg.connect(fresh_database_url)
    with pytest.raises((PostgresError, InterfaceError, ConnectionError)):
        async with victim.transaction():
            await append_events(victim, frame)
            await database.execute("select pg_terminate_backend($1)", victim.get_server_pid())
            await victim.execute("select 1")
    assert (await stored(database)).height == 1_000
    assert await append(database, frame) == AppendResult(2_000, 1_001, 3_000, 4_002_999)
    assert (await stored(database)).drop("seq", "known_at").equals(frame)


KILLED = textwrap.dedent(
    """
    import asyncio, os, signal, sys
    import asyncpg, polars as pl
    from shared.stores import event_repository

    async def main():
        url, file, when = sys.argv[1:]
        connection = await asyncpg.connect(url)
        sent = 0
        def count(rows):
            nonlocal sent
            sent += rows
            if when == "copy" and sent >= 20_000:
                os.kill(os.getpid(), signal.SIGKILL)
        async with connection.transaction():
            await event_repository.append_events(connection, pl.read_parquet(file), on_progress=count)
            os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(main())
    """
)


@pytest.mark.parametrize("when", ["copy", "commit"])
async def test_an_import_killed_half_way_leaves_nothing_and_a_repeat_completes(
    database: Database, fresh_database_url: str, tmp_path: Path, when: str
) -> None:
    frame = await SimulatedMarket(seed=1, days=200, history_days=100).fetch(None, FAR)
    assert frame.height > 20_000
    file = tmp_path / "events.parquet"
    frame.write_parquet(file)
    await is_killed(KILLED, fresh_database_url, str(file), when)
    assert (await stored(database)).is_empty()
    assert (await append(database, frame)).appended == frame.height
    assert (await append(database, frame)).appended == 0
    back = await stored(database)
    assert back["seq"].to_list() == list(range(1, frame.height + 1))
    assert back.drop("seq", "known_at").equals(frame)


async def test_tens_of_thousands_of_events_go_in_within_a_second(database: Database) -> None:
    frame = await SimulatedMarket(seed=2, days=200, history_days=100).fetch(None, FAR)
    assert frame.height > EVENTS_A_SECOND
    progress: list[int] = []
    started = perf_counter()
    await database.run(append_events, frame, on_progress=progress.append)
    assert frame.height / (perf_counter() - started) > EVENTS_A_SECOND
    assert sum(progress) == frame.height


def punk_rows(skin: str = "Mid") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "punk_id": range(10_000),
            "type": ["Ape", *["Male"] * 9_999],
            "skin": [None, *[skin] * 9_999],
            "accessories": [[], *[["Mole", 'Big "B", Beard']] * 9_999],
        },
        schema=PUNK_SCHEMA,
    )


async def test_punks_are_stored_once_and_never_change(database: Database) -> None:
    async with database.transaction() as connection:
        assert (await event_repository.load_punks(connection)).schema == PUNK_SCHEMA
        assert await event_repository.store_punks(connection, punk_rows()) == 10_000
        assert await event_repository.store_punks(connection, punk_rows()) == 0
        with pytest.raises(ConflictError, match="other punk attributes are stored already"):
            await event_repository.store_punks(connection, punk_rows("Dark"))
        assert (await event_repository.load_punks(connection)).equals(punk_rows())


async def test_the_first_close_known_of_a_day_stays(database: Database) -> None:
    first = date(2024, 1, 1)

    def closes(*prices: float) -> pl.DataFrame:
        days = [first + timedelta(days=day) for day in range(len(prices))]
        return pl.DataFrame({"date": days, "eth_usd": prices}, schema=ETH_USD_SCHEMA)

    async with database.transaction() as connection:
        assert (await event_repository.load_eth_usd(connection)).schema == ETH_USD_SCHEMA
        await event_repository.store_eth_usd(connection, closes(2_000.5, 2_100.0))
        await event_repository.store_eth_usd(connection, closes(1.0, 2.0, 2_200.0))
        assert (await event_repository.load_eth_usd(connection)).equals(closes(2_000.5, 2_100.0, 2_200.0))
