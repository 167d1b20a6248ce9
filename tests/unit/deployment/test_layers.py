import importlib
import re
import tomllib
from pathlib import Path

import pytest

from shared.messaging.topology import CONSUMERS

SERVICES = {"webhooks": "notifier", "alerts": "notifier", "backtests": "backtester", "retention": "nowcaster"}
"""Of the consumers whose queue has another name."""


def test_every_package_under_services_is_independent_by_contract(root: Path) -> None:
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [independent] = [contract["modules"] for contract in contracts if contract["type"] == "independence"]
    packages = (root / "services").glob("*/__init__.py")
    assert set(independent) == {f"services.{package.parent.name}" for package in packages}


@pytest.mark.parametrize("service", sorted({SERVICES.get(consumer, consumer) for consumer in CONSUMERS}))
def test_a_services_package_names_what_it_consumes(service: str) -> None:
    described = importlib.import_module(f"services.{service}").__doc__ or ""
    consumed = {
        message.TYPE.removeprefix("punkcast.").removesuffix(".v1")
        for consumer, messages in CONSUMERS.items()
        if SERVICES.get(consumer, consumer) == service
        for message in messages
    }
    incoming = described.partition("In:")[2].partition("Out:")[0]
    assert set(re.findall(r"`([a-z_.]+)`", incoming)) == consumed
