"""`punkcast migrate` and `punkcast import`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli.context import on_platform
from shared.database.embedded import database_url
from shared.database.migrate import check, migrate
from shared.market import event_repository
from shared.market.event_files import EventFiles, read_event_files
from shared.market.event_repository import AppendResult
from shared.runtime.platform import Platform
from shared.settings import Settings


def migrate_command(
    only_check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 when migrations are pending.")
    ] = False,
) -> None:
    """Bring the database's schema up to date."""
    console = Console()
    if only_check:
        pending = asyncio.run(_on_database(check))
        for version in pending:
            console.print(f"pending: {version}")
        if pending:
            raise typer.Exit(1)
        console.print("the schema is up to date")
        return
    applied = asyncio.run(_on_database(migrate))
    for version in applied:
        console.print(f"applied: {version}")
    if not applied:
        console.print("the schema is up to date")


def import_command(
    path: Annotated[Path, typer.Argument(help="A directory of event files, or one .parquet or .csv file.")],
) -> None:
    """Append the events of files, with punks.parquet and eth_usd_daily.parquet beside them, exactly once."""
    console, started = Console(), perf_counter()
    with console.status(f"reading {path}"):
        # Before the database is touched: what breaks a rule is not half-imported.
        files = read_event_files(path)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        result = on_platform(lambda platform: _append(platform, files, progress))
    seconds = perf_counter() - started
    known = files.events.height - result.appended
    rate = files.events.height / seconds
    console.print(
        f"{result.appended:,} events appended, {known:,} known already, in {seconds:.1f} s ({rate:,.0f} events/s); "
        f"newest: seq {result.last_seq:,}, block {result.last_block:,}",
        soft_wrap=True,
    )


async def _on_database(action: Callable[[str], Awaitable[list[str]]]) -> list[str]:
    async with database_url(Settings()) as url:
        return await action(url)


async def _append(platform: Platform, files: EventFiles, progress: Progress) -> AppendResult:
    task = progress.add_task("appending events", total=files.events.height)
    async with platform.database.transaction() as connection:
        if files.punks is not None:
            await event_repository.store_punks(connection, files.punks)
        if files.eth_usd is not None:
            await event_repository.store_eth_usd(connection, files.eth_usd)
        return await event_repository.append_events(
            connection, files.events, on_progress=lambda count: progress.advance(task, count)
        )
