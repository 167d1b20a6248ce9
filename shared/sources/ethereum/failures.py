"""Failures of a node, by remedy: a person, waiting, or a smaller request.

Only what needs a person or time is recognised by its words. Every other refusal may be a limit in words that nobody has
seen yet, so the caller makes the request smaller.
"""

import re
import time
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from shared.errors import PermanentError, TransientError

_SIZE: Final = re.compile(r"\b(block ?)?ranges?\b|\bblocks?\b|\bresults?\b|\blogs\b|\btoo (large|big|wide)\b", re.I)
_SLOW_DOWN: Final = re.compile(
    r"\brate\b|rate.?limit|too many requests|request count|requests per|calls per|per second|compute units|capacity"
    r"|throttl|quota|credits|slow down|back off|try again in",
    re.IGNORECASE,
)
_PRUNED: Final = re.compile(
    r"prun(ed|ing)|histor(y|ical) .*(not|un)[ -]?available|no histor"
    r"|(older|earlier|before|below) .{0,40}(earliest|oldest|available|retain|kept|stored)"
    r"|(earliest|oldest|first) available block",
    re.IGNORECASE,
)
_ARCHIVE: Final = re.compile(r"\barchive\b", re.IGNORECASE)
_MISSING: Final = re.compile(
    r"\bmethod\b.*(not (found|supported|available|allowed|exist|enabled|whitelisted)|unsupported|disabled)", re.I
)
_MISSING_CODES: Final = (-32601, -32004)
_PRUNED_CODE: Final = 4444
_FORBIDDEN: Final = (401, 402, 403)
_MAYBE_TOO_MUCH: Final = (400, 408, 413, 414, 422)
_AWAY: Final = (503, 521, 522, 523, 525, 526, 530)
_LONGEST_WAIT_S: Final = 120.0
_HEX_RANGE: Final = re.compile(r"\[\s*(0x[0-9a-f]+)\s*,\s*(0x[0-9a-f]+)\s*\]", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?<![\w.,-])(\d{1,3}(?:[,_]\d{3})+|\d+)(\s?k)?(?![\w.])", re.IGNORECASE)
_LARGEST_HINT: Final = 1_000_000


class NodeUnavailableError(TransientError):
    """No node gave a usable answer; nothing was stored."""


class TooMuchAtOnceError(TransientError):
    """Every node refuses a request that can be made smaller. `blocks`: a number of blocks that a node suggests."""

    def __init__(self, reason: str, *, blocks: int | None = None) -> None:
        super().__init__(reason)
        self.blocks = blocks


class RefusedError(TransientError):
    """A node refused a request, maybe for its size. `blocks`: the number of blocks that it suggests, if any."""

    def __init__(self, reason: str, *, blocks: int | None = None) -> None:
        super().__init__(reason)
        self.blocks = blocks


class AwayError(TransientError):
    """A node is not there, or behind: a smaller request does not help. `wait_s`: seconds that it asks to wait."""

    def __init__(self, reason: str, *, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class RateLimitedError(AwayError):
    """A node asks for fewer requests."""


class UnusableNodeError(PermanentError):
    """A configured node cannot serve: another chain, a wrong key, a missing method, or no old logs."""


class MissingMethodError(UnusableNodeError):
    """A node does not know the method."""


class PrunedHistoryError(UnusableNodeError):
    """A node keeps no logs of the blocks."""


def rpc_error(error: Any) -> TransientError | PermanentError:
    """The error for the error object of a JSON-RPC answer."""
    code, text = None, repr(error)
    if isinstance(error, dict):
        code, text = error.get("code"), str(error.get("message", error))
        if isinstance(error.get("data"), dict | str):
            text = f"{text} {error['data']}"
    said = f"{text[:300]} (code {code})"
    if code in _MISSING_CODES or _MISSING.search(text):
        return MissingMethodError(f"it lacks the method: {said}")
    blocks = suggested_blocks(text)
    if code == _PRUNED_CODE or _PRUNED.search(text) or (_ARCHIVE.search(text) and blocks is None):
        return PrunedHistoryError(
            f"it keeps no logs that old: {said}; take a provider with the full history, or `punkcast import` the "
            "earlier events first"
        )
    if _SLOW_DOWN.search(text) and not _SIZE.search(text):
        return RateLimitedError(said)
    return RefusedError(said, blocks=blocks)


def http_error(response: httpx.Response) -> TransientError | PermanentError:
    """The error for an answer with a status other than 200, which may hold a JSON-RPC error."""
    status, wait_s, said = response.status_code, retry_after_s(response), _body(response)
    found = None if said is None else rpc_error(said)
    limits_size = isinstance(found, RefusedError) and _SIZE.search(str(found)) is not None
    slow_down = isinstance(found, RateLimitedError) and status not in (401, 402)
    if slow_down or (status == 429 and not limits_size):
        return RateLimitedError(f"HTTP {status}: {found or 'too many requests'}", wait_s=wait_s)
    if status in _FORBIDDEN and not limits_size:
        words = f" It says: {found}" if found else ""
        return UnusableNodeError(f"HTTP {status}: is the URL, and the key in it, right?{words}")
    if found is not None:
        return found
    if status in _AWAY:
        return AwayError(f"HTTP {status}", wait_s=wait_s)
    if status >= 500 or status in _MAYBE_TOO_MUCH:
        return RefusedError(f"HTTP {status}", blocks=suggested_blocks(response.text[:2_000]))
    return UnusableNodeError(f"HTTP {status}: is the URL, and the key in it, right?")


def retry_after_s(response: httpx.Response) -> float | None:
    """Seconds until the time of the `Retry-After` header (a number or a date), at most two minutes."""
    value = response.headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
        except ValueError:
            return None
    return min(seconds, _LONGEST_WAIT_S) if seconds >= 0 else None


def suggested_blocks(text: str) -> int | None:
    """A number of blocks that the text of a refusal may suggest; None without a plausible number.

    Reads a range that should work (`[0x0, 0x9]`) and numbers such as `1000`, `10,000` and `2K`; of several, the
    smallest, because a text may repeat the size that was asked for.
    """
    if found := _HEX_RANGE.search(text):
        blocks = int(found[2], 16) - int(found[1], 16) + 1
        return blocks if 0 < blocks <= _LARGEST_HINT else None
    if not _SIZE.search(text):
        return None
    numbers = [
        int(re.sub(r"[,_]", "", digits)) * (1_000 if thousands else 1) for digits, thousands in _NUMBER.findall(text)
    ]
    return min((number for number in numbers if 1 < number <= _LARGEST_HINT), default=None)


def _body(response: httpx.Response) -> Any:
    """The error object in the body; None if there is none."""
    try:
        body = response.json()
    except ValueError:
        return None
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return None
    return body.get("error") or ({"message": body["message"]} if isinstance(body.get("message"), str) else None)
