"""Sends ready answers: the conditional request, the encoding, and the headers that say age and flags."""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from services.api.gateway import Gateway
from services.api.problems import DATABASE_ERRORS
from services.api.stale_cache import CachedAnswer
from services.api.view.current import DATABASE_AWAY, Current, View
from services.api.view.ready import Headers, ReadyAnswer

SAFE: Headers = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
"""Headers of every answer, of problems, too."""

TRANSPORT = "punkcast.transport"
"""The scope's extension through which a route ends a connection whose reader has stopped."""


def conditional(ready: ReadyAnswer, asked: Mapping[bytes, bytes], current: Current) -> tuple[int, Headers, bytes]:
    """Status, headers and body for a request with the headers `asked`: 304 when the client's copy still holds."""
    if ready.gzipped is not None and accepts_gzip(asked.get(b"accept-encoding", b"")):
        ready = ready.gzipped
    known = asked.get(b"if-none-match")
    if known is not None and _holds(known, ready.etag):
        return 304, ready.unchanged + current.headers(ready.as_of), b""
    return 200, ready.headers + current.headers(ready.as_of), ready.body


def accepts_gzip(accept_encoding: bytes) -> bool:
    """Whether the header names gzip (or anything) without refusing it."""
    for part in accept_encoding.split(b","):
        name, _, weight = part.partition(b";")
        if name.strip().lower() in (b"gzip", b"*"):
            return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


def _holds(known: bytes, etag: bytes) -> bool:
    """Weak comparison, as If-None-Match asks."""
    return known == etag or any(one.strip().removeprefix(b"W/") in (etag, b"*") for one in known.split(b","))


class BytesResponse(Response):
    """Ready bytes under ready headers: nothing is encoded or copied on the way."""

    def __init__(self, status_code: int, headers: Headers, body: bytes) -> None:
        self.status_code = status_code
        self.background = None
        self.raw_headers = headers
        self.body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


def respond(request: Request, gateway: Gateway, ready: ReadyAnswer) -> Response:
    """The answer that this request asks for."""
    return BytesResponse(*conditional(ready, dict(request.scope["headers"]), gateway.current))


def memoised(request: Request, gateway: Gateway, view: View, ready: ReadyAnswer) -> Response:
    """The answer that this request asks for.

    Without a query, `Front` answers the path before any routing while `view` is shown. Only for fixed paths: clients
    must not be able to fill the memory.
    """
    if not request.scope["query_string"]:
        view.keep(request.scope["path"], ready._replace(route=request.scope["route"].path))
    return respond(request, gateway, ready)


async def fresh_or_stale(
    gateway: Gateway, key: str, current: Callable[[CachedAnswer | None], Awaitable[CachedAnswer]], *, cache_control: str
) -> tuple[CachedAnswer, Response]:
    """What `current` makes of the answer cached under `key`; while the database is away, the cached answer as it is."""
    known = gateway.stale_cache.get(key)
    headers = {"Cache-Control": cache_control}
    try:
        answer = await current(known)
    except DATABASE_ERRORS:
        if known is None:
            raise
        answer = known
        headers["Punkcast-Degraded"] = DATABASE_AWAY
    else:
        gateway.stale_cache.put(key, answer)
    return answer, Response(answer.body, media_type="application/json", headers=headers)
