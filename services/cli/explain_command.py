"""`punkcast explain`: one value with its reasons, comparables, changes and lineage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.context import on_platform
from services.cli.files import require_writable
from services.cli.options import existing, instant
from shared.errors import InvalidInputError
from shared.settings import Settings

if TYPE_CHECKING:
    from services.cli.explain.report import Report
    from shared.runtime.platform import Platform

STDOUT = "-"


def explain_command(
    punk: Annotated[int, typer.Argument(min=0, max=9999)],
    as_of: Annotated[
        str | None,
        typer.Option(help="The nowcast in force at this instant (UTC), like 2025-06-01T12:00; default: now."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="A model's id or file; default: the model of that nowcast.")] = None,
    events: Annotated[
        Path | None,
        typer.Option(
            callback=existing, help="Event files to explain from, without a database; needs --model FILE or --fit."
        ),
    ] = None,
    *,
    fit: Annotated[
        bool, typer.Option("--fit", help="With --events: fit a model on the sales before the instant.")
    ] = False,
    features: Annotated[bool, typer.Option("--features", help="Also print the feature row.")] = False,
    json: Annotated[
        str | None, typer.Option(help="Write everything as JSON to this file; - prints only the JSON.")
    ] = None,
) -> None:
    """Explain a punk's value: interval, reasons in ETH, comparable sales, what changed, model and snapshot."""
    when = instant("--as-of", as_of)
    # A file where there is one of that name, else a model's id.
    file = Path(model) if model is not None and Path(model).is_file() else None
    if fit and (events is None or model is not None):
        raise InvalidInputError("--fit makes the model itself, from --events DIR; leave --model out")
    if events is not None and not fit and file is None:
        given = "" if model is None else f"--model {model}: there is no such file; "
        raise InvalidInputError(f"{given}--events has no registry to take a model from: add --model FILE, or --fit")
    if json is not None and json != STDOUT:
        require_writable("--json", Path(json))

    from rich.console import Console

    console, threads = Console(), Settings().threads
    with console.status("reading the market …"):
        if events is None:

            async def explain(platform: Platform) -> Report:
                from services.cli.explain.beginning import FIRST_EVENT_SQL, beginning

                async with platform.database.connection() as connection:
                    first = await connection.fetchval(FIRST_EVENT_SQL)
                beginning(first, when or platform.clock.now(), "the database")
                from services.cli.explain.sources import from_record, model_of

                return await from_record(platform, punk, when, model=model_of(file, threads) or model)

            report = on_platform(explain)
        else:
            from services.cli.explain.sources import from_files, model_of

            report = from_files(events, punk, when, model=model_of(file, threads), threads=threads)
    if json == STDOUT:
        typer.echo(report.as_json(), nl=False)
        return
    if json is not None:
        Path(json).write_text(report.as_json(), encoding="utf-8")

    from services.cli.explain import text

    text.render(console, report, features=features)
