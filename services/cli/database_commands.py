"""`punkcast migrate`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from rich.console import Console

from shared.database.embedded import database_url
from shared.database.migrate import check, migrate
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


async def _on_database(action: Callable[[str], Awaitable[list[str]]]) -> list[str]:
    async with database_url(Settings()) as url:
        return await action(url)
