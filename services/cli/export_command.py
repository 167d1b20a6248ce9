"""`punkcast export`: the record as files that other programs read."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.context import on_platform
from services.cli.export import Table
from services.cli.files import TABLES, require_writable, write_frame
from services.cli.options import instant
from shared.errors import InvalidInputError

if TYPE_CHECKING:
    import polars as pl

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
    bounds = instant("--from", first), instant("--to", last), instant("--as-of", as_of)
    if out.suffix not in TABLES:
        raise InvalidInputError(f"--out {out}: expected a name ending in {' or '.join(TABLES)}")
    require_writable("--out", out, force=force)

    async def read(platform: Platform) -> pl.DataFrame:
        from services.cli.export.tables import Window, load

        # One view of the database for all statements, whatever is appended meanwhile.
        view = {"isolation": "repeatable_read", "readonly": True}
        async with platform.database.connection() as connection, connection.transaction(**view):
            return await load(connection, platform.store, table, Window(*bounds))

    from rich.console import Console

    console, started = Console(), perf_counter()
    with console.status(f"reading {table} from the database …") as status:
        frame = on_platform(read)
        status.update(f"writing {frame.height:,} rows to {out} …")
        write_frame(frame, out)
    seconds = perf_counter() - started
    console.print(f"{frame.height:,} rows of {table} written to {out} in {seconds:.1f} s", soft_wrap=True)
