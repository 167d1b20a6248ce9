import os
import random
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from shared.errors import InvalidInputError
from shared.market.reference_data import PUNK_SCHEMA, packaged_punks
from shared.sources.event_files import EventFileSource, read_event_files
from shared.sources.source import open_source
from tests.factories.market import punks_frame
from tests.unit.market.event_rows import event_rows, with_value

FAR = datetime(2100, 1, 1, tzinfo=UTC)


def closes(*eth_usd: float | None) -> pl.DataFrame:
    """Of the first days of July 2017."""
    days = [date(2017, 7, day) for day, _ in enumerate(eth_usd, start=1)]
    return pl.DataFrame({"date": days, "eth_usd": eth_usd}, schema_overrides={"eth_usd": pl.Float64})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    event_rows(60).write_parquet(tmp_path / "events.parquet")
    punks_frame().write_parquet(tmp_path / "punks.parquet")
    closes(280.0, 290.5).write_parquet(tmp_path / "eth_usd_daily.parquet")
    return tmp_path


@pytest.mark.parametrize("name", ["", "events.parquet"])
def test_a_directory_or_its_file_is_read_with_the_punks_and_prices_in_it(folder: Path, name: str) -> None:
    files = read_event_files(folder / name)
    assert files.events.equals(event_rows(60))
    assert files.punks.height == 10_000
    assert files.eth_usd["eth_usd"].to_list() == [280.0, 290.5]


def test_files_that_follow_each_other_are_joined_in_contract_order(tmp_path: Path) -> None:
    frame = event_rows(30)
    frame[20:].write_parquet(tmp_path / "events-a.parquet")
    frame[:10].write_csv(tmp_path / "events-b.csv")
    frame[10:20].write_ipc(tmp_path / "events-c.arrow")
    assert read_event_files(tmp_path).events.equals(frame)


def test_files_that_overlap_are_refused(tmp_path: Path) -> None:
    frame = event_rows(30)
    frame[:20].write_parquet(tmp_path / "events-1.parquet")
    frame[19:].write_parquet(tmp_path / "events-2.parquet")
    with pytest.raises(InvalidInputError, match=r"events-2.parquet: row 1: .* not after the end of events-1.parquet"):
        read_event_files(tmp_path)


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize(
    ("row", "column", "value"),
    [(7, "punk_id", 10_000), (8, "price_wei", "-1"), (9, "tx_hash", None), (3, "event_type", "burned")],
)
def test_a_bad_row_is_named_in_either_format(tmp_path: Path, suffix: str, row: int, column: str, value: object) -> None:
    broken = with_value(event_rows(60), row, column, value)
    file = tmp_path / f"events.{suffix}"
    broken.write_parquet(file) if suffix == "parquet" else broken.write_csv(file)
    with pytest.raises(InvalidInputError, match=f"{file}: row {row + 1}: column '{column}'"):
        read_event_files(tmp_path)


@pytest.mark.parametrize(("suffix", "name"), [("parquet", "Parquet"), ("arrow", "Arrow")])
@pytest.mark.parametrize("content", [b"", b"PAR1", b"ARROW1\0\0", b"neither of them", b"\x00" * 4096])
def test_a_file_of_another_format_than_its_name_says_is_refused(
    tmp_path: Path, content: bytes, suffix: str, name: str
) -> None:
    (tmp_path / f"events.{suffix}").write_bytes(content)
    with pytest.raises(InvalidInputError, match=rf"events.{suffix}: is not a readable {name} file"):
        read_event_files(tmp_path)


@pytest.mark.parametrize("write", [pl.DataFrame.write_parquet, pl.DataFrame.write_ipc])
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, write: Callable[..., None]) -> None:
    file = tmp_path / ("events.arrow" if write is pl.DataFrame.write_ipc else "events.parquet")
    write(event_rows(500), file)
    whole = file.read_bytes()
    for cut in (1, 4, len(whole) // 3, len(whole) // 2, len(whole) - 8, len(whole) - 1):
        file.write_bytes(whole[:cut])
        with pytest.raises(InvalidInputError, match=r"events.\w+: is not a readable \w+ file"):
            read_event_files(tmp_path)


def test_damaged_bytes_give_an_error_of_ours_or_valid_events_but_never_a_crash(tmp_path: Path) -> None:
    file = tmp_path / "events.parquet"
    event_rows(500).write_parquet(file)
    whole, chance, refused = file.read_bytes(), random.Random(11), 0
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 20))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        file.write_bytes(damaged)
        try:
            read_event_files(tmp_path)
        except InvalidInputError as error:
            assert "events.parquet" in str(error)
            refused += 1
    assert refused > 20


