import re
import subprocess
import sys
import textwrap
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from tests.unit.deployment.manifests import WORKERS

# Refuses the import of anything the image would not hold, then loads the service's entry.
LOAD = textwrap.dedent("""
    import importlib
    import pkgutil
    import sys
    from importlib.abc import MetaPathFinder

    absent = set(sys.argv[2].split(","))

    class Absent(MetaPathFinder):
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in absent:
                raise ModuleNotFoundError(f"No module named {name!r} in this image")

    sys.meta_path.insert(0, Absent())
    __import__(f"services.{sys.argv[1]}.__main__")
    if sys.argv[1] == "cli":  # which imports a command when it is chosen
        for found in pkgutil.walk_packages(["services/cli"], "services.cli."):
            importlib.import_module(found.name)
        importlib.import_module("services.embedded")
""")


@pytest.fixture(scope="module")
def lock(root: Path) -> dict[str, dict[str, Any]]:
    packages = tomllib.loads((root / "uv.lock").read_text())["package"]
    return {package["name"]: package for package in packages}


def installed(lock: dict[str, dict[str, Any]], extra: str) -> set[str]:
    """The distributions of an image: what the project and `extra` ask for, and what those ask for in turn."""
    found: set[str] = set()
    waiting = [("punkcast", ()), ("punkcast", (extra,))]
    while waiting:
        name, extras = waiting.pop()
        package = lock[name]
        found.add(name)
        wanted = list(package.get("dependencies", [])) if not extras else []
        for chosen in extras:
            wanted += package.get("optional-dependencies", {}).get(chosen, [])
        for one in wanted:
            for step in [(one["name"], ()), *((one["name"], (e,)) for e in one.get("extra", []))]:
                if step[0] not in found or step[1]:
                    waiting.append(step)
    return found


@pytest.mark.parametrize("service", [*WORKERS, "api", "scheduler", "cli"])
def test_a_service_loads_with_its_own_extra_alone(lock: dict[str, dict[str, Any]], root: Path, service: str) -> None:
    present = installed(lock, service)
    absent = {
        module
        for module, distributions in packages_distributions().items()
        if not {re.sub(r"[-_.]+", "-", one).lower() for one in distributions} & present and module.isidentifier()
    }
    assert "pytest" in absent
    ran = subprocess.run(
        [sys.executable, "-c", LOAD, service, ",".join(sorted(absent))],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-1500:]


def test_importing_the_gateway_loads_neither_the_model_library_nor_tables(root: Path) -> None:
    code = "import sys, services.api.__main__; print(sorted({'xgboost', 'polars', 'aioboto3'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_smallest_image_holds_no_model_library(lock: dict[str, dict[str, Any]]) -> None:
    assert not installed(lock, "scheduler") & {"xgboost", "polars", "numpy", "aioboto3", "fastapi"}
    assert {"xgboost", "polars", "aioboto3"} <= installed(lock, "nowcaster")
