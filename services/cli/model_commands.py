"""`punkcast models` and `punkcast decisions`: what the registry knows and why."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console

from services.api.repositories import registry
from services.cli.context import on_platform, show
from shared.registry import models
from shared.runtime.platform import Platform

app = typer.Typer(no_args_is_help=True, help="The registry of models.")
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most this many, newest first.")]


@app.command("list")
def list_command(
    state: Annotated[str | None, typer.Option(help="Only models in this state, like champion.")] = None,
    limit: Limit = 20,
) -> None:
    """Models, newest first."""

    async def load(platform: Platform) -> list[registry.ModelSummaryRow]:
        async with platform.database.connection() as connection:
            return list(await registry.models(connection, state=state, before=None, limit=limit))

    show(
        Console(),
        ("model", "state", "registered", "data until", "rows", "parent"),
        [
            (row.model_id, row.state, row.registered_at, row.data_cutoff, row.training_rows, row.parent_model)
            for row in on_platform(load)
        ],
        nothing="no models yet; `punkcast training request --reason …` asks for one",
    )


@app.command("show")
def show_command(model_id: Annotated[str, typer.Argument(help="Like m-0123456789abcdef.")]) -> None:
    """Everything recorded about one model, as JSON."""

    async def load(platform: Platform) -> models.ModelRecord:
        async with platform.database.connection() as connection:
            return await models.get(connection, model_id)

    record = on_platform(load)
    Console().print_json(json.dumps(vars(record), default=str))


def decisions_command(
    model: Annotated[str | None, typer.Option(help="Only decisions about this model.")] = None,
    limit: Limit = 20,
) -> None:
    """Promotions, rejections and rollbacks, newest first, each with its reason."""

    async def load(platform: Platform) -> list[registry.DecisionRow]:
        async with platform.database.connection() as connection:
            return list(await registry.decisions(connection, model_id=model, before=None, limit=limit))

    show(
        Console(),
        ("decided", "kind", "model", "verdict", "action", "actor", "reason"),
        [
            (row.decided_at, row.kind, row.subject_model, row.verdict, row.action, row.actor, row.reason)
            for row in on_platform(load)
        ],
        nothing="no decisions yet",
    )
