"""`punkcast models preflight`."""

from __future__ import annotations

import typer

from services.cli.context import on_platform
from services.cli.preflight import exit_code, preflight


def preflight_command() -> None:
    """Does this code serve the champion (else exit code 1), its armed predecessor and the shadows (else 3)?"""
    findings = on_platform(preflight)
    for one in findings:
        typer.echo(one.line())
    if not findings:
        typer.echo("no champion yet")
    raise typer.Exit(exit_code(findings))
