"""The operator's commands: training requests, dead letters, API keys, status."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from services.cli.context import Json, cell, on_database, on_platform, show, show_documents
from services.cli.retention_command import sizes
from shared.contracts.messages import TrainingRequested
from shared.errors import InvalidInputError
from shared.messaging.transaction import originating
from shared.registry import api_keys, training_requests
from shared.registry.status import platform_status
from shared.registry.training_requests import TrainingRequest
from shared.stores import source_repository
from shared.stores.source_repository import SourceState

if TYPE_CHECKING:
    from shared.database.pool import Connection
    from shared.runtime.platform import Platform

SOURCE = "cli"
NEWEST_NOWCAST_SQL = """
select g.generation_id, g.model_id, g.as_of, g.published_at
from nowcast_pointer p join generations g using (generation_id)
"""
NEWEST_EVENT_SQL = """
select seq, block, event_time from market_events where superseded_at is null order by seq desc limit 1
"""


def request_command(
    reason: Annotated[str, typer.Option(help="Why; a request joins an open request with the same reason.")],
    requested_by: Annotated[str | None, typer.Option("--by", help="Who asks; default: your user name.")] = None,
    data_cutoff: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Train on sales before this instant (UTC)."),
    ] = None,
) -> None:
    """Request the training of a contender."""
    try:
        payload = TrainingRequested(
            reason=reason,
            requested_by=requested_by or getpass.getuser(),
            data_cutoff=data_cutoff.replace(tzinfo=UTC) if data_cutoff else None,
        )
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        raise InvalidInputError(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}") from error

    async def send(platform: Platform) -> TrainingRequest:
        async with originating(platform.database, platform.clock, source=SOURCE) as transaction:
            return await training_requests.ask(
                transaction,
                payload,
                origin=f"cli:{getpass.getuser()}",
                most_open=platform.settings.training_requests_per_origin,
            )

    request = on_platform(send)
    if request.status == "merged":
        typer.echo(f"requested {request.request_id}: merged with the open request for the same reason")
    else:
        typer.echo(f"requested {request.request_id}; a running trainer takes it from the queue")


def list_requests_command(limit: Annotated[int, typer.Option(min=1, max=1000)] = 20, as_json: Json = False) -> None:
    """Training requests, newest first."""
    show_documents(
        on_database(lambda connection, _: training_requests.listing(connection, limit=limit)),
        as_json,
        ("request", "status", "requested", "by", "reason", "model", "error"),
        attrgetter("request_id", "status", "requested_at", "requested_by", "reason", "model_id", "error"),
        nothing="no training requests yet",
    )


def create_key_command(
    name: Annotated[str, typer.Option(help="Name of the key's user.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="train (the default), operate, webhooks; repeat for more.")
    ] = None,
) -> None:
    """Make an API key and show it once."""
    scopes = scope or api_keys.DEFAULT_SCOPES
    key = on_database(lambda connection, now: api_keys.create(connection, name=name, scopes=scopes, at=now))
    Console(stderr=True).print(f"key {key.key_id} for {name}; it is shown only now:", soft_wrap=True)
    typer.echo(key.key)


def list_keys_command() -> None:
    """List all keys by id, including revoked keys."""
    show(
        Console(),
        ("key", "name", "scopes", "created", "revoked"),
        [
            (row.key_id, row.name, ", ".join(row.scopes), row.created_at, row.revoked_at)
            for row in on_database(lambda connection, _: api_keys.listing(connection))
        ],
        nothing="no keys yet; `punkcast keys create --name …` makes one",
    )


def revoke_key_command(key_id: Annotated[str, typer.Argument(help="Twelve hexadecimal digits.")]) -> None:
    """Revoke a key."""
    on_database(lambda connection, now: api_keys.revoke(connection, key_id, at=now))
    Console().print(f"key {key_id} is revoked")


def _source_lines(source: SourceState, now: datetime) -> dict[str, object]:
    """The source and the last look at it."""
    lines: dict[str, object] = {"source": source.identity}
    if source.looked_at is None:
        return lines
    lag = source.lag_seconds(now)
    return lines | {
        "block read": f"{source.block:,}, {source.lag_blocks:,} behind the head {source.head:,}"
        if source.block is not None and source.head is not None
        else None,
        "age of that block": None if lag is None else f"{lag:,} s",
        "last look": f"{cell(source.looked_at)}; {source.problem or 'successful'}",
        "last success": source.read_at,
        "failed looks": source.failures,
        "reorganisations": source.reorganisations,
        **{
            f"node {node.name}": f"head {node.head}, {node.failures} failures; {node.problem or 'working'}"
            for node in source.nodes
        },
    }


def status_command() -> None:
    """The state of the platform: market, nowcast, champion, queues."""
    from shared.stores.retention.job import last_run

    async def load(connection: Connection, now: datetime) -> dict[str, object]:
        event = await connection.fetchrow(NEWEST_EVENT_SQL)
        nowcast = await connection.fetchrow(NEWEST_NOWCAST_SQL)
        status = await platform_status(connection, at=now)
        source = await source_repository.state(connection)
        cleaned = await last_run(connection)
        closes = await source_repository.missing_closes(connection, now)
        unserved = status.unsupported_by and f", which the code {status.unsupported_by[:20]} cannot serve"
        waiting = status.outbox_oldest and f" since {cell(status.outbox_oldest)}"
        return {
            **_source_lines(source, now),
            "ETH/USD closes": f"{len(closes):,} days are missing" if closes else "complete",
            "newest event": event and "seq {seq}, block {block}, {event_time:%Y-%m-%d %H:%M:%SZ}".format(**event),
            "nowcast": nowcast
            and "generation {generation_id} of {model_id}, as of {as_of:%Y-%m-%d %H:%M:%SZ}".format(**nowcast),
            "champion": status.champion and f"{status.champion}{unserved or ''}",
            "promotion": status.promotion,
            "shadows": status.shadows,
            "last sale scored": status.last_scored_at,
            "training": f"{status.training_queued} queued, {status.training_running} running",
            "outbox": f"{status.outbox_depth} waiting{waiting or ''}",
            "retention": cleaned and f"{cell(cleaned[0])}: {sizes(cleaned[1])}",
            "freezes": status.freezes,
        }

    show(Console(), ("what", "now"), on_database(load).items(), nothing="")
