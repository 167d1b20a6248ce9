"""One line of the bench table."""

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from shared.database.pool import Database


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


async def copy_seconds(database: Database, columns: int, body: bytes) -> float:
    """Seconds to COPY these lines of CSV into a table without keys, checks or indexes."""
    async with database.connection() as connection:
        await connection.execute(
            f"create temp table bare ({', '.join(f'c{number} text' for number in range(columns))})"
        )
        started = time.perf_counter()
        await connection.copy_to_table("bare", source=io.BytesIO(body), format="csv")
        seconds = time.perf_counter() - started
        await connection.execute("drop table bare")
        return seconds


def seconds_of(action: Callable[[], object], *, runs: int) -> float:
    """Median over some runs of the seconds that `action` takes."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return median(seconds)
