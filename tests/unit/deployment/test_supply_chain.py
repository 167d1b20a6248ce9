"""What the dependencies are, and what an audit of them says."""

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

FOUND = '{"auditReportVersion": 2, "vulnerabilities": {"left-pad": {}}}'
CLEAN = '{"auditReportVersion": 2, "vulnerabilities": {}}'
AWAY = '{"message": "405 Method Not Allowed"}'


def _command(folder: Path, name: str, output: str, code: int) -> str:
    file = folder / name
    file.write_text(f"#!/bin/sh\ncat <<'END'\n{output}\nEND\nexit {code}\n")
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize(
    ("uv", "npm", "code", "said"),
    [
        (0, (CLEAN, 0), 0, ["Python: no known vulnerability", "npm: no known vulnerability"]),
        (1, (CLEAN, 0), 1, ["Python: vulnerable", "npm: no known vulnerability"]),
        (0, (FOUND, 1), 1, ["Python: no known vulnerability", "left-pad", "npm: vulnerable"]),
        (0, (AWAY, 1), 2, ["Python: no known vulnerability", "npm: NOT AUDITED"]),
        (0, ("", 127), 2, ["npm: NOT AUDITED"]),
        (2, (CLEAN, 0), 2, ["Python: NOT AUDITED", "npm: no known vulnerability"]),
        (101, (CLEAN, 0), 2, ["Python: NOT AUDITED"]),
        (2, (FOUND, 1), 1, ["Python: NOT AUDITED", "npm: vulnerable"]),
        (1, (AWAY, 1), 1, ["Python: vulnerable", "npm: NOT AUDITED"]),
        (2, (AWAY, 1), 2, ["Python: NOT AUDITED", "npm: NOT AUDITED"]),
    ],
)
def test_an_audit_says_what_it_knows(
    root: Path, tmp_path: Path, uv: int, npm: tuple[str, int], code: int, said: list[str]
) -> None:
    commands = [_command(tmp_path, "uv", "", uv), _command(tmp_path, "npm", *npm)]
    ran = subprocess.run([root / ".ci/audit", *commands], capture_output=True, text=True, check=False)
    assert ran.returncode == code
    for part in said:
        assert part in ran.stdout


def test_the_document_of_the_python_dependencies_names_every_locked_one(root: Path) -> None:
    uv = root / ".tools/uv/bin/uv"
    arguments = ["export", "--frozen", "--all-extras", "--all-groups", "--format", "cyclonedx1.5", "--quiet"]
    ran = subprocess.run([uv, *arguments], cwd=root, env=os.environ, capture_output=True, text=True, check=True)
    document = json.loads(ran.stdout)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.5")
    named = {(one["name"], one["version"]) for one in document["components"]}
    locked = tomllib.loads((root / "uv.lock").read_text())["package"]
    required = {(one["name"], one.get("version")) for one in locked if "registry" in one["source"]}
    missing = {name for name, _ in required - named}
    assert not missing


def test_the_sites_image_has_a_node_that_is_still_supported(root: Path) -> None:
    base = re.search(r"^ARG BASE_IMAGE=\S+/node:(\d+)", (root / "web/Dockerfile").read_text(), re.MULTILINE)
    assert int(base[1]) >= 22
