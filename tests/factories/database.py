"""The pool that tests get: a statement or a call needs no connection of its own."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg

from shared.database import pool

T = TypeVar("T")


async def ask(url: str, statement: str, *arguments: object) -> Any:
    """The value that a statement returns, by a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement, *arguments)
    finally:
        await connection.close()


class Database(pool.Database):
    """As the platform's, with short ways to the tables."""

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
