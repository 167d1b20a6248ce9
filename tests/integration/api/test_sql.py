"""Every statement of the gateway against the migrated schema."""

import importlib
import pkgutil

import pytest

from services.api import repositories
from shared.database.pool import Database


def statements() -> list[tuple[str, str]]:
    found = []
    for module in pkgutil.iter_modules(repositories.__path__):
        loaded = importlib.import_module(f"{repositories.__name__}.{module.name}")
        for name, value in vars(loaded).items():
            if name.endswith("_SQL"):
                found.append((f"{module.name}.{name}", value))
    return found


def test_there_are_statements_to_prepare() -> None:
    assert len(statements()) > 20


@pytest.mark.parametrize("statement", [sql for _, sql in statements()], ids=[name for name, _ in statements()])
async def test_prepares_on_the_migrated_schema(database: Database, statement: str) -> None:
    async with database.connection() as connection:
        await connection.prepare(statement)
