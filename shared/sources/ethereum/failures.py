"""Failures of a node, by remedy: a smaller request, waiting, another node, or a person."""

import re
from typing import Any, Final

import httpx

from shared.errors import PermanentError, TransientError

# The words of providers; error codes are ambiguous (-32005 is both "too many results" and "slow down").
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
    """No node gave a usable answer; nothing was stored."""


class TooMuchAtOnceError(TransientError):
    """A node refuses a request for its size, or takes too long: ask for less."""


class RefusedError(TransientError):
    """A node refused a request. `wait_s`: seconds that it asks to wait, if any."""

    def __init__(self, reason: str, *, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class UnusableNodeError(PermanentError):
    """A configured node cannot serve: another chain, a wrong key, or a missing method."""


def rpc_error(error: Any, *, divisible: bool) -> TransientError | PermanentError:
    """The error for the error object of a JSON-RPC answer; `divisible`: the request can be made smaller."""
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
    """The error for an answer with a status other than 200, which may hold a JSON-RPC error."""
    status = response.status_code
    if status == 429:
        return RefusedError("HTTP 429, too many requests", wait_s=retry_after_s(response))
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
    """Seconds of the `Retry-After` header, at most two minutes; None for a date."""
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(seconds, _LONGEST_WAIT_S) if seconds >= 0 else None
