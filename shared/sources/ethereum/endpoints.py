"""The nodes, and their recent failures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

FORGET_AFTER_S: Final = 30.0
"""After a failure, a node has the lowest priority for this long."""
LARGEST_BATCH: Final = 100


@dataclass
class Endpoint:
    """One node. Times are seconds of a monotonic clock.

    Attributes:
        checked: the node is on the right chain.
        head: the newest block that the node is known to have.
        batch: how many calls it accepts in one request; 1 if it refuses batches.
        failed_until: until then, other nodes are preferred.
        silent_until: the node asked for no requests until then.
    """

    url: str
    checked: bool = False
    head: int = -1
    batch: int = LARGEST_BATCH
    failed_until: float = 0.0
    silent_until: float = 0.0

    @property
    def name(self) -> str:
        """The host, without keys in path or query."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def failed(self, now: float, *, wait_s: float | None) -> None:
        self.failed_until = now + FORGET_AFTER_S
        if wait_s is not None:
            self.silent_until = now + wait_s

    def worked(self) -> None:
        self.failed_until = 0.0

    def takes_smaller_batches(self) -> bool:
        """Reduce the batch size after a refused batch; False if a single call was refused."""
        if self.batch == 1:
            return False
        # Most nodes with a limit accept no batches, or a round number of calls such as 10.
        self.batch = 10 if self.batch > 10 else 1
        return True


def in_order(endpoints: Sequence[Endpoint], now: float) -> list[Endpoint]:
    """The nodes to ask, without silent ones: first those without a recent failure, in the given order."""
    willing = [endpoint for endpoint in endpoints if endpoint.silent_until <= now]
    return sorted(willing, key=lambda endpoint: max(endpoint.failed_until - now, 0.0))


def silence_s(endpoints: Sequence[Endpoint], now: float) -> float:
    """Seconds until the first node may be asked again."""
    return max(min(endpoint.silent_until for endpoint in endpoints) - now, 0.0)
