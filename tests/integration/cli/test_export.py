"""`punkcast export` against a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.cli.export.book import daily_floor
from shared.database.pool import Connection, Database
from shared.errors import ConflictError, InvalidInputError, NotFoundError
from shared.market.events import EVENT_SCHEMA
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.stores.sale_repository import record_sales
from tests.factories import market
from tests.factories.busy_market import busy_events
from tests.integration.api import filling
from tests.integration.database import rows

Run = Callable[..., str]
EVENTS = busy_events(4, count=300)
MIDDLE = EVENTS["timestamp"][150] + timedelta(seconds=1)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.parquet"


@pytest.fixture
def imported(run: Run, tmp_path: Path) -> Run:
    folder = tmp_path / "events"
    folder.mkdir()
    EVENTS.select(EVENT_SCHEMA.keys()).write_parquet(folder / "events.parquet")
    market.punks_frame().write_parquet(folder / "punks.parquet")
    run("import", str(folder))
    return run


async def refused(*arguments: str) -> BaseException:
    """What a command ended with."""
    result = await asyncio.to_thread(CliRunner().invoke, app, list(arguments))
    assert result.exit_code != 0
    assert result.exception is not None
    return result.exception


def timeline(events: pl.DataFrame = EVENTS) -> MarketTimeline:
    folded = MarketTimeline(Traits.from_frame(market.punks_frame()))
    folded.apply(events)
    return folded


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_exported_events_are_imported_as_the_same_events(imported: Run, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"events.{suffix}"
    assert f"300 rows of events written to {file}" in imported("export", "events", "--out", str(file))
    if suffix == "parquet":
        assert pl.read_parquet(file).equals(EVENTS.select(EVENT_SCHEMA.keys()))
    # Every event is stored already, and an import compares them one by one.
    assert "0 events appended, 300 known already" in imported("import", str(file))


def test_events_are_cut_at_instants(imported: Run, out: Path) -> None:
    first, last = EVENTS["timestamp"][40], EVENTS["timestamp"][90]
    imported("export", "events", "--out", str(out), "--from", first.isoformat(), "--to", last.isoformat())
    inside = EVENTS.filter((pl.col("timestamp") >= first) & (pl.col("timestamp") < last))
    assert pl.read_parquet(out).equals(inside.select(EVENT_SCHEMA.keys()))
    imported("export", "events", "--out", str(out), "--force", "--as-of", MIDDLE.isoformat())
    assert pl.read_parquet(out).height == EVENTS.filter(pl.col("timestamp") < MIDDLE).height


def test_sales_come_with_validity_and_reason_before_the_ingestor_derived_them(imported: Run, out: Path) -> None:
    imported("export", "sales", "--out", str(out))
    exported, sales = pl.read_parquet(out), timeline().sales
    assert exported.select("block", "log_index", "valid", "exclusion", "price_wei", "floor_wei").rows() == [
        (s.block, s.log_index, s.excluded is None, s.excluded, str(s.price_wei), s.floor_wei and str(s.floor_wei))
        for s in sales
    ]
    assert exported["price_eth"].to_list() == [sale.price_eth for sale in sales]
    assert exported["timestamp"].dt.epoch("s").to_list() == [sale.time for sale in sales]
    assert exported["exclusion"].n_unique() > 3


async def test_a_stored_verdict_on_a_sale_is_exported_as_it_is_stored(
    imported: Run, database: Database, out: Path
) -> None:
    sales = timeline().sales
    async with database.connection() as connection:
        await record_sales(connection, sales[:5])
        await connection.execute(
            "update sales set valid = false, exclusion = 'dust' where event_seq = $1", sales[2].event_seq
        )
    await asyncio.to_thread(imported, "export", "sales", "--out", str(out))
    exclusions = pl.read_parquet(out)["exclusion"].to_list()
    assert exclusions == ["dust" if sale == sales[2] else sale.excluded for sale in sales]


def test_the_floor_is_daily_and_ends_with_the_last_day_that_was_known(imported: Run, out: Path) -> None:
    imported("export", "floor", "--out", str(out))
    whole = pl.read_parquet(out)
    assert whole.columns == ["date", "floor_eth", "floor_punk", "active_asks"]
    for day, floor_eth, floor_punk, active_asks in whole[::5].iter_rows():
        known = timeline(EVENTS.filter(pl.col("timestamp").dt.date() <= day))
        floor = known.asks_now.floor()
        assert (floor_eth, floor_punk) == ((floor[0] / 1e18, floor[1]) if floor else (None, None))
        assert active_asks == len(known.offers.listings)
    imported("export", "floor", "--out", str(out), "--force", "--as-of", MIDDLE.isoformat())
    assert pl.read_parquet(out).equals(whole.filter(pl.col("date") < MIDDLE.date()))
    imported("export", "floor", "--out", str(out), "--force", "--from", "2021-03-03", "--to", "2021-03-05")
    assert pl.read_parquet(out)["date"].to_list() == [date(2021, 3, 3), date(2021, 3, 4)]


def test_the_book_is_that_of_the_instant_with_the_lowest_ask_first(imported: Run, out: Path) -> None:
    for arguments, known in (
        (("--as-of", MIDDLE.isoformat()), timeline(EVENTS.filter(pl.col("timestamp") < MIDDLE))),
        (("--force",), timeline()),
    ):
        imported("export", "book", "--out", str(out), *arguments)
        exported = pl.read_parquet(out)
        asks = known.asks_now.asks()
        assert exported["punk_id"].to_list()[: len(asks)] == [punk for _, punk in asks]
        assert exported["ask_eth"].to_list()[: len(asks)] == [wei / 1e18 for wei, _ in asks]
        for row in exported.iter_rows(named=True):
            punk = row["punk_id"]
            bid, listing = known.offers.bids.get(punk), known.offers.listings.get(punk)
            assert (row["bidder"], row["bid_wei"]) == ((bid.maker, str(bid.price_wei)) if bid else (None, None))
            asked = row["ask_wei"] or row["private_ask_wei"]
            assert (asked, row["private_buyer"]) == (
                (str(listing.price_wei), listing.taker) if listing else (None,) * 2
            )
            assert row["owner"] == known.owner(punk)
            sold = [sale for sale in known.sales if sale.punk_id == punk]
            last = (str(sold[-1].price_wei), sold[-1].kind) if sold else (None, None)
            assert (row["last_sale_wei"], row["last_sale_kind"]) == last


@pytest.mark.realdata
def test_every_real_day_equals_the_reference_in_floor_floor_punk_and_asks(market_data: Path) -> None:
    reference = pl.read_parquet(market_data / "floor_daily_reference.parquet").drop("partial_day")
    assert daily_floor(pl.read_parquet(market_data / "events.parquet")).equals(reference)
    assert reference["date"].is_between(date(2018, 1, 1), date(2025, 7, 31)).sum() == 2_769


async def published(connection: Connection) -> tuple[str, int, int]:
    await filling.fill_punks(connection, 4)
    model = await filling.fill_model(connection, champion=True)
    first = await filling.publish(connection, model, as_of=filling.NOW)
    second = await filling.publish(connection, model, as_of=filling.NOW + timedelta(hours=1), shift=3)
    return model, first, second


async def test_nowcasts_are_those_that_were_shown_at_the_instant(run: Run, database: Database, out: Path) -> None:
    async with database.connection() as connection:
        model, first, second = await published(connection)
        await filling.remove_values(connection, first)
    await asyncio.to_thread(run, "export", "nowcasts", "--out", str(out))
    shown = pl.read_parquet(out)
    assert shown["generation_id"].to_list() == [second] * 4
    assert shown["model_id"].to_list() == [model] * 4
    assert shown["punk_id"].to_list() == [0, 1, 2, 3]
    assert shown["value_wei"].to_list() == [str(filling.value_wei(punk, 3)) for punk in range(4)]
    arguments = ["export", "nowcasts", "--out", str(out), "--force", "--as-of"]
    between = filling.NOW + timedelta(minutes=30)
    gone = await refused(*arguments, between.isoformat())
    assert isinstance(gone, NotFoundError)
    assert f"generation {first} are no longer" in str(gone)
    early = await refused(*arguments, (filling.NOW - timedelta(hours=1)).isoformat())
    assert "no nowcast was published by then" in str(early)
    assert pl.read_parquet(out).equals(shown)


async def test_every_scored_outcome_is_exported_with_its_sale(run: Run, database: Database, out: Path) -> None:
    async with database.connection() as connection:
        model = await rows.a_model(connection)
        generation = await rows.a_generation(connection, model)
        for day, horizon in ((0, "latest"), (1, "24h"), (2, "7d")):
            sale = await rows.a_sale(connection, event_time=rows.NOW + timedelta(days=day), log_index=day)
            await rows.an_outcome(connection, sale, model, generation, horizon=horizon, log_error=0.25)
    await asyncio.to_thread(run, "export", "outcomes", "--out", str(out))
    scored = pl.read_parquet(out)
    assert scored["horizon"].to_list() == ["latest", "24h", "7d"]
    assert scored.select("model_id", "value_wei", "log_error", "in90", "scored_at").unique().rows() == [
        (model, str(rows.ETH), 0.25, True, rows.NOW)
    ]
    day = (rows.NOW + timedelta(days=1)).isoformat()
    await asyncio.to_thread(run, "export", "outcomes", "--out", str(out), "--force", "--from", day)
    assert pl.read_parquet(out)["horizon"].to_list() == ["24h", "7d"]
    await asyncio.to_thread(run, "export", "outcomes", "--out", str(out), "--force", "--as-of", rows.NOW.isoformat())
    assert pl.read_parquet(out).is_empty()


async def test_what_makes_no_sense_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine")
    for error, text, arguments in (
        (InvalidInputError, "ending in .parquet or .csv", ["events", "--out", str(tmp_path / "a.xlsx")]),
        (InvalidInputError, "there is no folder", ["events", "--out", str(tmp_path / "no" / "a.csv")]),
        (ConflictError, "replace it with --force", ["events", "--out", str(there)]),
        (InvalidInputError, "expected a date or instant", ["events", "--out", "a.csv", "--as-of", "yesterday"]),
    ):
        refusal = await refused("export", *arguments)
        assert isinstance(refusal, error)
        assert text in str(refusal)
    assert there.read_text() == "mine"


async def test_bounds_that_mean_nothing_are_refused(imported: Run, out: Path) -> None:
    book = await refused("export", "book", "--out", str(out), "--from", "2024-01-01")
    assert "use --as-of instead" in str(book)
    empty = await refused("export", "events", "--out", str(out), "--from", "2024-01-02", "--to", "2024-01-02")
    assert "--from must be before --to" in str(empty)
    assert not out.exists()


def test_an_empty_platform_exports_empty_tables_with_their_columns(run: Run, out: Path) -> None:
    for table, column in (("events", "punk_id"), ("sales", "valid"), ("floor", "active_asks"), ("outcomes", "track")):
        assert "0 rows" in run("export", table, "--out", str(out), "--force")
        assert column in pl.read_parquet(out).columns


def test_a_file_that_could_not_be_written_whole_leaves_the_old_one(
    imported: Run, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out.write_text("the old one")

    def full(frame: pl.DataFrame, stream: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    result = CliRunner().invoke(app, ["export", "events", "--out", str(out), "--force"])
    assert isinstance(result.exception, OSError)
    assert out.read_text() == "the old one"
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.realdata
def test_real_events_make_the_round_trip_and_their_floor_is_the_references(
    run: Run, market_data: Path, tmp_path: Path, out: Path
) -> None:
    events = pl.read_parquet(market_data / "events.parquet").filter(pl.col("timestamp").dt.year() == 2017)
    folder = tmp_path / "real"
    folder.mkdir()
    events.write_parquet(folder / "events.parquet")
    run("import", str(folder))
    run("export", "events", "--out", str(out))
    assert pl.read_parquet(out).equals(events)
    run("export", "floor", "--out", str(out), "--force")
    reference = pl.read_parquet(market_data / "floor_daily_reference.parquet").drop("partial_day")
    assert pl.read_parquet(out).equals(reference.filter(pl.col("date") <= events["timestamp"][-1].date()))
