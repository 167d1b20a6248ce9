"""Hot answers: prepared bytes, stamped with age and flags, behind strong ETags.

The stamp makes an answer's bytes differ from second to second, so the ETag ends in `.<age><flags>`: one tag,
one sequence of bytes. A tag whose first part still names what would be served now is answered 304 whatever
its age: the client's copy is as good as a new one, and the header says how old it has become.
"""

from __future__ import annotations

import orjson
from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from services.api.gateway import Gateway
from services.api.resident.facts import Generation
from services.api.resident.formats import Rendition
from services.api.resident.renditions import Deflated, Renditions

WORTH_COMPRESSING = 8 * 1024
NEGOTIATED = b"Accept, Accept-Encoding"
CACHE_CONTROL = b"public, max-age=5, stale-while-revalidate=30, stale-if-error=86400"


class Prepared(Response):
    """A response of ready chunks and ready headers; nothing is encoded or copied on the way."""

    def __init__(
        self,
        chunks: tuple[bytes, ...],
        headers: list[tuple[bytes, bytes]],
        status_code: int = 200,
        content_type: bytes = b"application/json",
    ) -> None:
        self.status_code = status_code
        self.background = None
        self.chunks = chunks
        self.body = b""
        if status_code == 200:
            length = sum(map(len, chunks))
            headers.append((b"content-length", b"%d" % length))
            headers.append((b"content-type", content_type))
        self.raw_headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        last = len(self.chunks) - 1
        if last < 0:
            await send({"type": "http.response.body", "body": b""})
        for place, chunk in enumerate(self.chunks):
            await send({"type": "http.response.body", "body": chunk, "more_body": place < last})


def stamped(request: Request, gateway: Gateway, generation: Generation, tag: str, body: bytes) -> Response:
    """200 with `{stamp + body`, or 304 when the client's copy has the same `tag`.

    `body` continues a JSON object after its first members and ends with the closing brace.
    """
    stamp, headers, known = _stamp(request, gateway, generation, tag, b"")
    if known:
        return Prepared((), headers, status_code=304)
    return Prepared((stamp + body,), headers)


async def stamped_large(
    request: Request,
    gateway: Gateway,
    generation: Generation,
    tag: str,
    body: bytes,
    renditions: Renditions,
    name: str,
    *,
    vary: bytes = b"Accept-Encoding",
) -> Response:
    """The same for a long body, which is compressed once, kept in `renditions`, for whoever accepts gzip."""
    encoding = b"gzip" if len(body) >= WORTH_COMPRESSING and accepts_gzip(request) else b""
    stamp, headers, known = _stamp(request, gateway, generation, tag, encoding)
    headers.append((b"vary", vary))
    if known:
        return Prepared((), headers, status_code=304)
    if not encoding:
        return Prepared((stamp, body), headers)
    deflated = await renditions.get(name, lambda: Deflated(body))
    headers.append((b"content-encoding", encoding))
    return Prepared(deflated.after(stamp), headers)


async def unstamped(
    request: Request, gateway: Gateway, generation: Generation, *, tag: str, rendition: Rendition
) -> Response:
    """A format without room for age and flags: the headers say them."""
    squeezed = rendition.compressible and accepts_gzip(request)
    age = gateway.current.age_seconds(generation.facts.as_of)
    etag = f'"{tag}.{"gzip" if squeezed else "plain"}"'
    headers = _headers(generation, age, gateway.current.flags(age), etag)
    headers.append((b"vary", NEGOTIATED))
    theirs = request.headers.get("if-none-match")
    if theirs is not None and _matching(theirs, tag, etag) is not None:
        return Prepared((), headers, status_code=304)
    headers.append((b"content-disposition", b'attachment; filename="%b"' % rendition.filename.encode()))
    content_type = rendition.content_type.encode()
    if not squeezed:
        return Prepared((rendition.body,), headers, content_type=content_type)
    deflated = await generation.renditions.get(f"{tag} deflated", lambda: Deflated(rendition.body))
    headers.append((b"content-encoding", b"gzip"))
    return Prepared(deflated.after(b""), headers, content_type=content_type)


def accepts_gzip(request: Request) -> bool:
    """Whether Accept-Encoding names gzip (or anything) without refusing it."""
    for part in request.headers.get("accept-encoding", "").split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _stamp(
    request: Request, gateway: Gateway, generation: Generation, tag: str, encoding: bytes
) -> tuple[bytes, list[tuple[bytes, bytes]], bool]:
    """The beginning of the body, the headers, and whether the client's copy still holds."""
    age = gateway.current.age_seconds(generation.facts.as_of)
    flags = gateway.current.flags(age)
    etag = f'"{tag}.{age}{"".join(flag[0] for flag in flags)}{encoding.decode()}"'
    theirs = request.headers.get("if-none-match")
    known = _matching(theirs, tag, etag) if theirs is not None else None
    headers = _headers(generation, age, flags, known or etag)
    return b'{"age_seconds":%d,"degraded":%b,' % (age, orjson.dumps(flags)), headers, known is not None


def _headers(generation: Generation, age: int, flags: tuple[str, ...], etag: str) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"etag", etag.encode("latin-1")),
        (b"cache-control", CACHE_CONTROL),
        (b"punkcast-generation", b"%d" % generation.facts.generation_id),
        (b"punkcast-age-seconds", b"%d" % age),
    ]
    if flags:
        headers.append((b"punkcast-degraded", ", ".join(flags).encode()))
    return headers


def _matching(theirs: str, tag: str, etag: str) -> str | None:
    """The client's tag that still holds (weak comparison, as If-None-Match asks)."""
    for candidate in theirs.split(","):
        found = candidate.strip().removeprefix("W/")
        if found == "*":
            return etag
        if found.startswith('"') and found.endswith('"') and found[1:-1].rpartition(".")[0] == tag:
            return found
    return None
