"""`punkcast dead-letters`: show what could not be handled, hand it back to its consumer, or remove it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.console import Console

from services.cli.context import on_platform, show
from shared.messaging.bus import DeadLetter, Fate, UnroutableError, Volatile
from shared.messaging.transaction import hand_over, originating

if TYPE_CHECKING:
    from shared.runtime.platform import Platform

Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most this many, oldest first.")]
Consumer = Annotated[str | None, typer.Option(help="Only those of this consumer.")]
Reason = Annotated[str | None, typer.Option(help="Only those whose reason contains this text.")]
Id = Annotated[UUID | None, typer.Option("--id", help="Only the message with this id.")]
SHOWN_BYTES = 200


@dataclass
class Selection:
    """Which dead letters a command is about. The limit counts down."""

    consumer: str | None
    reason: str | None
    message_id: UUID | None
    limit: int
    kept: list[str] = field(default_factory=list)

    def of(self, act: Callable[[DeadLetter], Awaitable[Fate]]) -> Callable[[DeadLetter], Awaitable[Fate]]:
        """`act` for the selected letters only."""

        async def judge(letter: DeadLetter) -> Fate:
            if self.limit == 0:
                return "stop"
            if not self._wants(letter):
                return "keep"
            self.limit -= 1
            return await act(letter)

        return judge

    def _wants(self, letter: DeadLetter) -> bool:
        return (
            self.consumer in (None, letter.consumer)
            and (self.reason is None or self.reason in letter.reason)
            and (self.message_id is None or self.message_id == _id_of(letter))
        )


def dead_letters_command(
    context: typer.Context,
    consumer: Consumer = None,
    reason: Reason = None,
    message_id: Id = None,
    limit: Limit = 20,
) -> None:
    """Messages that could not be handled, with their reasons. They stay in the queue."""
    if context.invoked_subcommand is None:
        show_command(consumer, reason, message_id, limit)


def show_command(consumer: Consumer = None, reason: Reason = None, message_id: Id = None, limit: Limit = 20) -> None:
    """List dead letters with their reasons, without removing them."""
    rows: list[tuple[object, ...]] = []

    async def note(letter: DeadLetter) -> Fate:
        body = letter.body[:SHOWN_BYTES].decode(errors="replace")
        rows.append((letter.first_failed_at, letter.consumer, letter.attempt, letter.reason, body))
        return "keep"

    _sift(Selection(consumer, reason, message_id, limit), lambda _: note)
    columns = ("first failed", "consumer", "attempts", "reason", "message")
    show(Console(), columns, rows, nothing="no dead letters")


def replay_command(
    consumer: Consumer = None, reason: Reason = None, message_id: Id = None, limit: Limit = 10_000
) -> None:
    """Hand dead letters back to their consumers, and remove them. Exit code 1 if one could not be handed back.

    A message keeps its id: what was handled already is not handled twice.
    """
    selection, done = Selection(consumer, reason, message_id, limit), [0]

    def replay_on(platform: Platform) -> Callable[[DeadLetter], Awaitable[Fate]]:
        async def replay(letter: DeadLetter) -> Fate:
            if letter.cut is not None:
                selection.kept.append(f"only the first {len(letter.body)} of {letter.cut.length} bytes were kept")
                return "keep"
            try:
                await _hand_back(platform, letter)
            except UnroutableError:
                selection.kept.append(f"there is no queue of {letter.consumer}")
                return "keep"
            done[0] += 1
            return "remove"

        return replay

    _sift(selection, replay_on)
    typer.echo(f"{done[0]} dead letters handed back to their consumers")
    for why in sorted(set(selection.kept)):
        typer.echo(f"{selection.kept.count(why)} kept: {why}", err=True)
    if selection.kept:
        raise typer.Exit(1)


def purge_command(
    consumer: Consumer = None,
    reason: Reason = None,
    message_id: Id = None,
    limit: Limit = 10_000,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove dead letters for good."""
    if not yes:
        typer.confirm("Remove these dead letters for good?", abort=True)
    done = [0]

    async def purge(_: DeadLetter) -> Fate:
        done[0] += 1
        return "remove"

    _sift(Selection(consumer, reason, message_id, limit), lambda _: purge)
    typer.echo(f"{done[0]} dead letters removed")


def _sift(selection: Selection, act_on: Callable[[Platform], Callable[[DeadLetter], Awaitable[Fate]]]) -> None:
    async def run(platform: Platform) -> None:
        await platform.bus.sift(selection.of(act_on(platform)))

    on_platform(run)


async def _hand_back(platform: Platform, letter: DeadLetter) -> None:
    """Confirmed when this returns: by the broker, or as a row that the process with all services takes."""
    if isinstance(platform.bus, Volatile):
        async with originating(platform.database, platform.clock, source="cli") as transaction:
            await hand_over(transaction, letter.consumer, letter.body)
    else:
        await platform.bus.hand(letter.consumer, letter.body)


def _id_of(letter: DeadLetter) -> UUID | None:
    try:
        return UUID(json.loads(letter.body)["id"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
