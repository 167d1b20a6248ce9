"""The pool that tests get: a statement or a call needs no connection of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import asyncpg

from shared.database import pool, roles

T = TypeVar("T")
SOMEBODY_WAITS = """
select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')
"""
"""SQL: whether a session of this database waits for a lock."""


async def ask(url: str, statement: str, *arguments: object) -> Any:
    """The value that a statement returns, by a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement, *arguments)
    finally:
        await connection.close()


class Database(pool.Database):
    """As the platform's, with short ways to the tables."""

    url: str
    roles: dict[str, "Database"]

    @classmethod
    async def connect(cls, url: str, **options: Any) -> Self:
        opened = await super().connect(url, **options)
        opened.url, opened.roles = url, {}
        return opened

    async def of(self, service: str) -> "Database":
        """A pool whose connections have the rights of a service's login, and no others."""
        if service not in self.roles:
            joint = "&" if urlsplit(self.url).query else "?"
            url = f"{self.url}{joint}role={roles.role_of(service)}"
            self.roles[service] = await Database.connect(url, min_size=0)
        return self.roles[service]

    async def close(self) -> None:
        await asyncio.gather(*(each.close() for each in self.roles.values()))
        await super().close()

    async def value(self, query: str, *arguments: object) -> Any:
        async with self.connection() as connection:
            return await connection.fetchval(query, *arguments)

    async def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        async with self.connection() as connection:
            return await connection.fetch(query, *arguments)

    async def execute(self, statement: str, *arguments: object) -> None:
        async with self.connection() as connection:
            await connection.execute(statement, *arguments)

    async def run(self, function: Callable[..., Awaitable[T]], *arguments: Any, **options: Any) -> T:
        """Call a function that takes a connection first, in a transaction of its own."""
        async with self.transaction() as connection:
            return await function(connection, *arguments, **options)
