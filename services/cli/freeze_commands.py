"""`punkcast freeze`: stop automatic promotions, and let them go on. Who and why is recorded."""

from __future__ import annotations

import getpass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID, uuid4

import typer

from services.cli.context import on_platform
from services.cli.options import duration
from shared.errors import NotFoundError
from shared.messaging.transaction import originating
from shared.registry import freezes
from shared.registry.alerts import raise_alert

if TYPE_CHECKING:
    from shared.runtime.platform import Platform

By = Annotated[str | None, typer.Option("--by", help="Who decides; default: your user name.")]


def show_command() -> None:
    """The freeze in force, if there is one."""

    async def read(platform: Platform) -> freezes.Freeze | None:
        async with platform.database.connection() as connection:
            return await freezes.in_force(connection, at=platform.clock.now())

    found = on_platform(read)
    if found is None:
        typer.echo("nothing is frozen")
        return
    until = "until a person lifts it" if found.expires_at is None else f"until {found.expires_at:%Y-%m-%d %H:%M} UTC"
    typer.echo(
        f"{found.freeze_id} since {found.starts_at:%Y-%m-%d %H:%M} UTC {until}, by {found.actor}: {found.reason}"
    )


def add_command(
    reason: Annotated[str, typer.Option(help="Why promotions stop.")],
    lasting: Annotated[str | None, typer.Option("--for", help="Like 12h or 3d; default: until it is lifted.")] = None,
    by: By = None,
) -> None:
    """Stop automatic promotions."""
    length: timedelta | None = None if lasting is None else duration(lasting)

    async def add(platform: Platform) -> UUID:
        identity, now = uuid4(), platform.clock.now()
        actor, until = by or getpass.getuser(), None if length is None else now + length
        async with originating(platform.database, platform.clock, source="cli") as transaction:
            await freezes.freeze(transaction.connection, identity, actor=actor, reason=reason, at=now, expires_at=until)
            await raise_alert(
                transaction, "freeze", "info", f"promotions are frozen by {actor}: {reason}", key=str(identity)
            )
        return identity

    typer.echo(f"frozen: {on_platform(add)}")


def lift_command(
    freeze_id: Annotated[UUID, typer.Argument(help="As `punkcast freeze show` names it.")], by: By = None
) -> None:
    """Let automatic promotions go on."""

    async def lift(platform: Platform) -> bool:
        async with platform.database.transaction() as connection:
            return await freezes.lift(connection, freeze_id, actor=by or getpass.getuser(), at=platform.clock.now())

    if not on_platform(lift):
        raise NotFoundError(f"no freeze {freeze_id} is in force; see `punkcast freeze show`")
    typer.echo(f"lifted: {freeze_id}")
