import importlib
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.contracts.messages import BY_TYPE
from shared.messaging.ticks import JOBS
from shared.messaging.topology import CONSUMERS

MESSAGE = re.compile(r"\b[a-z_]+\.[a-z_]+\b")


@pytest.fixture(scope="module")
def document(root: Path) -> str:
    return (root / "docs" / "architecture.md").read_text()


@pytest.fixture(scope="module")
def schema(root: Path) -> str:
    migrations = sorted((root / "shared/database/migrations").glob("*.sql"))
    return "\n".join(migration.read_text() for migration in migrations)


@dataclass(frozen=True)
class Row:
    """A row of the table of services. A consumer is a queue: the service's own name, or another one."""

    service: str
    consumer: str
    consumes: set[str]
    text: str

    @property
    def emits(self) -> set[str]:
        return set(MESSAGE.findall(self.text))


@pytest.fixture(scope="module")
def services(document: str) -> list[Row]:
    rows = re.findall(
        r"^\| ([a-z]+)(?:, queue `(\w+)`)? \| ?([a-z_., ]*) \| ?([^|]*) \|$",
        _section(document, "The parts"),
        re.MULTILINE,
    )
    return [
        Row(service, queue or service, set(MESSAGE.findall(consumes)), emits)
        for service, queue, consumes, emits in rows
        if service != "service"
    ]


def _out(service: str) -> set[str]:
    """The messages that the service's docstring names as its output."""
    described = importlib.import_module(f"services.{service}").__doc__ or ""
    return set(MESSAGE.findall(described.partition("Out:")[2].partition("Reads")[0].partition("Writes")[0]))


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


def test_the_table_of_services_is_the_topology(services: list[Row]) -> None:
    consumed = {row.consumer: row.consumes for row in services if row.consumes}
    assert consumed == {consumer: {_short(message.TYPE) for message in types} for consumer, types in CONSUMERS.items()}
    emitted = {name for row in services for name in row.emits}
    ticks = {_short(job.message.TYPE) for job in JOBS.values()}
    assert emitted | ticks == {_short(name) for name in BY_TYPE}


def test_each_service_emits_what_its_package_names(services: list[Row], root: Path) -> None:
    emitted: dict[str, set[str]] = {}
    for row in services:
        emitted.setdefault(row.service, set()).update(row.emits)
    assert emitted == {
        package.parent.name: _out(package.parent.name) for package in root.glob("services/*/__init__.py")
    }


def test_the_scheduler_emits_every_tick(services: list[Row]) -> None:
    [scheduler] = [row for row in services if row.service == "scheduler"]
    assert set(scheduler.text.removeprefix("the ticks: ").split(", ")) == set(JOBS)


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
