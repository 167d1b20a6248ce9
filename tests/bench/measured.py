"""One line of the bench table."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


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


def seconds_of(action: Callable[[], object], *, runs: int) -> float:
    """Median over some runs of the seconds that `action` takes."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return median(seconds)
