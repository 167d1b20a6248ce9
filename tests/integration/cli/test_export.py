"""`punkcast export` against a real database."""

import asyncio
from dataclasses import astuple
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from services.cli.export.book import daily_floor
from shared.database.pool import Connection
from shared.errors import ConflictError, InvalidInputError, NotFoundError
from shared.market.events import EVENT_SCHEMA
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.stores.sale_repository import record_sales
from tests.factories import market, rows
from tests.factories.database import Database
from tests.factories.market import busy_events
from tests.integration.api import filling
from tests.integration.cli.conftest import run
from tests.integration.database.rows import a_generation, a_model, a_sale

LABELS = ("channel", "pass_through", "true_buyer", "dealer", "wrapped")
EVENTS = busy_events(4, count=300)
MIDDLE = EVENTS["timestamp"][150] + timedelta(seconds=1)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.parquet"


@pytest.fixture
def imported(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    folder.mkdir()
    EVENTS.select(EVENT_SCHEMA.keys()).write_parquet(folder / "events.parquet")
    market.punks_frame().write_parquet(folder / "punks.parquet")
    run("import", folder)


def export(out: Path, table: str, *options: object) -> pl.DataFrame:
    """What a command writes to `out`, in place of what is there."""
    run("export", table, "--out", out, "--force", *options)
    return pl.read_parquet(out)


def timeline(events: pl.DataFrame = EVENTS) -> MarketTimeline:
    folded = MarketTimeline(Traits.from_frame(market.punks_frame()))
    folded.apply(events)
    return folded


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_exported_events_are_imported_as_the_same_events(imported: None, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"events.{suffix}"
    assert f"300 rows of events written to {file}" in run("export", "events", "--out", file)
    if suffix == "parquet":
        assert pl.read_parquet(file).equals(EVENTS.select(EVENT_SCHEMA.keys()))
    # Every event is stored already, and an import compares them one by one.
    assert "0 events appended, 300 known already" in run("import", file)


def test_events_are_cut_at_instants(imported: None, out: Path) -> None:
    first, last = EVENTS["timestamp"][40], EVENTS["timestamp"][90]
    cut = export(out, "events", "--from", first.isoformat(), "--to", last.isoformat())
    inside = EVENTS.filter((pl.col("timestamp") >= first) & (pl.col("timestamp") < last))
    assert cut.equals(inside.select(EVENT_SCHEMA.keys()))
    known = EVENTS.filter(pl.col("timestamp") < MIDDLE)
    assert export(out, "events", "--as-of", MIDDLE.isoformat()).height == known.height


def test_sales_come_with_validity_and_reason_before_the_ingestor_derived_them(imported: None, out: Path) -> None:
    exported, sales = export(out, "sales"), timeline().sales
    assert exported.select("block", "log_index", "valid", "exclusion", "price_wei", "floor_wei").rows() == [
        (s.block, s.log_index, s.excluded is None, s.excluded, str(s.price_wei), s.floor_wei and str(s.floor_wei))
        for s in sales
    ]
    assert exported["price_eth"].to_list() == [sale.price_eth for sale in sales]
    assert exported["timestamp"].dt.epoch("s").to_list() == [sale.time for sale in sales]
    assert exported["exclusion"].n_unique() > 3
    assert exported.select(LABELS).rows() == [astuple(sale.labels) for sale in sales]


async def test_a_stored_verdict_is_exported_as_it_is_stored_and_labels_that_an_older_release_lacked_are_derived(
    imported: None, database: Database, out: Path
) -> None:
    sales = timeline().sales
    await database.run(record_sales, sales[:5])
    await database.execute(
        "update sales set valid = false, exclusion = 'dust' where event_seq = $1", sales[2].event_seq
    )
    await database.execute(f"update sales set ({', '.join(LABELS)}) = (null, null, null, null, null)")
    exported = await asyncio.to_thread(export, out, "sales")
    assert exported["exclusion"].to_list() == ["dust" if sale == sales[2] else sale.excluded for sale in sales]
    assert exported.select(LABELS).rows() == [astuple(sale.labels) for sale in sales]


def test_the_floor_is_daily_and_ends_with_the_last_day_that_was_known(imported: None, out: Path) -> None:
    whole = export(out, "floor")
    assert whole.columns == ["date", "floor_eth", "floor_punk", "active_asks"]
    for day, floor_eth, floor_punk, active_asks in whole[::5].iter_rows():
        known = timeline(EVENTS.filter(pl.col("timestamp").dt.date() <= day))
        floor = known.asks_now.floor()
        assert (floor_eth, floor_punk) == ((floor[0] / 1e18, floor[1]) if floor else (None, None))
        assert active_asks == len(known.offers.listings)
    assert export(out, "floor", "--as-of", MIDDLE.isoformat()).equals(whole.filter(pl.col("date") < MIDDLE.date()))
    two_days = export(out, "floor", "--from", "2021-03-03", "--to", "2021-03-05")
    assert two_days["date"].to_list() == [date(2021, 3, 3), date(2021, 3, 4)]


def test_the_book_is_that_of_the_instant_with_the_lowest_ask_first(imported: None, out: Path) -> None:
    for arguments, known in (
        (("--as-of", MIDDLE.isoformat()), timeline(EVENTS.filter(pl.col("timestamp") < MIDDLE))),
        ((), timeline()),
    ):
        exported = export(out, "book", *arguments)
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


async def test_nowcasts_are_those_that_were_shown_at_the_instant(database: Database, out: Path) -> None:
    model, first, second = await database.run(published)
    await database.run(filling.remove_values, first)
    shown = await asyncio.to_thread(export, out, "nowcasts")
    assert shown["generation_id"].to_list() == [second] * 4
    assert shown["model_id"].to_list() == [model] * 4
    assert shown["punk_id"].to_list() == [0, 1, 2, 3]
    assert shown["value_wei"].to_list() == [str(filling.value_wei(punk, 3)) for punk in range(4)]
    for at, text in (
        (filling.NOW + timedelta(minutes=30), f"generation {first} are no longer"),
        (filling.NOW - timedelta(hours=1), "no nowcast was published by then"),
    ):
        with pytest.raises(NotFoundError, match=text):
            await asyncio.to_thread(export, out, "nowcasts", "--as-of", at.isoformat())
    assert pl.read_parquet(out).equals(shown)


async def test_every_scored_outcome_is_exported_with_its_sale(database: Database, out: Path) -> None:
    async with database.connection() as connection:
        model = await a_model(connection)
        generation = await a_generation(connection, model)
        for day, horizon in ((0, "latest"), (1, "24h"), (2, "7d")):
            sale = await a_sale(connection, event_time=rows.NOW + timedelta(days=day), log_index=day)
            await rows.an_outcome(connection, sale, model, generation, horizon=horizon, log_error=0.25)
    scored = await asyncio.to_thread(export, out, "outcomes")
    assert scored["horizon"].to_list() == ["latest", "24h", "7d"]
    assert scored.select("model_id", "value_wei", "log_error", "in90", "scored_at").unique().rows() == [
        (model, str(rows.ETH), 0.25, True, rows.NOW)
    ]
    day = (rows.NOW + timedelta(days=1)).isoformat()
    frame = await asyncio.to_thread(export, out, "outcomes", "--from", day)
    assert frame["horizon"].to_list() == ["24h", "7d"]
    frame = await asyncio.to_thread(export, out, "outcomes", "--as-of", rows.NOW.isoformat())
    assert frame.is_empty()


def test_what_makes_no_sense_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine")
    for error, text, arguments in (
        (InvalidInputError, "ending in .parquet or .csv", ("--out", tmp_path / "a.xlsx")),
        (InvalidInputError, "there is no folder", ("--out", tmp_path / "no" / "a.csv")),
        (ConflictError, "replace it with --force", ("--out", there)),
        (InvalidInputError, "expected a date or instant", ("--out", "a.csv", "--as-of", "yesterday")),
    ):
        with pytest.raises(error, match=text):
            run("export", "events", *arguments)
    assert there.read_text() == "mine"


def test_bounds_that_mean_nothing_are_refused(imported: None, out: Path) -> None:
    with pytest.raises(InvalidInputError, match="use --as-of instead"):
        export(out, "book", "--from", "2024-01-01")
    with pytest.raises(InvalidInputError, match="--from must be before --to"):
        export(out, "events", "--from", "2024-01-02", "--to", "2024-01-02")
    assert not out.exists()


def test_an_empty_platform_exports_empty_tables_with_their_columns(out: Path) -> None:
    for table, column in (("events", "punk_id"), ("sales", "valid"), ("floor", "active_asks"), ("outcomes", "track")):
        frame = export(out, table)
        assert frame.is_empty()
        assert column in frame.columns


def test_a_file_that_could_not_be_written_whole_leaves_the_old_one(
    imported: None, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out.write_text("the old one")

    def full(frame: pl.DataFrame, stream: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(OSError, match="No space left"):
        export(out, "events")
    assert out.read_text() == "the old one"
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.realdata
def test_real_events_make_the_round_trip_and_their_floor_is_the_references(
    market_data: Path, tmp_path: Path, out: Path
) -> None:
    events = pl.read_parquet(market_data / "events.parquet").filter(pl.col("timestamp").dt.year() == 2017)
    folder = tmp_path / "real"
    folder.mkdir()
    events.write_parquet(folder / "events.parquet")
    run("import", str(folder))
    assert export(out, "events").equals(events)
    reference = pl.read_parquet(market_data / "floor_daily_reference.parquet").drop("partial_day")
    assert export(out, "floor").equals(reference.filter(pl.col("date") <= events["timestamp"][-1].date()))
