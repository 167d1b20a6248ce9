"""What the commands share: settings, an open platform with an up-to-date schema, and output."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from shared.database.embedded import database_url
from shared.database.migrate import check, migrate
from shared.errors import ConflictError
from shared.runtime.platform import Platform, open_platform
from shared.settings import Settings
from shared.telemetry.logging import configure

T = TypeVar("T")


def on_platform(action: Callable[[Platform], Awaitable[T]]) -> T:
    """Run `action` on the platform of the settings.

    Raises:
        ConflictError: the database's schema is behind, and it is not ours alone to change.
    """
    settings = Settings()
    configure(settings.model_copy(update={"log_level": "WARNING"}), "cli")

    async def run() -> T:
        async with platform(settings) as opened:
            return await action(opened)

    return asyncio.run(run())


@asynccontextmanager
async def platform(settings: Settings) -> AsyncIterator[Platform]:
    """The open platform. An embedded database is migrated on the way, a server's only checked."""
    async with database_url(settings) as url:
        if urlsplit(settings.database_url).scheme == "embedded":
            await migrate(url)
        elif pending := await check(url):
            raise ConflictError(f"the database lacks {len(pending)} migration(s); run `punkcast migrate`")
        async with open_platform(settings.model_copy(update={"database_url": url})) as opened:
            yield opened


def show(console: Console, columns: Sequence[str], rows: Iterable[Sequence[object]], *, nothing: str) -> None:
    """A table, or the sentence `nothing` when there are no rows."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*[cell(value) for value in row])
    console.print(table if table.row_count else nothing)


def cell(value: object) -> str:
    """A value as a person reads it; instants in UTC to the second."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)
