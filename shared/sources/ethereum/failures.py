"""What can go wrong with a node, told apart by what helps: less at once, waiting, another node, or a person."""

from __future__ import annotations

import re
from typing import Any, Final

import httpx

from shared.errors import PermanentError, TransientError

# As providers word it; the codes say little (-32005 is both "too many results" and "slow down").
_TOO_MUCH: Final = re.compile(
    r"more than \d[\d,]* (results|logs|blocks)|too many (results|logs|blocks|events)|too large|too big|too wide"
    r"|block range|range limit|range is|limited to a|response size|(exceeds?|exceeded|exceeding|over) "
    r"(the )?(limit|max|maximum|allowed)|limit exceeded|time(d)?[ -]?out|deadline exceeded|reduce (the|your)",
    re.IGNORECASE,
)
_SLOW_DOWN: Final = re.compile(
    r"\brate\b|rate.?limit|too many requests|request count|requests per|compute units|capacity|throttl|quota|credits",
    re.IGNORECASE,
)
_MISSING_METHOD: Final = -32601
_LONGEST_WAIT_S: Final = 120.0


class NodeUnavailableError(TransientError):
    """No node gave an answer that could be used; nothing was stored."""


class TooMuchAtOnceError(TransientError):
    """A node refuses a request for its size, or takes too long over it: ask for less."""


class RefusedError(TransientError):
    """One node did not answer one request. `wait_s`: how long it wants to be left alone, if it said so."""

    def __init__(self, reason: str, *, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class UnusableNodeError(PermanentError):
    """A node of the settings cannot serve at all: another chain, a wrong key, a method it lacks."""


def rpc_error(error: Any, *, divisible: bool) -> TransientError | PermanentError:
    """The error object of a JSON-RPC answer; `divisible`: the request could be made smaller."""
    code, text = None, repr(error)
    if isinstance(error, dict):
        code, text = error.get("code"), str(error.get("message", error))
        if isinstance(error.get("data"), dict | str):
            text = f"{text} {error['data']}"
    text = f"{text[:200]} (code {code})"
    if _SLOW_DOWN.search(text):
        return RefusedError(text)
    if divisible and _TOO_MUCH.search(text):
        return TooMuchAtOnceError(text)
    if code == _MISSING_METHOD:
        return UnusableNodeError(f"it lacks the method: {text}")
    return RefusedError(text)


def http_error(response: httpx.Response, *, divisible: bool) -> TransientError | PermanentError:
    """An answer whose status is not 200. Some providers put a JSON-RPC error into it."""
    status = response.status_code
    if status == 429:
        return RefusedError("HTTP 429, it asks to be asked less often", wait_s=retry_after_s(response))
    if status >= 500 or status == 408:
        return RefusedError(f"HTTP {status}", wait_s=retry_after_s(response))
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict) and "error" in body:
        return rpc_error(body["error"], divisible=divisible)
    if status == 413:
        return TooMuchAtOnceError("HTTP 413, too much at once")
    return UnusableNodeError(f"HTTP {status}: is the URL, and the key in it, right?")


def retry_after_s(response: httpx.Response) -> float | None:
    """Seconds of the `Retry-After` header, at most two minutes; its date form counts as not given."""
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(seconds, _LONGEST_WAIT_S) if seconds >= 0 else None
