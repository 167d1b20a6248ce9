"""Tables as other tools write them: the same events where nothing is lost, else an error that says what to do."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidInputError
from shared.market.events import EVENT_SCHEMA, validate
from shared.market.reference_data import PUNK_SCHEMA, validate_eth_usd, validate_punks
from shared.sources.event_files import read_event_files
from tests.factories.market import punks_frame
from tests.unit.market.event_rows import event_rows, with_value

Change = Callable[[pl.DataFrame], pl.DataFrame]
ROWS = event_rows(60)
LARGEST = str(2**64 - 1)
"""Fits UInt64, but no other integer of 64 bits and no float."""
TIME = pl.col("timestamp")


def time_as(kind: pl.DataType) -> Change:
    return lambda rows: rows.with_columns(TIME.dt.convert_time_zone(kind.time_zone).cast(kind))  # type: ignore[attr-defined]


def time_text(pattern: str, zone: str = "UTC") -> Change:
    return lambda rows: rows.with_columns(TIME.dt.convert_time_zone(zone).dt.strftime(pattern))


def cast(**kinds: Any) -> Change:
    return lambda rows: rows.cast(kinds)


LOSSLESS: dict[str, Change] = {
    "milliseconds of Spark": time_as(pl.Datetime("ms", "UTC")),
    "nanoseconds of pandas": time_as(pl.Datetime("ns", "UTC")),
    "another zone": time_as(pl.Datetime("us", "Europe/Berlin")),
    "a fixed offset of Arrow": time_as(pl.Datetime("ns", "+02:00")),
    "DuckDB's text": time_text("%Y-%m-%d %H:%M:%S+00"),
    "DuckDB's text in India": time_text("%Y-%m-%d %H:%M:%S+05:30", "Asia/Kolkata"),
    "PostgreSQL's text": time_text("%Y-%m-%d %H:%M:%S.%6f+00"),
    "BigQuery's text": time_text("%Y-%m-%d %H:%M:%S UTC"),
    "pandas' text": time_text("%Y-%m-%d %H:%M:%S%:z"),
    "pandas' text in summer time": time_text("%Y-%m-%d %H:%M:%S%:z", "Europe/Berlin"),
    "JavaScript's text": time_text("%Y-%m-%dT%H:%M:%S.000Z"),
    "text of whole microseconds in nanoseconds": time_text("%Y-%m-%dT%H:%M:%S.%6f000Z"),
    "categories": cast(event_type=pl.Categorical, sale_kind=pl.Categorical, from_address=pl.Categorical),
    "enumerations": lambda rows: rows.cast({"event_type": pl.Enum(rows["event_type"].unique())}),
    "categories of numbers": lambda rows: rows.cast({"punk_id": pl.String}).cast({"punk_id": pl.Categorical}),
    "smaller integers": cast(block=pl.UInt32, tx_index=pl.Int8, log_index=pl.UInt16, punk_id=pl.Int16),
    "larger integers": cast(block=pl.UInt64, tx_index=pl.Int128, punk_id=pl.Int64),
    "whole decimals": cast(block=pl.Decimal(38, 0), punk_id=pl.Decimal(10, 2)),
    "text only": lambda rows: time_text("%Y-%m-%dT%H:%M:%SZ")(rows).cast(pl.String),
    "an index of pandas and a note": lambda rows: rows.with_columns(__index_level_0__=1, note=pl.lit("mine")),
    "another order of columns": lambda rows: rows.select(reversed(list(EVENT_SCHEMA))),
}  # fmt: skip


@pytest.mark.parametrize("change", LOSSLESS.values(), ids=LOSSLESS)
def test_a_table_that_means_the_same_is_the_same(tmp_path: Path, change: Change) -> None:
    rows = change(ROWS)
    rows.write_parquet(tmp_path / "a.parquet")
    rows.write_ipc(tmp_path / "a.arrow")
    rows.write_ipc_stream(tmp_path / "a.ipc")
    for suffix in ("parquet", "arrow", "ipc"):
        assert read_event_files(tmp_path / f"a.{suffix}").events.equals(ROWS)
    if rows.schema["punk_id"] != pl.Decimal(10, 2):
        rows.write_csv(tmp_path / "a.csv")
        assert read_event_files(tmp_path / "a.csv").events.equals(ROWS)


@pytest.mark.parametrize("kind", [pl.UInt64, pl.Int128, pl.Decimal(38, 0), pl.Decimal(22, 2)], ids=str)
def test_wei_as_a_number_is_exact(tmp_path: Path, kind: pl.DataType) -> None:
    rows = with_value(ROWS, 1, "price_wei", LARGEST)
    wei = pl.col("price_wei").cast(pl.Decimal(38, 0)).cast(kind)
    rows.with_columns(wei).write_parquet(tmp_path / "events.parquet")
    assert read_event_files(tmp_path).events.equals(rows)


CSV = {
    "pandas with its index": (",{header}", '{number},{line}'),
    "an index that pandas read back": ("Unnamed: 0,{header}", "{number},{line}"),
    "Excel's mark of UTF-8 and ends of lines": ("\ufeff{header}\r", "{line}\r"),
    "every field in quotes": ("{header}", '"{quoted}"'),
}  # fmt: skip


@pytest.mark.parametrize(("header", "line"), CSV.values(), ids=CSV)
def test_csv_of_other_tools_is_the_same(tmp_path: Path, header: str, line: str) -> None:
    first, *lines = ROWS.write_csv().splitlines()
    text = [header.format(header=first)]
    for number, fields in enumerate(lines):
        text.append(line.format(number=number, line=fields, quoted=fields.replace(",", '","')))
    (tmp_path / "events.csv").write_text("\n".join(text) + "\n", encoding="utf-8", newline="")
    assert read_event_files(tmp_path).events.equals(ROWS)


def test_columns_that_are_left_out_are_told_by_file(tmp_path: Path) -> None:
    ROWS[:30].with_columns(__index_level_0__=1, note=2).write_parquet(tmp_path / "events-1.parquet")
    ROWS[30:].write_parquet(tmp_path / "events-2.parquet")
    assert read_event_files(tmp_path).left_out == {"events-1.parquet": ["__index_level_0__", "note"]}


AMBIGUOUS: dict[str, tuple[Change, str]] = {
    "times without a zone": (
        lambda rows: rows.with_columns(TIME.dt.replace_time_zone(None)),
        "column 'timestamp' has type Datetime.*, expected times with a zone .*tz_localize",
    ),
    "text without an offset": (time_text("%Y-%m-%dT%H:%M:%S"), "row 1: column 'timestamp' .*2017-07-01T00:00:00"),
    "days for instants": (time_text("%Y-%m-%d"), "row 1: column 'timestamp' must hold times with a zone"),
    "seconds since 1970": (lambda rows: rows.with_columns(TIME.dt.epoch("s")), "column 'timestamp' has type Int64"),
    "seconds as text": (
        lambda rows: rows.with_columns(TIME.dt.epoch("s").cast(pl.String)), "row 1: column 'timestamp' .*'1498867200'"
    ),
    "parts of a microsecond": (
        lambda rows: rows.with_columns(TIME.cast(pl.Datetime("ns", "UTC")) + pl.duration(nanoseconds=1)),
        "row 1: column 'timestamp' must hold .* in whole microseconds.* 00:00:00.000000001",
    ),
    "text with parts of a microsecond": (time_text("%Y-%m-%dT%H:%M:%S.0000001Z"), "row 1: column 'timestamp'"),
    "wei as a float": (cast(price_wei=pl.Float64), "column 'price_wei' has type Float64.*floats have lost digits"),
    "wei as text of a float": (
        lambda rows: with_value(rows, 1, "price_wei", "7.5e+19"), "row 2: column 'price_wei' must be wei as decimal"
    ),
    "a part of a wei": (
        lambda rows: rows.with_columns(price_wei=pl.col("price_wei").cast(pl.Decimal(30, 1)) / 8),
        "row 2: column 'price_wei' must be wei as decimal text",
    ),
    "punks as floats": (cast(punk_id=pl.Float64), "column 'punk_id' has type Float64, expected whole numbers"),
    "text of floats": (lambda rows: rows.with_columns(block=pl.format("{}.0", "block")), "row 1: column 'block' "),
    "a number that does not fit": (
        lambda rows: with_value(rows.cast({"punk_id": pl.Int64}), 2, "punk_id", 2**40),
        "row 3: column 'punk_id' must hold whole numbers that fit Int32",
    ),
    "words for numbers": (lambda rows: rows.with_columns(block=pl.lit("many")), "row 1: column 'block' .*'many'"),
    "truth for numbers": (lambda rows: rows.with_columns(punk_id=pl.lit(True)), "column 'punk_id' has type Boolean"),
    "bytes for text": (cast(tx_hash=pl.Binary), "column 'tx_hash' has type Binary, expected text"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_what_is_ambiguous_or_lost_is_refused(tmp_path: Path, change: Change, words: str) -> None:
    change(ROWS).write_parquet(tmp_path / "events.parquet")
    with pytest.raises(InvalidInputError, match=rf"events.parquet: {words}"):
        read_event_files(tmp_path)


def test_a_column_that_occurs_twice_and_another_separator_are_refused(tmp_path: Path) -> None:
    twice = ROWS.write_csv().replace("sale_kind", "price_wei", 1)
    for text, words in (
        (twice, "the column 'price_wei' occurs twice"),
        (ROWS.write_csv(separator=";"), "'tx_hash' are missing; it has 'timestamp;block"),
    ):
        (tmp_path / "events.csv").write_text(text)
        with pytest.raises(InvalidInputError, match=words):
            read_event_files(tmp_path)


DAYS = pl.DataFrame({"date": [date(2017, 7, 1), date(2017, 7, 2)], "eth_usd": [280.0, 290.5]})
DAY = pl.col("date")


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.with_columns(DAY.cast(pl.Datetime("ns"))),
        lambda rows: rows.with_columns(DAY.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")),
        lambda rows: rows.with_columns(DAY.dt.strftime("%Y-%m-%d 00:00:00")),
        lambda rows: rows.with_columns(DAY.dt.strftime("%Y-%m-%dT00:00:00.000Z")),
        lambda rows: rows.cast({"date": pl.String}).cast({"date": pl.Categorical}),
        lambda rows: rows.cast({"eth_usd": pl.Float32}),
        lambda rows: rows.cast({"eth_usd": pl.Decimal(10, 2)}),
        lambda rows: rows.cast(pl.String).with_columns(volume=1),
    ],
)
def test_closes_that_mean_the_same_are_the_same(change: Change) -> None:
    assert validate_eth_usd(change(DAYS), "f").equals(DAYS)
    whole = DAYS.with_columns(pl.col("eth_usd").round())
    assert validate_eth_usd(change(whole.cast({"eth_usd": pl.Int64}).cast(whole.schema)), "f").equals(whole)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows.with_columns(DAY.cast(pl.Datetime("us")) + pl.duration(hours=1)), "row 1: column 'date'"),
        (
            lambda rows: rows.with_columns(DAY.cast(pl.Datetime("us")).dt.replace_time_zone("Europe/Berlin")),
            "row 1: column 'date' must hold days.* 2017-07-01 00:00:00.*; 1 more",
        ),
        (lambda rows: rows.with_columns(DAY.dt.strftime("%d.%m.%Y")), "row 1: column 'date' must hold days"),
        (lambda rows: rows.with_columns(DAY.dt.strftime("%y-%m-%d")), "row 1: column 'date' must hold days"),
        (lambda rows: rows.with_columns(DAY.dt.epoch("d")), "column 'date' has type Int32, expected days"),
        (lambda rows: rows.with_columns(eth_usd=pl.lit(2**53 + 1)), "row 1: column 'eth_usd' must hold numbers"),
        (lambda rows: rows.with_columns(eth_usd=pl.lit(value=True)), "column 'eth_usd' has type Boolean"),
    ],
)
def test_closes_of_an_unclear_day_or_price_are_refused(change: Change, words: str) -> None:
    with pytest.raises(InvalidInputError, match=f"f: {words}"):
        validate_eth_usd(change(DAYS), "f")


def test_punks_in_arrow_and_closes_in_csv_are_found_next_to_the_events(tmp_path: Path) -> None:
    punks = punks_frame().cast(PUNK_SCHEMA)
    ROWS.write_csv(tmp_path / "events.csv")
    punks.cast({"type": pl.Categorical, "accessories": pl.List(pl.Categorical)}).write_ipc(tmp_path / "punks.arrow")
    DAYS.write_csv(tmp_path / "eth_usd_daily.csv")
    files = read_event_files(tmp_path)
    assert files.punks is not None
    assert files.punks.equals(validate_punks(punks, "f"))
    assert files.eth_usd is not None
    assert files.eth_usd.equals(DAYS)
    punks.write_parquet(tmp_path / "punks.parquet")
    with pytest.raises(InvalidInputError, match=r"punks.arrow: punks.parquet is there, too; keep one"):
        read_event_files(tmp_path)


ZONES = ("UTC", "America/New_York", "+02:00")
PATTERNS = ("%Y-%m-%d %H:%M:%S%:z", "%Y-%m-%dT%H:%M:%S%.3fZ", "%Y-%m-%d %H:%M:%S%.6f+00", "%Y-%m-%d %H:%M:%S%.9f UTC")
TIMES = [
    *(time_as(pl.Datetime(unit, zone)) for unit in ("ms", "us", "ns") for zone in ZONES),
    *map(time_text, PATTERNS),
]
INTEGERS = [pl.Int32, pl.Int64, pl.UInt32, pl.UInt64, pl.Int128, pl.Decimal(20, 0), pl.Decimal(20, 4), pl.String]
TEXTS = [pl.String, pl.Categorical]
WEI = [pl.String, pl.Categorical, pl.UInt64, pl.Int128, pl.Decimal(38, 0), pl.Decimal(38, 9)]


@st.composite
def encodings(draw: st.DrawFn) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A valid frame, and the same events in types and an order of columns that lose nothing."""
    prices = draw(st.lists(st.integers(0, 2**64 - 1), min_size=12, max_size=12))
    rows = event_rows(12)
    rows = rows.with_columns(
        pl.when(pl.col("price_wei").is_not_null()).then(pl.Series([str(price) for price in prices])).alias("price_wei")
    )
    kinds = {
        **{name: draw(st.sampled_from(INTEGERS)) for name in ("block", "tx_index", "log_index", "punk_id")},
        **{name: draw(st.sampled_from(TEXTS)) for name, kind in EVENT_SCHEMA.items() if kind == pl.String},
    }
    wei = draw(st.sampled_from(WEI))
    other = (
        draw(st.sampled_from(TIMES))(rows)
        .cast(kinds | {"price_wei": pl.String})
        .with_columns(
            pl.col("price_wei").cast(pl.Decimal(38, 0)).cast(wei) if wei.is_numeric() else pl.col("price_wei").cast(wei)
        )
    )
    for name in draw(st.lists(st.sampled_from(["note", "Unnamed: 0", "__index_level_0__"]), unique=True)):
        other = other.with_columns(pl.lit(1).alias(name))
    return rows, other.select(draw(st.permutations(other.columns)))


