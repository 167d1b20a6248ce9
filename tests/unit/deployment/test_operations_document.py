import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import pytest
from pydantic import SecretStr

from services.cli.app import COMMANDS
from shared.contracts.envelope import decode
from shared.contracts.messages import TrainingRequested
from shared.messaging.amqp_layout import Layout
from shared.messaging.bus import RETRY_DELAYS
from shared.settings import Settings


@pytest.fixture(scope="module")
def document(root: Path) -> str:
    return (root / "docs" / "operations.md").read_text()


def test_the_table_has_each_setting_once_with_its_default(document: str) -> None:
    rows = re.findall(r"^\| `(PUNKCAST_[A-Z_]+)` \| (.*?) \| (.+) \|$", document, re.MULTILINE)
    listed = {name: default.strip("` ") for name, default, _ in rows}
    assert len(rows) == len(listed)
    expected = {
        f"PUNKCAST_{name.upper()}": str(field.default).lower() if field.default is None else str(field.default)
        for name, field in Settings.model_fields.items()
    }
    assert listed == expected
    assert not any(isinstance(field.default, SecretStr) for field in Settings.model_fields.values())


def test_the_program_shown_publishes_a_valid_training_request(document: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = re.search(r"```python\n(.+?)```", document, re.DOTALL)
    sent: list[tuple[str, str, str]] = []

    class Connection:
        """And its only channel."""

        def __init__(self, url: str) -> None:
            assert url.startswith("amqp://")

        def channel(self) -> Self:
            return self

        def basic_publish(self, exchange: str, routing_key: str, body: str, *, mandatory: bool) -> None:
            assert mandatory
            sent.append((exchange, routing_key, body))

        def confirm_delivery(self) -> None: ...

        def close(self) -> None: ...

    pika: Any = ModuleType("pika")
    pika.BlockingConnection, pika.URLParameters = Connection, str
    monkeypatch.setitem(sys.modules, "pika", pika)
    exec(program[1], {})
    [(exchange, routing_key, body)] = sent
    assert exchange == Layout(Settings.model_fields["broker_prefix"].default, RETRY_DELAYS).requests
    assert routing_key == TrainingRequested.TYPE
    assert decode(body.encode()).data == TrainingRequested(reason="new trait premium", requested_by="me")


def test_the_shell_line_shown_is_a_valid_training_request(document: str) -> None:
    line = re.search(r'payload="(.+)"$', document, re.MULTILINE)
    body = line[1].replace('\\"', '"')
    body = body.replace("$(cat /proc/sys/kernel/random/uuid)", "7e6f0d4e-52f4-4c1c-9f8f-0e6f6a1d8a55")
    body = body.replace("$(date -u +%FT%TZ)", "2026-01-31T12:00:00Z")
    assert decode(body.encode()).data == TrainingRequested(reason="new trait premium", requested_by="me")


def test_every_metric_named_is_one_we_count(document: str, root: Path) -> None:
    watched = document[document.index("## What to watch") :]
    named = set(re.findall(r"^\| `(punkcast_\w+)`", watched, re.MULTILINE))
    code = "".join(file.read_text() for part in ("shared", "services") for file in (root / part).rglob("metrics.py"))
    assert len(named) > 4
    assert named <= set(re.findall(r'"(punkcast_\w+)"', code))


def test_every_command_shown_exists(document: str) -> None:
    commands = set(re.findall(r"(?:`|^|migrate )(?:punkcast )([a-z][a-z-]+)", document, re.MULTILINE))
    assert {"dead-letters", "migrate", "keys"} <= commands
    assert commands <= set(COMMANDS.commands)


def test_links_lead_somewhere(root: Path) -> None:
    for page in (root / "docs").rglob("*.md"):
        text = page.read_text()
        fragments = {
            re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        }
        for target in re.findall(r"\]\(([^)]+)\)", text):
            file, _, fragment = target.partition("#")
            if file.startswith("http"):
                continue
            assert (page.parent / file).exists(), f"{page.name}: {target}"
            assert file or fragment in fragments, f"{page.name}: {target}"
