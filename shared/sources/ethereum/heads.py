"""New heads of the chain: announced over WebSocket, or found by asking."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from math import inf
from typing import Final
from urllib.parse import urlsplit

import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from shared.errors import PunkcastError, TransientError
from shared.sources.ethereum.answers import Header

log = structlog.get_logger(__name__)

SILENT_S: Final = 60.0
"""A connection without a head for this long counts as broken; mainnet has a block every 12 s."""
AGAIN_S: Final = 30.0
"""After a failure, the nodes are asked for this long before the next connection."""
LAGS: Final = 8
LAG_S: Final = 0.25
"""A block may be announced before the node that is asked has it. So often, with these pauses, it is read again."""
_SUBSCRIBE: Final = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]})


class SilentError(TransientError):
    """A node announces no heads."""


@dataclass
class Heads:
    """Follows the newest block.

    Attributes:
        newest: asks the nodes for the newest block.
        seen: the newest block that the last pull saw.
        sockets: ws:// and wss:// URLs of nodes that announce heads, in the order of preference.
        poll_s: pause between two questions, while no node announces; 0 asks never.
    """

    newest: Callable[[], Awaitable[Header]]
    seen: Callable[[], int]
    sockets: Sequence[str]
    poll_s: float

    async def follow(self) -> AsyncGenerator[None]:
        """Yields at the start, and whenever the newest block may be another one. Ends if there is nothing to follow."""
        broken: set[str] = set()
        while self.sockets or self.poll_s:
            for url in self.sockets:
                try:
                    async with aclosing(_announced(url)) as announced:
                        async for number in announced:
                            broken.discard(url)
                            for _ in range(LAGS):
                                yield
                                if self.seen() >= number:
                                    break
                                await asyncio.sleep(LAG_S)
                except (OSError, WebSocketException, SilentError, ValueError, LookupError, TypeError) as error:
                    if url not in broken:
                        # Without the rest of the URL, which may contain a key.
                        reason = f"{type(error).__name__}: {error}".replace(url, "its URL")
                        log.warning("heads.not_announced", node=urlsplit(url).hostname, reason=reason)
                    broken.add(url)
            async with aclosing(self._asked(AGAIN_S if self.sockets else inf)) as asked:
                async for _ in asked:
                    yield

    async def _asked(self, seconds: float) -> AsyncGenerator[None]:
        until, seen, waiting = time.monotonic() + seconds, "", False
        if not self.poll_s:
            await asyncio.sleep(seconds)
        while time.monotonic() < until:
            try:
                head = await self.newest()
            except PunkcastError as error:
                if not waiting:
                    log.warning("heads.waiting", reason=str(error))
                waiting = True
            else:
                if waiting:
                    log.info("heads.again", block=head.number)
                waiting = False
                if head.hash != seen:
                    seen = head.hash
                    yield
            await asyncio.sleep(self.poll_s)


async def _announced(url: str) -> AsyncGenerator[int]:
    """The number of each announced block, and -1 when the subscription begins. Raises when the connection ends."""
    async with connect(url) as socket:
        await socket.send(_SUBSCRIBE)
        while True:
            try:
                async with asyncio.timeout(SILENT_S):
                    message = json.loads(await socket.recv())
            except TimeoutError as error:
                raise SilentError(f"no head within {SILENT_S:g} s") from error
            if not isinstance(message, dict) or "error" in message:
                raise SilentError(f"it refuses to announce heads: {str(message)[:200]}")
            yield int(message["params"]["result"]["number"], 16) if "params" in message else -1
