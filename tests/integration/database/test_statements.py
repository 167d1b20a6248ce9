"""Every SQL statement in the code is understood by PostgreSQL on the migrated schema.

The search covers two kinds: module-level constants named `…_SQL`, including composed ones, and
literals written into a call such as `connection.execute("…")`.
"""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import asyncpg
import pytest

import lab
import services
import shared
from shared.database.pool import Connection

CALLS = {"execute", "executemany", "fetch", "fetchrow", "fetchval", "cursor", "prepare"}


@dataclass(frozen=True)
class Statement:
    """Where it stands, and its text."""

    module: str
    name: str
    text: str


def modules() -> Iterator[ModuleType]:
    for package in (shared, services, lab):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(info.name)


def constants(module: ModuleType) -> Iterator[Statement]:
    for name, value in vars(module).items():
        if name.endswith("_SQL") and isinstance(value, str):
            yield Statement(module.__name__, name, value)


def calls(module: ModuleType) -> Iterator[tuple[int, ast.expr]]:
    """Line and first argument of each call that takes a statement."""
    assert module.__file__
    for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in CALLS
            and node.args
        ):
            yield node.lineno, node.args[0]


def literals(module: ModuleType) -> Iterator[Statement]:
    for line, argument in calls(module):
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield Statement(module.__name__, f"line {line}", argument.value)


ALL_MODULES = list(modules())
STATEMENTS = [statement for module in ALL_MODULES for statement in (*constants(module), *literals(module))]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: f"{s.module}:{s.name}")
async def test_the_statement_fits_the_schema(connection: Connection, statement: Statement) -> None:
    try:
        await connection.prepare(statement.text)
    except asyncpg.exceptions.PostgresError as error:
        pytest.fail(f"{statement.module}: {statement.name}: {error}", pytrace=False)


def test_statements_are_found() -> None:
    """Guards the search itself: an empty list would pass for ever."""
    packages = {statement.module.partition(".")[0] for statement in STATEMENTS}
    assert packages == {"shared", "services", "lab"}
    assert len(STATEMENTS) > 100


def test_a_statement_passed_by_name_is_named_so_that_it_is_found() -> None:
    unfound = [
        f"{module.__name__} line {line}: rename {argument.id} to {argument.id}_SQL"
        for module in ALL_MODULES
        for line, argument in calls(module)
        if isinstance(argument, ast.Name) and argument.id.isupper() and not argument.id.endswith("_SQL")
    ]
    assert not unfound, "\n".join(unfound)
