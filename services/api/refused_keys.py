"""Refused API keys: counted by kind, logged, and limited by address, because whoever tries many is guessing."""

from time import time
from typing import Literal

import structlog

from services.api.metrics import GatewayMetrics
from services.api.problems import TooManyRefusedError
from services.api.rate_limits import Quota, Windows

log = structlog.get_logger(__name__)
Refusal = Literal["missing", "malformed", "unknown", "revoked", "expired"]


class RefusedKeys:
    """After `quota` refused keys in a window, an address gets 429 for every key until the window ends.

    None: no limit. The first refusal of an address in a window is logged, and the last one before the limit.
    """

    def __init__(self, quota: Quota | None, metrics: GatewayMetrics) -> None:
        self._windows = None if quota is None else Windows(quota)
        self._metrics = metrics
        self._shut_out: set[str] = set()
        self._until = 0.0

    def check(self, client: str) -> None:
        """Raises TooManyRefusedError: the address tries no further keys in this window."""
        if time() >= self._until:
            self._shut_out.clear()
        if client in self._shut_out:
            raise TooManyRefusedError(
                f"Too many keys from this address were refused; try again in {self._until - time():.0f} s."
            )

    def note(self, client: str, kind: Refusal) -> None:
        """Count a refusal. A request without a key guesses nothing, so that it counts towards no limit."""
        self._metrics.refused_keys.labels(kind).inc()
        if self._windows is None or kind == "missing":
            return
        now = time()
        used, left_s = self._windows.hit(client, now)
        shut_out = used >= self._windows.quota.limit
        if shut_out:
            self._shut_out.add(client)
            self._until = now + left_s
        if used == 1 or shut_out:
            log.warning("key_refused", address=client, kind=kind, shut_out=shut_out)
