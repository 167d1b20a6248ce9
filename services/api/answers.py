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

CACHE_CONTROL = b"public, max-age=5, stale-while-revalidate=30, stale-if-error=86400"


class Prepared(Response):
    """A response of ready chunks and ready headers; nothing is encoded or copied on the way."""

    def __init__(self, chunks: tuple[bytes, ...], headers: list[tuple[bytes, bytes]], status_code: int = 200) -> None:
        self.status_code = status_code
        self.background = None
        self.chunks = chunks
        self.body = b""
        if status_code == 200:
            length = sum(map(len, chunks))
            headers.append((b"content-length", b"%d" % length))
            headers.append((b"content-type", b"application/json"))
        self.raw_headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        last = len(self.chunks) - 1
        if last < 0:
            await send({"type": "http.response.body", "body": b""})
        for place, chunk in enumerate(self.chunks):
            await send({"type": "http.response.body", "body": chunk, "more_body": place < last})


def stamped(request: Request, gateway: Gateway, generation: Generation, tag: str, *chunks: bytes) -> Response:
    """200 with `{stamp + chunks`, or 304 when the client's copy has the same `tag`.

    `chunks` continue a JSON object after its first members and end with the closing brace.
    """
    facts = generation.facts
    age = gateway.current.age_seconds(facts.as_of)
    flags = gateway.current.flags(age)
    etag = f'"{tag}.{age}{"".join(flag[0] for flag in flags)}"'
    theirs = request.headers.get("if-none-match")
    known = _matching(theirs, tag, etag) if theirs is not None else None
    headers = [
        (b"etag", (known or etag).encode("latin-1")),
        (b"cache-control", CACHE_CONTROL),
        (b"punkcast-generation", b"%d" % facts.generation_id),
        (b"punkcast-age-seconds", b"%d" % age),
    ]
    if flags:
        headers.append((b"punkcast-degraded", ", ".join(flags).encode()))
    if known is not None:
        return Prepared((), headers, status_code=304)
    stamp = b'{"age_seconds":%d,"degraded":%b,' % (age, orjson.dumps(flags))
    first, *rest = chunks
    return Prepared((stamp + first, *rest), headers)


def _matching(theirs: str, tag: str, etag: str) -> str | None:
    """The client's tag that still holds (weak comparison, as If-None-Match asks)."""
    for candidate in theirs.split(","):
        found = candidate.strip().removeprefix("W/")
        if found == "*":
            return etag
        if found.startswith('"') and found.endswith('"') and found[1:-1].rpartition(".")[0] == tag:
            return found
    return None
