"""The operator's commands: training requests, dead letters, API keys, status."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from services.cli.context import Json, cell, on_database, on_platform, show, show_documents
from services.cli.options import duration
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
    from shared.registry.api_keys import StoredKey
    from shared.runtime.platform import Platform

SOURCE = "cli"
KeyId = Annotated[str, typer.Argument(help="Twelve hexadecimal digits.")]
Expires = Annotated[str | None, typer.Option(help="Like 90d; default: the key stays as it is, a new one for good.")]
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
        list[str] | None, typer.Option(help="read (the default), train, operate, webhooks; repeat for more.")
    ] = None,
    expires: Expires = None,
) -> None:
    """Make an API key and show it once."""
    scopes, lasting = scope or api_keys.DEFAULT_SCOPES, _lasting(expires)
    key = on_database(
        lambda connection, now: api_keys.create(connection, name=name, scopes=scopes, at=now, lasting=lasting)
    )
    typer.echo(f"key {key.key_id} for {cell(name)}; it is shown only now:", err=True)
    typer.echo(key.key)


def rotate_key_command(
    key_id: KeyId,
    overlap: Annotated[str, typer.Option(help="How long the old secret stays valid, like 24h; or 0.")] = "24h",
    expires: Expires = None,
) -> None:
    """Give a key a new secret and show it once. Its webhooks and requests stay its own."""
    length = timedelta(0) if overlap == "0" else duration(overlap)
    lasting = _lasting(expires)
    key = on_database(
        lambda connection, now: api_keys.rotate(connection, key_id, at=now, overlap=length, lasting=lasting)
    )
    still = "the old secret is refused from now on" if overlap == "0" else f"the old secret is valid for {overlap} more"
    typer.echo(f"key {key.key_id} has a new secret, shown only now; {still}:", err=True)
    typer.echo(key.key)


def list_keys_command() -> None:
    """List all keys, oldest first, including ended keys."""

    async def load(connection: Connection, now: datetime) -> list[tuple[object, ...]]:
        return [
            (key.key_id, key.name, ", ".join(key.scopes), key.last_used_at, key.created_at, *_ends(key, now))
            for key in await api_keys.listing(connection)
        ]

    show(
        Console(),
        ("key", "name", "scopes", "last used", "created", "ends", "state"),
        on_database(load),
        nothing="no keys yet; `punkcast keys create --name …` makes one",
    )


def revoke_key_command(key_id: KeyId) -> None:
    """Revoke a key; its webhooks and training requests end with it."""
    ended = on_database(lambda connection, now: api_keys.revoke(connection, key_id, at=now))
    typer.echo(f"key {key_id} is revoked; webhooks disabled: {ended.webhooks}, requests cancelled: {ended.requests}")


def _lasting(expires: str | None) -> timedelta | None:
    return None if expires is None else duration(expires)


def _ends(key: StoredKey, now: datetime) -> tuple[datetime | None, str]:
    """When the key ends or has ended, and its state."""
    if key.is_expired(now):
        return key.expires_at, "expired"
    if key.revoked_at is not None:
        return key.revoked_at, "revoked"
    if key.previous_until is not None and key.previous_until > now:
        return key.expires_at, f"valid, the old secret until {cell(key.previous_until)}"
    return key.expires_at, "valid"


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
