"""The contracts of import-linter leave no package out."""

import tomllib
from pathlib import Path


def test_every_package_under_services_is_independent_by_contract(root: Path) -> None:
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [independent] = [contract["modules"] for contract in contracts if contract["type"] == "independence"]
    assert set(independent) == {
        f"services.{package.parent.name}" for package in (root / "services").glob("*/__init__.py")
    }
