"""The first stop of every request: count it, limit it, and answer it when the view has a ready answer for its path.

Routing and parameters in FastAPI cost several times what such an answer costs. The FastAPI routes document the same
answers, make the missing ones, and answer everything else.
"""

from collections.abc import Callable, Mapping
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.metrics import GatewayMetrics
from services.api.rate_limits import RateLimits
from services.api.responses import SAFE, conditional
from services.api.view.current import Current, View
from services.api.view.ready import Headers, ReadyAnswer

AnswerOf = Callable[[View, str], ReadyAnswer | None]
_JSON = frozenset({b"", b"*/*", b"application/json"})


class Front:
    """`members` makes the answer of a path below a collection, such as `/v1/punks`; None leaves it to `app`."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        current: Current,
        metrics: GatewayMetrics,
        limits: RateLimits,
        members: Mapping[str, AnswerOf],
    ) -> None:
        self._app = app
        self._current = current
        self._metrics = metrics
        self._limits = limits
        self._members = members

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        quota, refusal = self._limits.count(scope)
        headers = SAFE + quota
        if refusal is not None:
            refusal.raw_headers.extend(SAFE)
            await refusal(scope, receive, send)
            self._metrics.observe("unmatched", refusal.status_code, perf_counter() - started)
            return
        method: str = scope["method"]
        try:
            ready = self._ready(scope) if method in ("GET", "HEAD") else None
        except Exception:
            ready = None  # It fails in the route, too, which answers with a problem.
        if ready is not None:
            route, status, constant, body = ready
            await send({"type": "http.response.start", "status": status, "headers": constant + headers})
            await send({"type": "http.response.body", "body": body if method == "GET" else b""})
            self._metrics.observe(route, status, perf_counter() - started)
            return
        if method == "HEAD":
            scope = {**scope, "method": "GET", "head": True}
        status = 500

        async def passed_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *headers]
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._app(scope, receive, passed_on)
        finally:
            # Templates, never paths: a path is the client's text and would make unbounded series.
            route = getattr(scope.get("route"), "path", "unmatched")
            self._metrics.observe(route, status, perf_counter() - started)

    def _ready(self, scope: Scope) -> tuple[str, int, Headers, bytes] | None:
        """Route, status, headers and body; None when no answer is ready for the path or the headers."""
        view, path = self._current.view, scope["path"]
        if view is None or scope["query_string"]:
            return None
        ready = view.answers.get(path)
        if ready is None:
            collection, _, name = path.rpartition("/")
            make = self._members.get(collection)
            ready = None if make is None else make(view, name)
            if ready is None:
                return None
        asked = dict(scope["headers"])
        if ready.negotiated and asked.get(b"accept", b"") not in _JSON:
            return None
        return ready.route, *conditional(ready, asked, self._current)
