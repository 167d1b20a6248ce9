"""The last good answer of a route that reads the database, served while the database is unreachable."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CachedAnswer:
    """A rendered body, a fingerprint of its source data, and its instant."""

    fingerprint: str
    body: bytes
    at: datetime


class StaleCache:
    """A few answers by key; the least recently used is evicted first."""

    def __init__(self, capacity: int = 64) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[str, CachedAnswer] = OrderedDict()

    def get(self, key: str) -> CachedAnswer | None:
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def put(self, key: str, answer: CachedAnswer) -> None:
        self._answers[key] = answer
        self._answers.move_to_end(key)
        while len(self._answers) > self._capacity:
            self._answers.popitem(last=False)
