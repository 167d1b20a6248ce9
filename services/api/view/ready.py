"""An answer that is ready to be sent: bytes, entity tag and headers, constant as long as the view is."""

from __future__ import annotations

import gzip
from datetime import datetime
from typing import NamedTuple

from services.api.view.records import GenerationRecord

Headers = list[tuple[bytes, bytes]]
JSON = b"application/json"
WORTH_COMPRESSING = 8 * 1024
GZIP_LEVEL = 6
CACHE_CONTROL = (b"cache-control", b"public, max-age=5, stale-while-revalidate=30, stale-if-error=86400")


class ReadyAnswer(NamedTuple):
    """`unchanged` are the headers of 304, `headers` those of 200. `negotiated`: the path has other media types than
    JSON. `route` is the path's template."""

    as_of: datetime
    etag: bytes
    unchanged: Headers
    headers: Headers
    body: bytes
    gzipped: ReadyAnswer | None = None
    negotiated: bool = False
    route: str = ""


def ready_answer(
    record: GenerationRecord,
    tag: str,
    body: bytes,
    *,
    media_type: bytes = JSON,
    filename: str | None = None,
    compress: bool = False,
    negotiated: bool = False,
) -> ReadyAnswer:
    """`tag` names the body's sources. `compress` compresses long bodies: in a thread, never on the event loop."""
    etag = b'"%b"' % tag.encode()
    head = [(b"etag", etag), CACHE_CONTROL, (b"punkcast-generation", b"%d" % record.generation_id)]
    entity = [(b"content-type", media_type), (b"content-length", b"%d" % len(body))]
    if compress or negotiated:
        head.append((b"vary", b"Accept, Accept-Encoding" if negotiated else b"Accept-Encoding"))
    if filename is not None:
        entity.append((b"content-disposition", b'attachment; filename="%b"' % filename.encode()))
    plain = ReadyAnswer(record.as_of, etag, list(head), head + entity, body, None, negotiated)
    if not compress or len(body) < WORTH_COMPRESSING:
        return plain
    squeezed = gzip.compress(body, GZIP_LEVEL, mtime=0)
    etag = b'"%b.gzip"' % tag.encode()
    head[0] = (b"etag", etag)
    entity[1] = (b"content-length", b"%d" % len(squeezed))
    headers = [*head, *entity, (b"content-encoding", b"gzip")]
    return plain._replace(gzipped=plain._replace(etag=etag, unchanged=head, headers=headers, body=squeezed))
