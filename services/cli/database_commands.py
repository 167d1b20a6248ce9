"""`punkcast migrate`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from rich.console import Console

from services.cli.context import on_platform
from services.cli.preflight import exit_code, preflight
from shared.database.embedded import database_url
from shared.database.migrate import check, migrate
from shared.settings import Settings


def migrate_command(
    only_check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 when migrations are pending.")
    ] = False,
    then_preflight: Annotated[
        bool, typer.Option("--preflight", help="Then exit with 1 when this code does not load the champion.")
    ] = False,
    accept_unsupported: Annotated[
        bool, typer.Option("--accept-unsupported", help="Go on without a champion that this code cannot serve.")
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
    if then_preflight:
        _preflight(accept=accept_unsupported or Settings().accept_unsupported)


async def _on_database(action: Callable[[str], Awaitable[list[str]]]) -> list[str]:
    async with database_url(Settings()) as url:
        return await action(url)


def _preflight(*, accept: bool) -> None:
    """Stop a deployment that would end the nowcasts; a companion that does not load stops nothing."""
    findings = on_platform(preflight)
    for one in findings:
        typer.echo(one.line())
    if exit_code(findings) == 1 and exit_code(findings, accept_unsupported=accept) != 1:
        typer.echo("accepted: nowcasts stand still until a contender of this code is promoted; it is asked for at once")
    elif exit_code(findings) == 1:
        typer.echo("keep the code that runs; docs/operations.md, Upgrades, says what else there is")
        raise typer.Exit(1)
