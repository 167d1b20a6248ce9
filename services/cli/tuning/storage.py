"""Where a study lives: tables of Optuna's own, in a schema of their own beside the platform's tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.exc import OperationalError

from shared.database.pool import DatabaseUnavailableError, reaching, require_server_url

SCHEMA: Final = "optuna"


async def make_schema(url: str) -> None:
    """Make the schema unless it is there.

    Raises:
        InvalidInputError: not a URL of a PostgreSQL server.
        DatabaseUnavailableError: the server cannot be reached.
    """
    require_server_url(url)
    with reaching(url):
        connection = await asyncpg.connect(url)
    try:
        await connection.execute("create schema if not exists optuna")
    finally:
        await connection.close()


@contextmanager
def open_storage(url: str) -> Iterator[RDBStorage]:
    """Optuna's storage in the schema of the database at `url` (postgresql://…), closed afterwards; blocks.

    Raises:
        DatabaseUnavailableError: the server went away.
    """
    driver = url.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1)
    try:
        storage = RDBStorage(driver, engine_kwargs={"connect_args": {"options": f"-csearch_path={SCHEMA}"}})
        try:
            yield storage
        finally:
            storage.remove_session()
            storage.engine.dispose()
    except (OperationalError, StorageInternalError) as error:
        raise DatabaseUnavailableError(
            "the database that keeps the study went away; what is finished is kept, run the command again"
        ) from error
