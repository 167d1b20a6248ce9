"""One line of the bench table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """A figure beside the bare limit of the same run, both in `unit`."""

    name: str
    value: float
    unit: str
    limit: float

    @property
    def ratio(self) -> float:
        return self.value / self.limit

    def as_json(self) -> dict[str, str | float]:
        return {"name": self.name, "value": self.value, "unit": self.unit, "limit": self.limit, "ratio": self.ratio}
