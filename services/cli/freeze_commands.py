"""`punkcast freeze`: stop and resume automatic promotions. The freeze records who and why."""

from __future__ import annotations

import getpass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from services.cli.context import Actor, cell, on_database, on_platform
from services.cli.options import duration
from shared.errors import NotFoundError
from shared.messaging.transaction import originating
from shared.registry import freezes

if TYPE_CHECKING:
    from shared.runtime.platform import Platform


def show_command() -> None:
    """The freeze in force, if there is one."""
    freeze = on_database(lambda connection, now: freezes.in_force(connection, at=now))
    if freeze is None:
        typer.echo("nothing is frozen")
        return
    until = "until a person lifts it" if freeze.expires_at is None else f"until {freeze.expires_at:%Y-%m-%d %H:%M} UTC"
    typer.echo(
        f"{freeze.freeze_id} since {freeze.starts_at:%Y-%m-%d %H:%M} UTC {until}, "
        f"by {cell(freeze.actor)}: {cell(freeze.reason)}"
    )


def add_command(
    reason: Annotated[str, typer.Option(help="Why promotions stop.")],
    lasting: Annotated[str | None, typer.Option("--for", help="Like 12h or 3d; default: until it is lifted.")] = None,
    by: Actor = None,
) -> None:
    """Stop automatic promotions."""
    length: timedelta | None = None if lasting is None else duration(lasting)

    async def add(platform: Platform) -> freezes.Freeze:
        actor, until = by or getpass.getuser(), None if length is None else platform.clock.now() + length
        async with originating(platform.database, platform.clock, source="cli") as transaction:
            return await freezes.freeze_by_person(transaction, actor=actor, reason=reason, expires_at=until)

    typer.echo(f"frozen: {on_platform(add).freeze_id}")


def lift_command(
    freeze_id: Annotated[UUID, typer.Argument(help="The id that `punkcast freeze show` prints.")], by: Actor = None
) -> None:
    """Lift a freeze, so that automatic promotions resume."""
    actor = by or getpass.getuser()
    if not on_database(lambda connection, now: freezes.lift(connection, freeze_id, actor=actor, at=now)):
        raise NotFoundError(f"no freeze {freeze_id} is in force; see `punkcast freeze show`")
    typer.echo(f"lifted: {freeze_id}")
