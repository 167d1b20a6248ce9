"""`punkcast explain`: one value with its reasons, comparables, changes and lineage."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.cli.context import on_platform
from services.cli.explain import text
from services.cli.explain.account import Account, require_punk
from services.cli.explain.from_files import account_from_files
from services.cli.explain.from_record import FromRecord
from services.cli.export_command import instant
from shared.errors import InvalidInputError
from shared.settings import Settings

STDOUT = "-"


def explain_command(
    punk: Annotated[int, typer.Argument(help="0 to 9999.")],
    as_of: Annotated[
        str | None,
        typer.Option(help="The nowcast in force at this instant (UTC), like 2025-06-01T12:00; default: now."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="A model's id or file; default: the model of that nowcast.")] = None,
    events: Annotated[
        Path | None, typer.Option(help="Event files to explain from, without a database; needs --model FILE or --fit.")
    ] = None,
    *,
    fit: Annotated[
        bool, typer.Option("--fit", help="With --events: fit a model on the sales before the instant.")
    ] = False,
    features: Annotated[bool, typer.Option("--features", help="The feature row, too.")] = False,
    json: Annotated[str | None, typer.Option(help="Write everything as JSON to this file; - prints only that.")] = None,
) -> None:
    """Explain a punk's value: interval, reasons in ETH, comparable sales, what changed, model and snapshot."""
    require_punk(punk)
    when = instant("--as-of", as_of)
    named = _model(model, events, fit=fit)
    if json is not None and json != STDOUT and not Path(json).parent.is_dir():
        raise InvalidInputError(f"--json {json}: there is no folder {Path(json).parent}; make it first")
    console = Console()
    with console.status("reading the market …"):
        account = _account(punk, when, named, events)
    if json == STDOUT:
        typer.echo(account.as_json(), nl=False)
        return
    if json is not None:
        Path(json).write_text(account.as_json(), encoding="utf-8")
    text.tell(console, account, features=features)


def _account(punk: int, as_of: datetime | None, model: str | Path | None, events: Path | None) -> Account:
    if events is None:
        return on_platform(lambda platform: FromRecord(platform, model=model).account(punk, as_of))
    file = None if model is None else Path(model)
    return account_from_files(events, punk, as_of, model=file, threads=Settings().threads)


def _model(named: str | None, events: Path | None, *, fit: bool) -> str | Path | None:
    """A file where there is one of that name, else a model's id.

    Raises:
        InvalidInputError: options that do not go together.
    """
    file = Path(named) if named is not None and Path(named).is_file() else None
    if fit and (events is None or named is not None):
        raise InvalidInputError("--fit makes the model itself, from --events DIR; leave --model out")
    if events is not None and not fit and file is None:
        given = "" if named is None else f"--model {named}: there is no such file; "
        raise InvalidInputError(f"{given}--events has no registry to take a model from: add --model FILE, or --fit")
    return file or named
