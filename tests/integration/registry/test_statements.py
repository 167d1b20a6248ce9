"""PostgreSQL prepares every statement: tables, columns and types are what the code believes."""

from __future__ import annotations

from types import ModuleType

import pytest

from services.monitor import repository
from shared.database.pool import Connection
from shared.registry import (
    audit,
    decisions,
    freezes,
    lineage,
    models,
    pointer,
    promotions,
    sequential,
    shadows,
    training_requests,
)

MODULES = (
    audit,
    decisions,
    freezes,
    lineage,
    models,
    pointer,
    promotions,
    repository,
    sequential,
    shadows,
    training_requests,
)


def statements(module: ModuleType) -> list[tuple[str, str]]:
    return [(f"{module.__name__}.{name}", text) for name, text in vars(module).items() if name.endswith("_SQL")]


@pytest.mark.parametrize(("name", "text"), [one for module in MODULES for one in statements(module)])
async def test_postgres_prepares_it(connection: Connection, name: str, text: str) -> None:
    await connection.prepare(text)


@pytest.mark.parametrize("module", MODULES)
def test_every_repository_has_statements(module: ModuleType) -> None:
    assert statements(module)