def test_a_csv_with_ragged_lines_or_without_a_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("1,2,3\n4,5,6,7,8\n")
    with pytest.raises(InvalidInputError, match=r"events.csv"):
        read_event_files(tmp_path)
    (tmp_path / "events.csv").write_bytes(b"")
    with pytest.raises(InvalidInputError, match=r"events.csv: is not a readable CSV file"):
        read_event_files(tmp_path)


def test_a_place_without_event_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="holds no event files"):
        read_event_files(tmp_path)
    with pytest.raises(InvalidInputError, match="no such file or directory"):
        read_event_files(tmp_path / "nowhere")
    (tmp_path / "events.json").write_text("[]")
    with pytest.raises(InvalidInputError, match=r"expected a file of events \(\.parquet, \.csv"):
        read_event_files(tmp_path / "events.json")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda rows: rows[:9_999], "has 9999 rows, expected all 10000 punks"),
        (lambda rows: pl.concat([rows, rows[5]]), "2 problems: .1. row 10001: column 'punk_id' must not occur"),
        (lambda rows: with_value(rows, 3, "punk_id", 10_000), "row 4: column 'punk_id' must be from 0 to 9999"),
        (lambda rows: with_value(rows, 3, "type", "Robot"), "row 4: column 'type' must be one of"),
        (lambda rows: with_value(rows, 3, "skin", "Green"), "row 4: column 'skin' must be empty or one of"),
        (lambda rows: with_value(rows, 3, "accessories", [""]), "row 4: column 'accessories' must not hold empty"),
        (lambda rows: rows.drop("type"), "column 'type' is missing"),
        (lambda rows: rows.with_columns(accessories=pl.lit("Mole")), "column 'accessories' has type String"),
    ],
)
def test_wrong_punks_are_refused(folder: Path, change: Callable[..., pl.DataFrame], rule: str) -> None:
    change(punks_frame().cast(PUNK_SCHEMA)).write_parquet(folder / "punks.parquet")
    with pytest.raises(InvalidInputError, match=f"^{folder / 'punks.parquet'}: {rule}"):
        read_event_files(folder)


@pytest.mark.parametrize("close", [0.0, -1.0, float("nan"), float("inf"), None])
def test_a_close_that_is_no_price_is_refused(folder: Path, close: float | None) -> None:
    closes(280.0, close).write_parquet(folder / "eth_usd_daily.parquet")
    with pytest.raises(InvalidInputError, match=r"eth_usd_daily.parquet: row 2: column 'eth_usd' must be a price"):
        read_event_files(folder)


async def test_a_source_gives_what_is_strictly_after_and_up_to_the_instant(folder: Path) -> None:
    source = open_source(f"files://{folder}")
    frame = event_rows(60)
    assert (await source.fetch(None, FAR)).equals(frame)
    after = (frame["block"][9], frame["log_index"][9])
    assert (await source.fetch(after, frame["timestamp"][19])).equals(frame[10:20])
    assert (await source.fetch(after, frame["timestamp"][9])).is_empty()
    assert await source.next_event_time(after) == frame["timestamp"][10]
    assert await source.next_event_time((frame["block"][-1], frame["log_index"][-1])) is None
    assert (await source.eth_usd(date(2017, 7, 1)))["eth_usd"].to_list() == [280.0]
    assert (await source.punks()).height == 10_000


async def test_a_source_notices_that_its_files_grew(folder: Path) -> None:
    source = EventFileSource(folder)
    assert (await source.fetch(None, FAR)).height == 60
    event_rows(10, first_block=4_001_000).write_parquet(folder / "events-2.parquet")
    assert (await source.fetch(None, FAR)).height == 70


async def test_a_source_does_not_read_again_what_did_not_change(folder: Path) -> None:
    source = EventFileSource(folder)
    first = await source.fetch(None, FAR)
    file = folder / "events.parquet"
    stat = file.stat()
    file.write_bytes(b"x" * stat.st_size)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (await source.fetch(None, FAR)).equals(first)


async def test_a_source_without_a_file_of_punks_has_the_packaged_ones(folder: Path) -> None:
    (folder / "punks.parquet").unlink()
    assert (await EventFileSource(folder).punks()).equals(packaged_punks())


@pytest.mark.parametrize(
    "url", ["ftp://x", "files://", "simulated://?sed=7", "simulated://?seed=x", "simulated://?start=soon", "events"]
)
def test_a_url_that_names_no_source_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError, match="source"):
        open_source(url)
