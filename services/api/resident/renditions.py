"""What is made once from something immutable and kept as long as that lives: other formats, compressed bodies."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import Any, TypeVar, cast

Made = TypeVar("Made")
LEVEL = 6
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


class Renditions:
    """By name. Several who ask at once wait for the same thread's work."""

    def __init__(self) -> None:
        self._made: dict[str, asyncio.Future[Any]] = {}

    async def get(self, name: str, make: Callable[[], Made]) -> Made:
        """What `make` returns, run in a thread the first time."""
        found = self._made.get(name)
        if found is None:
            found = asyncio.ensure_future(asyncio.to_thread(make))
            self._made[name] = found
        try:
            # Shielded: a client that hangs up must not undo what others wait for.
            return cast(Made, await asyncio.shield(found))
        except BaseException:
            if found.done() and (found.cancelled() or found.exception() is not None):
                self._made.pop(name, None)
            raise


class Deflated:
    """A long body, compressed once, that can follow any short beginning within one gzip stream.

    The beginning goes as a stored block, the body as blocks of its own; only the checksum is over both.
    """

    def __init__(self, body: bytes) -> None:
        squeeze = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._body = body
        self._blocks = squeeze.compress(body) + squeeze.flush()
        self._last: tuple[bytes | None, bytes] = (None, b"")

    def after(self, beginning: bytes) -> tuple[bytes, bytes, bytes]:
        """The gzip stream of `beginning` (up to 65,535 bytes) and the body, in three pieces."""
        length = len(beginning)
        stored = b"\x00" + length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little") + beginning
        return _HEADER + stored, self._blocks, self._trailer(beginning)

    def _trailer(self, beginning: bytes) -> bytes:
        known, trailer = self._last
        if known != beginning:
            # Over the whole body, but only once for each second of age.
            checksum = zlib.crc32(self._body, zlib.crc32(beginning))
            trailer = checksum.to_bytes(4, "little") + ((len(beginning) + len(self._body)) & 0xFFFFFFFF).to_bytes(
                4, "little"
            )
            self._last = (beginning, trailer)
        return trailer
