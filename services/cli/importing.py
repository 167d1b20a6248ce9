"""Event files and pages of raw logs into the database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import polars as pl
from rich.console import Console
from rich.progress import Progress

from services.cli.context import on_platform
from services.cli.decoding import read_history, tell_decoded
from services.cli.progress import progress_bar
from shared.database.pool import Connection
from shared.market import event_repository
from shared.market.ethereum.history import decode_with_history, followed_by
from shared.market.ethereum.log_pages import log_page_paths, read_log_pages
from shared.market.event_files import EventFiles, read_beside_pages, read_event_files
from shared.market.event_repository import AppendResult
from shared.market.events import EVENT_SCHEMA, empty_events
from shared.runtime.platform import Platform


@dataclass(frozen=True)
class Imported:
    """One import: how many `events` there were, and `appended` how many of them were new.

    `decoded` are those of pages, `history` what they were decoded on top of, `newest` says where the table ends.
    """

    events: int
    appended: int
    decoded: pl.DataFrame
    history: pl.DataFrame
    newest: AppendResult


def import_files(path: Path, history: Path | None) -> None:
    """Append what is there, and print what was new.

    Raises:
        InvalidInputError: a file breaks a rule; then nothing is imported.
    """
    console, started = Console(), perf_counter()
    with console.status(f"reading {path}"):
        # Before the database is touched: what breaks a rule is not half-imported.
        pages = log_page_paths(path)
        files = read_beside_pages(path) if pages else read_event_files(path)
        logs = read_log_pages(pages)
        earlier = read_history(history)
    with progress_bar(console) as progress:
        imported = on_platform(lambda platform: _import(platform, files, logs, earlier, progress))
    seconds = perf_counter() - started
    if pages:
        tell_decoded(console, pages, logs, imported.decoded, imported.history)
    known, rate = imported.events - imported.appended, imported.events / seconds
    console.print(
        f"{imported.appended:,} events appended, {known:,} known already, in {seconds:.1f} s ({rate:,.0f} events/s); "
        f"newest: seq {imported.newest.last_seq:,}, block {imported.newest.last_block:,}",
        soft_wrap=True,
    )


async def _import(
    platform: Platform, files: EventFiles, logs: pl.DataFrame, history: pl.DataFrame, progress: Progress
) -> Imported:
    async with platform.database.transaction() as connection:
        if files.punks is not None:
            await event_repository.store_punks(connection, files.punks)
        if files.eth_usd is not None:
            await event_repository.store_eth_usd(connection, files.eth_usd)
        first = await _append(connection, files.events, progress)
        if logs.is_empty():
            return Imported(files.events.height, first.appended, empty_events(), history, first)
        stored = (await event_repository.read_events(connection)).select(*EVENT_SCHEMA)
        history = followed_by(history, stored)
        decoded = decode_with_history(logs, history)
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
