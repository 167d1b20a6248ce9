"""When to retry, and after which pause."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

WORTH_ANOTHER_TRY = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class Retries:
    """At most `tries` tries. Pauses double from `first_s` up to `longest_s`, with jitter.

    A `Retry-After` of up to `patience_s` replaces the pause; a longer one ends the tries.
    """

    tries: int = 4
    first_s: float = 0.5
    longest_s: float = 8.0
    patience_s: float = 60.0

    def pause(self, attempt: int, response: httpx.Response | None) -> float | None:
        """Seconds before the next try; None for no further try. `attempt` counts from 1."""
        if attempt >= self.tries or (response is not None and response.status_code not in WORTH_ANOTHER_TRY):
            return None
        retry_after_s = None if response is None else _retry_after(response)
        if retry_after_s is not None:
            return retry_after_s if retry_after_s <= self.patience_s else None
        return min(self.longest_s, self.first_s * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0)


def _retry_after(response: httpx.Response) -> float | None:
    """RFC 9110, 10.2.3: seconds, or a date."""
    text = response.headers.get("retry-after")
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
