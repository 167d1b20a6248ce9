"""The nodes one may ask, with a short memory of who failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

FORGET_AFTER_S: Final = 30.0
"""So long a node that failed comes after the others."""
LARGEST_BATCH: Final = 100


@dataclass
class Endpoint:
    """One node: where it is, and what was seen of it lately. Times are seconds of a monotonic clock."""

    url: str
    checked: bool = False
    """It is on the chain that is wanted."""
    head: int = -1
    """The newest block it is known to have."""
    batch: int = LARGEST_BATCH
    """How many calls it takes in one request; 1 when it refuses batches."""
    failed_until: float = 0.0
    silent_until: float = 0.0
    """It asked to be left alone until then."""

    @property
    def name(self) -> str:
        """Its host: a key in the path or the query is nobody's business."""
        parts = urlsplit(self.url)
        return parts.netloc.rpartition("@")[2]

    def failed(self, now: float, *, wait_s: float | None) -> None:
        self.failed_until = now + FORGET_AFTER_S
        if wait_s is not None:
            self.silent_until = now + wait_s

    def worked(self) -> None:
        self.failed_until = 0.0

    def takes_smaller_batches(self) -> bool:
        """After it refused one: False when it refused a single call."""
        if self.batch == 1:
            return False
        # Most that refuse at all take none, or a round number such as 10.
        self.batch = 10 if self.batch > 10 else 1
        return True


def in_order(endpoints: Sequence[Endpoint], now: float) -> list[Endpoint]:
    """Whom to ask, best first: those that did not fail lately as given, then the others; no silent ones."""
    willing = [one for one in endpoints if one.silent_until <= now]
    return sorted(willing, key=lambda one: max(one.failed_until - now, 0.0))


def silence_s(endpoints: Sequence[Endpoint], now: float) -> float:
    """Seconds until the first of them may be asked again."""
    return max(min(one.silent_until for one in endpoints) - now, 0.0)
