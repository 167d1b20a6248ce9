"""`punkcast migrate` and `punkcast models preflight`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.context import on_platform
from shared.database.embedded import database_url
from shared.database.migrate import check, migrate
from shared.settings import Settings

if TYPE_CHECKING:
    from services.cli.preflight import Finding
    from shared.runtime.platform import Platform


def migrate_command(
    only_check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 if migrations are pending.")
    ] = False,
    then_preflight: Annotated[
        bool, typer.Option("--preflight", help="Then exit with 1 if this code cannot load the champion.")
    ] = False,
    accept_unsupported: Annotated[
        bool, typer.Option("--accept-unsupported", help="Accept a champion that this code cannot serve.")
    ] = False,
) -> None:
    """Bring the database's schema up to date."""
    versions = asyncio.run(_on_database(check if only_check else migrate))
    for version in versions:
        typer.echo(f"{'pending' if only_check else 'applied'}: {version}")
    if not versions:
        typer.echo("the schema is up to date")
    if only_check:
        raise typer.Exit(1 if versions else 0)
    if then_preflight:
        _preflight(accept=accept_unsupported)


def preflight_command() -> None:
    """Check whether this code serves the champion (else exit code 1), its fallback and the shadows (else 3)."""
    from services.cli.preflight import exit_code

    findings = _findings()
    if not findings:
        typer.echo("no champion yet")
    raise typer.Exit(exit_code(findings))


async def _on_database(action: Callable[[str], Awaitable[list[str]]]) -> list[str]:
    async with database_url(Settings()) as url:
        return await action(url)


def _preflight(*, accept: bool) -> None:
    """Exit with 1 if the deployment would end the nowcasts; other models that fail to load stop nothing."""
    from services.cli.preflight import exit_code

    accept, findings = accept or Settings().accept_unsupported, _findings()
    if exit_code(findings) == 1 and exit_code(findings, accept_unsupported=accept) != 1:
        typer.echo(
            "accepted: no nowcast is published until a contender of this code is promoted; training is requested"
        )
    elif exit_code(findings) == 1:
        typer.echo("keep the running release, or see Upgrades in docs/operations.md")
        raise typer.Exit(1)


def _findings() -> list[Finding]:
    """Load the models in use, and print a line for each."""

    async def look(platform: Platform) -> list[Finding]:
        from services.cli.preflight import preflight

        return await preflight(platform)

    findings = on_platform(look)
    for finding in findings:
        typer.echo(finding.line())
    return findings