@given(encodings())
def test_any_encoding_that_loses_nothing_gives_the_same_events(encoding: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    rows, other = encoding
    assert validate(other, "f").equals(rows)


STRANGE = (
    *(None, True, 1, -1, 2**63 - 1, 0.5, float("nan"), float("inf"), "", " ", "0x", "9" * 999, "1e999", b"\xff"),
    *([], [1], [None], [""], {"a": 1}),
    *(date(1, 1, 1), time(1), timedelta(days=9), datetime.fromisoformat("2021-03-01"), Decimal("1.5")),
    *(datetime(9999, 12, 31, tzinfo=UTC), "9999-12-31T23:59:59+00", "2021-02-30T00:00:00Z", "2021-01-01T00:00:00+99"),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(list(EVENT_SCHEMA)), st.sampled_from(STRANGE), min_size=1), st.integers(0, 2))
def test_columns_of_any_kind_are_refused_in_words_or_read(strange: dict[str, object], height: int) -> None:
    columns = [pl.Series(name, [value] * height) for name, value in strange.items()]
    tables: list[tuple[Callable[..., pl.DataFrame], pl.DataFrame]] = [
        (validate, event_rows(height).with_columns(columns)),
        (validate_eth_usd, pl.DataFrame({"date": columns[0], "eth_usd": columns[-1]})),
        (validate_punks, pl.DataFrame(dict.fromkeys(PUNK_SCHEMA, columns[0]))),
    ]
    for check, frame in tables:
        try:
            check(frame, "f")
        except InvalidInputError as error:
            assert str(error).startswith("f: ")
