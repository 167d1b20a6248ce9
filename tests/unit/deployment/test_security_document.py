"""The threat model names tests that exist, and every role and its secrets."""

import ast
import re
from pathlib import Path

from shared.database.roles import WRITES, role_of


def _tests(root: Path) -> set[str]:
    found = set()
    for file in (root / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found.add(node.name)
    return found


def test_every_threat_names_tests_that_exist(root: Path) -> None:
    page = (root / "docs/security.md").read_text()
    table = page.partition("\n## Threats\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 15
    tests = _tests(root)
    for threat, *held_by in rows:
        named = re.findall(r"`(test_\w+)`", " ".join(held_by))
        assert named, f"no test holds: {threat}"
        assert not set(named) - tests, f"{threat}: {set(named) - tests}"


def test_every_role_of_the_database_is_explained(root: Path) -> None:
    page = (root / "docs/security.md").read_text()
    assert not {role_of(service) for service in WRITES} - set(re.findall(r"`(punkcast_\w+)`", page))


def test_a_reader_finds_where_to_report(root: Path) -> None:
    assert "Report a vulnerability" in (root / "SECURITY.md").read_text()
