"""The operator's commands: training requests, dead letters, API keys, status."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer
from pydantic import ValidationError
from rich.console import Console

from services.cli.context import Json, cell, on_database, on_platform, print_json, show
from shared.contracts.messages import TrainingRequested
from shared.errors import InvalidInputError
from shared.messaging.bus import DeadLetter
from shared.messaging.transaction import originating
from shared.registry import api_keys, training_requests
from shared.registry.status import platform_status
from shared.registry.training_requests import TrainingRequest

if TYPE_CHECKING:
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
    reason: Annotated[str, typer.Option(help="Why; merged with an open request for the same reason.")],
    requested_by: Annotated[str | None, typer.Option("--by", help="Who asks; default: your user name.")] = None,
    data_cutoff: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Train on sales before, UTC.")
    ] = None,
) -> None:
    """Ask for a contender to be trained."""
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
            return await training_requests.ask(transaction, payload)

    asked = on_platform(send)
    if asked.status == "merged":
        typer.echo(f"requested {asked.request_id}: merged with the open request for the same reason")
    else:
        typer.echo(f"requested {asked.request_id}; a running trainer takes it from the queue")


def list_requests_command(limit: Annotated[int, typer.Option(min=1, max=1000)] = 20, as_json: Json = False) -> None:
    """Training requests, newest first."""
    found = on_database(lambda connection: training_requests.listing(connection, limit=limit))
    if as_json:
        print_json(found)
        return

    show(
        Console(),
        ("request", "status", "requested", "by", "reason", "model", "error"),
        [
            (row.request_id, row.status, row.requested_at, row.requested_by, row.reason, row.model_id, row.error)
            for row in found
        ],
        nothing="no training requests yet",
    )


def dead_letters_command(limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20) -> None:
    """Messages nobody could handle, with the reason. They stay where they are."""

    async def load(platform: Platform) -> list[DeadLetter]:
        if urlsplit(platform.settings.broker_url).scheme == "memory":
            raise InvalidInputError(
                "the in-process broker keeps dead letters inside the serving process only; set PUNKCAST_BROKER_URL=amqp://…"
            )
        await platform.bus.start()
        return await platform.bus.dead_letters(limit)

    show(
        Console(),
        ("first failed", "consumer", "attempts", "reason", "message"),
        [
            (
                letter.first_failed_at,
                letter.consumer,
                letter.attempt,
                letter.reason,
                letter.body[:200].decode(errors="replace"),
            )
            for letter in on_platform(load)
        ],
        nothing="no dead letters",
    )


def create_key_command(
    name: Annotated[str, typer.Option(help="Who uses it.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="train (the default), operate, webhooks; again for more.")
    ] = None,
) -> None:
    """Make an API key and show it, once."""

    async def create(platform: Platform) -> api_keys.NewKey:
        async with platform.database.transaction() as connection:
            return await api_keys.create(
                connection, name=name, scopes=scope or api_keys.DEFAULT_SCOPES, at=platform.clock.now()
            )

    key = on_platform(create)
    Console(stderr=True).print(f"key {key.key_id} for {name}; it is shown only now:", soft_wrap=True)
    typer.echo(key.key)


def list_keys_command() -> None:
    """All keys, revoked ones too; never the keys themselves."""

    show(
        Console(),
        ("key", "name", "scopes", "created", "revoked"),
        [
            (row.key_id, row.name, ", ".join(row.scopes), row.created_at, row.revoked_at)
            for row in on_database(api_keys.listing)
        ],
        nothing="no keys yet; `punkcast keys create --name …` makes one",
    )


def revoke_key_command(key_id: Annotated[str, typer.Argument(help="Twelve hexadecimal digits.")]) -> None:
    """Refuse a key from now on."""

    async def revoke(platform: Platform) -> None:
        async with platform.database.transaction() as connection:
            await api_keys.revoke(connection, key_id, at=platform.clock.now())

    on_platform(revoke)
    Console().print(f"key {key_id} is revoked")


def status_command() -> None:
    """The state of the platform: market, nowcast, champion, queues."""

    async def load(platform: Platform) -> list[tuple[str, object]]:
        async with platform.database.connection() as connection:
            event = await connection.fetchrow(NEWEST_EVENT_SQL)
            nowcast = await connection.fetchrow(NEWEST_NOWCAST_SQL)
            place = await platform_status(connection, at=platform.clock.now())
        return [
            (
                "newest event",
                f"seq {event['seq']}, block {event['block']}, {cell(event['event_time'])}" if event else None,
            ),
            (
                "nowcast",
                f"generation {nowcast['generation_id']} of {nowcast['model_id']}, as of {cell(nowcast['as_of'])}"
                if nowcast
                else None,
            ),
            (
                "champion",
                place.champion
                if place.unsupported_by is None
                else f"{place.champion}, which the code {place.unsupported_by[:20]} cannot serve",
            ),
            ("promotion", place.promotion),
            ("shadows", place.shadows),
            ("last sale scored", place.last_scored_at),
            ("training", f"{place.training_queued} queued, {place.training_running} running"),
            (
                "outbox",
                f"{place.outbox_depth} waiting"
                + (f" since {cell(place.outbox_oldest)}" if place.outbox_oldest else ""),
            ),
            ("freezes", place.freezes),
        ]

    show(Console(), ("what", "now"), on_platform(load), nothing="")
