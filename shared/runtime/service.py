"""What a service is to the process that runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from shared.messaging.bus import Subscription
from shared.runtime.platform import Platform


class Service(Protocol):
    """Built by `services/<name>/bootstrap.py` from a platform."""

    @property
    def name(self) -> str: ...

    def subscriptions(self) -> Sequence[Subscription]:
        """What it listens to; empty for a service that only acts by itself."""

    async def background(self) -> None:
        """Loops besides consuming. Ends when cancelled; returns at once when there are none."""

    async def drain(self) -> None:
        """Do what is due now and return (`--once`, for CronJobs)."""


Build = Callable[[Platform], Service]
