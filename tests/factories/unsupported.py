"""A release whose code cannot serve some model: its file is sound, `from_bytes` refuses it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared.errors import UnsupportedModelError
from shared.valuation.model import ValuationModel

WHY = "its format is of another release"


@dataclass
class Release:
    """The code that runs in a test; `cannot_serve` holds model ids, and may change while services run."""

    cannot_serve: set[str] = field(default_factory=set)

    @classmethod
    def deployed(cls, monkeypatch: pytest.MonkeyPatch) -> Release:
        release, read = cls(), ValuationModel.from_bytes.__func__  # type: ignore[attr-defined]

        def from_bytes(own: type[ValuationModel], body: bytes, **more: Any) -> ValuationModel:
            if ValuationModel.id_of(hashlib.sha256(body).hexdigest()) in release.cannot_serve:
                raise UnsupportedModelError(WHY)
            return read(own, body, **more)

        monkeypatch.setattr(ValuationModel, "from_bytes", classmethod(from_bytes))
        return release
