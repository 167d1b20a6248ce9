"""Rate limits: fixed windows counted in this process, stated in every answer.

Headers as in draft-ietf-httpapi-ratelimit-headers-10. A failing limiter lets requests through and is counted: it must
not take down what it protects.

The notation is that of the `limits` library. Its in-memory storage is not used: it starts a timer thread on most hits,
measured at 25 to 45 µs a request, a quarter of a hot route's time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from time import time
from typing import Final

from limits import RateLimitItem, parse
from starlette.responses import Response
from starlette.types import Scope

from services.api.clients import client_in
from services.api.metrics import GatewayMetrics
from services.api.problems import problem_response
from shared.errors import InvalidInputError

UNLIMITED: Final = frozenset({"/livez", "/readyz", "/metrics"})
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OFF: Final = "off"


@dataclass(frozen=True)
class Quota:
    """`limit` requests in each window of `seconds`."""

    name: str
    limit: int
    seconds: int

    @classmethod
    def parse(cls, name: str, text: str) -> Quota | None:
        """From `600/minute` (the notation of the `limits` library); None for `off`.

        Raises:
            InvalidInputError: neither.
        """
        if text.strip().lower() == OFF:
            return None
        try:
            item: RateLimitItem = parse(text)
        except ValueError as error:
            raise InvalidInputError(
                f"rate limit {name}: {text!r} is not a rate limit; use the form 600/minute, or off"
            ) from error
        return cls(name, item.amount, item.get_expiry())

    @cached_property
    def wire_name(self) -> bytes:
        return self.name.encode()

    @cached_property
    def policy(self) -> bytes:
        return f'"{self.name}";q={self.limit};w={self.seconds}'.encode()


class Windows:
    """Requests of each client in the current window. All clients share the window, so that the next one begins with an
    empty table."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self._begins = self._ends = 0
        self._used: dict[str, int] = {}

    def hit(self, client: str, now: float) -> tuple[int, int]:
        """Requests of the client in this window, including this one, and seconds until the next window."""
        if not self._begins <= now < self._ends:
            self._begins = int(now) // self.quota.seconds * self.quota.seconds
            self._ends, self._used = self._begins + self.quota.seconds, {}
        used = self._used[client] = self._used.get(client, 0) + 1
        return used, self._ends - int(now)


class RateLimits:
    """Counts each client's requests, reads and writes apart; None: no limit."""

    def __init__(self, *, reading: Quota | None, writing: Quota | None, metrics: GatewayMetrics) -> None:
        self._reading = None if reading is None else Windows(reading)
        self._writing = None if writing is None else Windows(writing)
        self._metrics = metrics

    def count(self, scope: Scope) -> tuple[list[tuple[bytes, bytes]], Response | None]:
        """Headers for every answer, and the refusal of a request over the quota."""
        windows = self._reading if scope["method"] in _READING else self._writing
        if windows is None or scope["path"] in UNLIMITED:
            return [], None
        try:
            used, left_s = windows.hit(client_in(scope), time())
        except Exception:
            self._metrics.limiter_failures.inc()
            return [], None
        quota = windows.quota
        headers = [
            (b"ratelimit-policy", quota.policy),
            (b"ratelimit", b'"%b";r=%d;t=%d' % (quota.wire_name, max(0, quota.limit - used), left_s)),
        ]
        if used <= quota.limit:
            return headers, None
        self._metrics.limited.inc()
        refusal = problem_response(
            scope["path"],
            slug="rate-limited",
            status=429,
            detail=f"{quota.limit} requests in {quota.seconds} s are allowed; more in {left_s} s.",
            headers={"Retry-After": str(left_s)},
        )
        refusal.raw_headers.extend(headers)
        return headers, refusal
