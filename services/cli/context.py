"""What the commands share: an open platform with an up-to-date schema, and output.

Command modules import slow libraries inside their functions, so that help, a wrong option, a bad setting and an
unreachable database are reported at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from shared.contracts.texts import printable
from shared.database.embedded import database_url
from shared.database.migrate import check, migrate
from shared.errors import ConflictError
from shared.settings import Settings
from shared.urls import split

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console

    from shared.database.pool import Connection
    from shared.runtime.platform import Platform

T = TypeVar("T")
Document = TypeVar("Document", bound="BaseModel")
Json = Annotated[bool, typer.Option("--json", help="The documents of the API, as JSON.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most this many, newest first.")]
Actor = Annotated[str | None, typer.Option("--actor", "--by", help="Who decides; default: your user name.")]


def on_platform(
    action: Callable[[Platform], Awaitable[T]], *, service: str = "cli", log_level: str | None = "WARNING"
) -> T:
    """Run `action` on the platform of the settings; for the rest see `platform`.

    Raises:
        ConflictError: the schema of a database server is behind; migrating it is a step of its own.
    """
    settings = Settings()

    async def run() -> T:
        async with platform(settings, service=service, log_level=log_level) as opened:
            return await action(opened)

    return asyncio.run(run())


def on_database(action: Callable[[Connection, datetime], Awaitable[T]]) -> T:
    """Run `action` in a transaction of the platform's database, with the present instant. Raises as `on_platform`."""

    async def run(opened: Platform) -> T:
        async with opened.database.transaction() as connection:
            return await action(connection, opened.clock.now())

    return on_platform(run)


@asynccontextmanager
async def platform(
    settings: Settings, *, service: str = "cli", log_level: str | None = "WARNING"
) -> AsyncIterator[Platform]:
    """The open platform. An embedded database is migrated first; the schema of a server is only checked.

    Args:
        service: what log lines name.
        log_level: None for the log level of the settings.
    """
    await _require_migrated(settings)
    from shared.runtime.platform import open_platform
    from shared.telemetry.logging import configure

    configure(settings.model_copy(update={"log_level": log_level or settings.log_level}), service)
    async with database_url(settings) as url:
        if _is_embedded(settings):
            await migrate(url)
        async with open_platform(settings.model_copy(update={"database_url": url})) as opened:
            yield opened


def require_migrated() -> None:
    """Ask the database server of the settings before slow work begins; `platform` migrates an embedded one.

    Raises:
        ConflictError: its schema is behind.
    """
    asyncio.run(_require_migrated(Settings()))


async def _require_migrated(settings: Settings) -> None:
    if not _is_embedded(settings) and (pending := await check(settings.database_url)):
        raise ConflictError(f"the database lacks {len(pending)} migration(s); run `punkcast migrate`")


def _is_embedded(settings: Settings) -> bool:
    return split(settings.database_url, "PUNKCAST_DATABASE_URL").scheme == "embedded"


def show(console: Console, columns: Sequence[str], rows: Iterable[Sequence[object]], *, nothing: str) -> None:
    """A table, or the sentence `nothing` when there are no rows."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*[Text(cell(value)) for value in row])  # not markup: a reason may hold brackets
    console.print(table if table.row_count else nothing)


def show_documents(
    documents: Sequence[Document],
    as_json: bool,
    columns: Sequence[str],
    row: Callable[[Document], Sequence[object]],
    *,
    nothing: str,
) -> None:
    """The documents as JSON, or as a table with a `row` of each."""
    from rich.console import Console

    if as_json:
        print_json(documents)
    else:
        show(Console(), columns, map(row, documents), nothing=nothing)


def print_json(documents: BaseModel | Sequence[BaseModel]) -> None:
    """One document, or a list of them, in the shape of the API."""
    from pydantic import TypeAdapter

    # ASCII alone, because a terminal obeys some of the other characters.
    typer.echo(TypeAdapter(Any).dump_json(documents, indent=2, ensure_ascii=True))


def cell(value: object) -> str:
    """A value as a person reads it; instants in UTC to the second, texts safe for a terminal."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, float):
        return f"{value:.4g}"
    return printable(str(value))
