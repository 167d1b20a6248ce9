"""The nodes, and their recent failures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

FORGET_AFTER_S: Final = 30.0
"""After a failure, a node has the lowest priority for this long."""
LARGEST_BATCH: Final = 100
_TRY_MORE_AFTER: Final = 20


@dataclass
class Endpoint:
    """One node. Times are seconds of a monotonic clock.

    Attributes:
        checked: the node is on the right chain.
        proven: the node has answered the proof of old blocks.
        excluded: why the node is never asked; None for a node that may be asked.
        head: the newest block that the node is known to have.
        batch: how many calls it accepts in one request; 1 if it refuses batches.
        failed_until: until then, other nodes are preferred.
        silent_until: the node asked for no requests until then.
        last_error: what it did at its last failure; None after an answer.
        failures: number of failures since the start of the process.
    """

    url: str
    checked: bool = False
    proven: bool = False
    excluded: str | None = None
    head: int = -1
    batch: int = LARGEST_BATCH
    failed_until: float = 0.0
    silent_until: float = 0.0
    last_error: str | None = None
    failures: int = 0

    def __post_init__(self) -> None:
        self._next_turn = 0.0
        self._refused_batches = self._accepted = 0

    @property
    def name(self) -> str:
        """The host, without keys in path or query."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def failed(self, now: float, reason: str, *, wait_s: float | None) -> None:
        self.failed_until, self.last_error = now + FORGET_AFTER_S, reason
        self.failures += 1
        if wait_s is not None:
            self.silent_until = now + wait_s

    def worked(self) -> None:
        self.failed_until, self.last_error = 0.0, None

    def turn_s(self, now: float, calls: int, per_s: float | None) -> float:
        """Seconds until this number of calls may be sent, at this rate; counts them as sent."""
        if per_s is None:
            return 0.0
        turn = max(self._next_turn, now)
        self._next_turn = turn + calls / per_s
        return turn - now

    def takes_smaller_batches(self) -> None:
        """Reduce the batch size after a refused batch."""
        # Most nodes with a limit accept no batches, or a round number of calls such as 10.
        self.batch = 10 if self.batch > 10 else 1
        self._refused_batches, self._accepted = self._refused_batches + 1, 0

    def accepted(self, requests: int) -> None:
        """Try a larger batch now and then: ever more rarely, the more often one was refused."""
        self._accepted += requests
        if self.batch < LARGEST_BATCH and self._accepted >= _TRY_MORE_AFTER * 2**self._refused_batches:
            self.batch, self._accepted = (10 if self.batch < 10 else LARGEST_BATCH), 0


def in_order(endpoints: Sequence[Endpoint], now: float) -> list[Endpoint]:
    """The nodes to ask, without silent ones: first those without a recent failure, in the given order."""
    willing = [endpoint for endpoint in endpoints if endpoint.silent_until <= now]
    return sorted(willing, key=lambda endpoint: max(endpoint.failed_until - now, 0.0))


def silence_s(endpoints: Sequence[Endpoint], now: float) -> float:
    """Seconds until the first node may be asked again."""
    return max(min(endpoint.silent_until for endpoint in endpoints) - now, 0.0)
