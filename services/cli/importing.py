"""Event files and pages of raw logs: into the database, or decoded to an event file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import polars as pl
from rich.console import Console
from rich.progress import Progress

from services.cli.context import on_platform
from services.cli.files import write_frame
from services.cli.progress import progress_bar
from shared.database.pool import Connection
from shared.market.chain import FILES
from shared.market.event_types import DELISTED, LISTED
from shared.market.events import EVENT_SCHEMA, empty_events
from shared.runtime.platform import Platform
from shared.sources.ethereum.contract import MARKET_ADDRESS
from shared.sources.ethereum.history import decode_with_history, followed_by, longest_gap
from shared.sources.ethereum.log_pages import read_log_pages
from shared.sources.ethereum.raw_logs import empty_logs
from shared.sources.event_files import EventFiles, read_beside_pages, read_event_files
from shared.stores import event_repository, source_repository
from shared.stores.event_repository import AppendResult


@dataclass(frozen=True)
class Imported:
    """The result of one import.

    Attributes:
        events, appended: the number of events, and of the new ones among them.
        decoded, history: the events of pages, and the earlier events that the decoding used.
        newest: the end of the table.
    """

    events: int
    appended: int
    decoded: pl.DataFrame
    history: pl.DataFrame
    newest: AppendResult


def import_files(path: Path, pages: Sequence[Path], history: Path | None, market: str | None) -> None:
    """Append the events of the pages in `path`, if any, and of the event files there, and print the numbers.

    Raises:
        InvalidInputError: a file breaks a rule; then nothing is imported.
    """
    console, started = Console(), perf_counter()
    with console.status(f"reading {path}"):
        # Read before the database is touched, so that a file that breaks a rule is not half-imported.
        files = read_beside_pages(path) if pages else read_event_files(path)
        contract = market or MARKET_ADDRESS
        logs = read_log_pages(pages, market=contract)
        earlier = _history(history)
    with progress_bar(console) as progress:
        imported = on_platform(lambda platform: _import(platform, files, logs, earlier, contract, progress))
    seconds = perf_counter() - started
    for name, columns in files.left_out.items():
        console.print(f"{name}: columns left out: {', '.join(map(repr, columns))}", soft_wrap=True, markup=False)
    if pages:
        _print_decoded(console, pages, logs, imported.decoded, imported.history)
    already, rate = imported.events - imported.appended, imported.events / seconds
    console.print(
        f"{imported.appended:,} events appended, {already:,} known already, in {seconds:.1f} s ({rate:,.0f} events/s); "
        f"newest: seq {imported.newest.last_seq:,}, block {imported.newest.last_block:,}",
        soft_wrap=True,
    )


async def import_into(platform: Platform, files: EventFiles) -> Imported:
    """Append the events of files in one transaction, with a bar on a terminal."""
    with progress_bar(Console(stderr=True)) as progress:
        return await _import(platform, files, empty_logs(), empty_events(), MARKET_ADDRESS, progress)


async def _import(
    platform: Platform, files: EventFiles, logs: pl.DataFrame, history: pl.DataFrame, market: str, progress: Progress
) -> Imported:
    async with platform.database.transaction() as connection:
        await source_repository.claim(connection, FILES, at=platform.clock.now())
        # Files without punks may continue a market whose punks are stored and are not the real ones.
        if files.own_punks is not None or not await event_repository.punks_known(connection):
            await event_repository.store_punks(connection, files.punks)
        if files.eth_usd is not None:
            await event_repository.store_eth_usd(connection, files.eth_usd)
        first = await _append(connection, files.events, progress)
        if logs.is_empty():
            return Imported(files.events.height, first.appended, empty_events(), history, first)
        stored = (await event_repository.read_events(connection)).select(*EVENT_SCHEMA)
        history = followed_by(history, stored)
        decoded = decode_with_history(logs, history, market=market)
        second = await _append(connection, decoded, progress)
        return Imported(
            events=files.events.height + decoded.height,
            appended=first.appended + second.appended,
            decoded=decoded,
            history=history,
            newest=second,
        )


async def _append(connection: Connection, events: pl.DataFrame, progress: Progress) -> AppendResult:
    task = progress.add_task("appending events", total=events.height, note=f"{events.height:,} events")
    return await event_repository.append_events(
        connection, events, on_progress=lambda count: progress.advance(task, count)
    )


def decode(pages: Sequence[Path], out: Path, history: Path | None, market: str | None) -> None:
    """Write the events of the pages to `out`.

    Raises:
        InvalidInputError: a file breaks a rule.
    """
    console, contract = Console(), market or MARKET_ADDRESS
    with console.status("decoding"):
        logs = read_log_pages(pages, market=contract)
        earlier = _history(history)
        events = decode_with_history(logs, earlier, market=contract)
        write_frame(events, out)
    _print_decoded(console, pages, logs, events, earlier)
    console.print(f"written to {out}", soft_wrap=True)


def _history(path: Path | None) -> pl.DataFrame:
    return empty_events() if path is None else read_event_files(path).events


def _print_decoded(
    console: Console, paths: Sequence[Path], logs: pl.DataFrame, events: pl.DataFrame, history: pl.DataFrame
) -> None:
    """Print what the pages held, and what only earlier events could add."""
    console.print(f"{logs.height:,} logs of {len(paths):,} page(s) are {events.height:,} events", soft_wrap=True)
    nobody = events.filter(pl.col("event_type").is_in((LISTED, DELISTED)) & pl.col("from_address").is_null())
    if nobody.height:
        console.print(
            f"{nobody.height:,} listings or their ends have no seller, which only earlier events could tell",
            soft_wrap=True,
        )
    if gap := longest_gap(logs, history):
        console.print(
            f"nothing is known from {gap[0]:%Y-%m-%d} to {gap[1]:%Y-%m-%d}: sellers and prices of accepted bids that "
            "come from before that may be out of date; give what is missing with --history",
            soft_wrap=True,
        )
