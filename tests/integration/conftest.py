"""Fixtures of several services."""

import pytest

from tests.factories.unsupported import Release


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Release:
    """The code that runs; at first it can serve every model."""
    return Release.deployed(monkeypatch)
