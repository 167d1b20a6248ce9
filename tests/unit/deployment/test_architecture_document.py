import re
from pathlib import Path

import pytest

from shared.contracts.messages import BY_TYPE
from shared.messaging.ticks import JOBS
from shared.messaging.topology import CONSUMERS


@pytest.fixture(scope="module")
def document(root: Path) -> str:
    return (root / "docs" / "architecture.md").read_text()


@pytest.fixture(scope="module")
def schema(root: Path) -> str:
    migrations = sorted((root / "shared/database/migrations").glob("*.sql"))
    return "\n".join(migration.read_text() for migration in migrations)


def _section(document: str, heading: str) -> str:
    return document.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0]


def test_every_table_of_the_schema_has_its_place(document: str, schema: str) -> None:
    named = set(re.findall(r"`([a-z_]+)`", _section(document, "Tables")))
    created = set(re.findall(r"^create table (\w+)", schema, re.MULTILINE))
    # The migration runner makes its own.
    assert created | {"schema_migrations"} == named


def test_the_triggers_and_indexes_that_are_named_exist(document: str, schema: str) -> None:
    section = _section(document, "What must always hold")
    named = set(re.findall(r"(?:trigger|index) `(\w+)`", section))
    existing = set(re.findall(r"create (?:trigger|unique index) (\w+)", schema))
    assert len(named) > 5
    assert named <= existing


def test_the_table_of_services_is_the_topology(document: str) -> None:
    rows = re.findall(r"^\| (\w+) \| ?([a-z_., ]*) \| ([^|]+) \|$", _section(document, "The parts"), re.MULTILINE)
    consumed = {service: set(types.split(", ")) for service, types, _ in rows if "." in types}
    assert consumed == {consumer: {_short(message.TYPE) for message in types} for consumer, types in CONSUMERS.items()}
    emitted = {name for _, _, types in rows for name in re.findall(r"[a-z_]+\.[a-z_]+", types)}
    ticks = {_short(job.message.TYPE) for job in JOBS.values()}
    assert emitted | ticks == {_short(name) for name in BY_TYPE}


def test_the_states_of_a_model_are_those_the_schema_allows(document: str, schema: str) -> None:
    drawn = set(re.findall(r"^    (\w+) --> (\w+)", _section(document, "Life of a model"), re.MULTILINE))
    allowed = set(re.findall(r"'(\w+)>(\w+)'", schema))
    assert drawn == {(old, new) for old, new in allowed if new != "quarantined" or old == "rolled_back"}


def test_every_path_named_exists(document: str, root: Path) -> None:
    named = set(re.findall(r"`((?:services|shared|k8s|docs)/[\w./]+)`", document))
    assert len(named) > 10
    assert [path for path in sorted(named) if not (root / path).exists()] == []


def _short(name: str) -> str:
    return name.removeprefix("punkcast.").removesuffix(".v1")
