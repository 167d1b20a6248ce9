"""Sends pages: the conditional request, the encoding, and the headers that say age and flags."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from services.api.gateway import Gateway
from services.api.stale_cache import CachedAnswer
from services.api.view.current import DATABASE_AWAY, Current, View
from services.api.view.ready import Headers, Page


def answer(page: Page, asked: Mapping[bytes, bytes], current: Current) -> tuple[int, Headers, bytes]:
    """Status, headers and body for a request with the headers `asked`: 304 when the client's copy still holds."""
    if page.gzipped is not None and accepts_gzip(asked.get(b"accept-encoding", b"")):
        page = page.gzipped
    known = asked.get(b"if-none-match")
    if known is not None and _holds(known, page.etag):
        return 304, page.unchanged + current.headers(page.as_of), b""
    return 200, page.headers + current.headers(page.as_of), page.body


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


def page_response(request: Request, gateway: Gateway, page: Page) -> Response:
    """The page, as this request wants it."""
    return BytesResponse(*answer(page, dict(request.scope["headers"]), gateway.current))


def memoised(request: Request, gateway: Gateway, view: View, page: Page) -> Response:
    """The same. Without a query, the path is answered before any routing for as long as `view` is shown. Only for fixed
    paths: clients must not be able to fill the memory."""
    if not request.scope["query_string"]:
        view.keep(request.scope["path"], page._replace(route=request.scope["route"].path))
    return page_response(request, gateway, page)


def cached_response(answer: CachedAnswer, *, cache_control: str, database_away: bool) -> Response:
    """What a route has computed from the database, or last computed while that was there."""
    headers = {"Cache-Control": cache_control} | ({"Punkcast-Degraded": DATABASE_AWAY} if database_away else {})
    return Response(answer.body, media_type="application/json", headers=headers)
