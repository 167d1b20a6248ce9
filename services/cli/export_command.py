"""`punkcast export`: the record as files that other programs read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.status import Status

from services.cli.context import on_platform
from services.cli.export.file import require_writable, write
from services.cli.export.tables import Table, Window, load
from shared.errors import InvalidInputError
from shared.runtime.platform import Platform


def export_command(
    table: Annotated[Table, typer.Argument(help="What to export.")],
    out: Annotated[Path, typer.Option(help="The file: .parquet or .csv.")],
    as_of: Annotated[
        str | None, typer.Option(help="Only what was known before this instant (UTC), like 2025-06-01T12:00.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="Only what happened from this instant on.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Only what happened before this instant.")] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write events, sales, the daily floor, the order book, nowcasts or outcomes to a file."""
    window = Window(instant("--from", first), instant("--to", last), instant("--as-of", as_of))
    require_writable(out, force=force)
    console, started = Console(), perf_counter()
    with console.status(f"reading {table} from the database …") as status:
        frame = on_platform(lambda platform: _read(platform, table, window))
        _write(frame, out, status)
    seconds = perf_counter() - started
    console.print(f"{frame.height:,} rows of {table} written to {out} in {seconds:.1f} s", soft_wrap=True)


def instant(option: str, text: str | None) -> datetime | None:
    """An ISO 8601 date or instant; without an offset it is UTC.

    Raises:
        InvalidInputError: it is neither.
    """
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(f"{option} {text!r}: expected a date or instant like 2025-06-01T12:00Z") from error


async def _read(platform: Platform, table: Table, window: Window) -> pl.DataFrame:
    # One view of the database, however many statements it takes and whatever is appended meanwhile.
    view = {"isolation": "repeatable_read", "readonly": True}
    async with platform.database.connection() as connection, connection.transaction(**view):
        return await load(connection, table, window)


def _write(frame: pl.DataFrame, out: Path, status: Status) -> None:
    status.update(f"writing {frame.height:,} rows to {out} …")
    write(frame, out)
