"""HTTP/1.1 with bounds: what heads and bodies may have, how long they may take, and how many connections there may be.

uvicorn has none of these bounds, and an application sees only what has arrived. A refusal is a problem, then the
connection ends; requests that stand before it on the connection are still answered.
"""

from __future__ import annotations

from asyncio import BaseTransport, TimerHandle, Transport
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from services.api.clients import Proxies, client_of
from services.api.metrics import REFUSED
from services.api.problem_types import PROBLEM_TYPES
from services.api.problems import problem_response
from services.api.responses import SAFE, TRANSPORT

_PIECE = 8 * 1024
"""Bytes that are parsed at once: what is left over of a long read is not parsed once its head is refused."""
_LINGER_S = 1.0
"""What a refused client still sends is read so long: an earlier close would make its system drop the refusal."""


@dataclass(frozen=True)
class Bounds:
    """Of one connection; sizes in bytes, times in seconds."""

    head: int = 32 * 1024
    """Request line and headers."""
    head_s: float = 10.0
    body: int = 512 * 1024
    """A body as it arrives, with the sizes and extensions of its chunks, and its trailers. Chunks of one byte, the
    smallest, take six bytes each; `BodyLimit` counts what they hold."""
    body_s: float = 30.0
    stalled_s: float = 30.0
    """A client that takes nothing of its answer for so long is disconnected."""
    pipelined: int = 32
    """Requests that wait for the answer before theirs."""


@dataclass
class Connections:
    """The connections of one server, in all and by client. Those of `proxies` have no limit of their own."""

    most: int
    most_of_client: int
    proxies: Proxies
    open: dict[BoundedProtocol, str | None] = field(default_factory=dict)
    """With its client, None for a trusted proxy; the oldest first."""
    of_client: Counter[str] = field(default_factory=Counter)

    def enter(self, connection: BoundedProtocol, host: str | None) -> str | None:
        """Count a connection. Returns why there is no place for it, or None.

        Where all places are taken, the oldest connection that waits for no answer gives up its own.
        """
        client = None if host is not None and self.proxies.trust(host) else client_of(host)
        self.open[connection] = client
        if client is not None:
            self.of_client[client] += 1
            if self.of_client[client] > self.most_of_client:
                return f"{self.most_of_client} connections of one address are open, which is as many as are served."
        if len(self.open) > self.most:
            idle = next((one for one in self.open if one.idle and one is not connection), None)
            if idle is None:
                return f"{self.most} connections are open, which is as many as this process serves."
            idle.transport.abort()
            self.leave(idle)
        return None

    def leave(self, connection: BoundedProtocol) -> None:
        client = self.open.pop(connection, None)
        if client is not None:
            self.of_client[client] -= 1
            if not self.of_client[client]:
                del self.of_client[client]


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *, bounds: Bounds, connections_: Connections, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self._bounds = bounds
        self._connections = connections_
        self._extensions: dict[str, Any] = {}
        self.url = b""
        self._head_bytes = self._body_bytes = self._complete = 0
        self._begun = self._in_body = False
        self._ended = False
        """Nothing more is read from it."""
        self._timer: TimerHandle | None = None
        self._timer_of_body = False
        self._watch: TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether no answer is owed."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(cast(Transport, transport))
        self._extensions = {TRANSPORT: transport}
        refusal = self._connections.enter(self, self.client[0] if self.client else None)
        if refusal is None:
            self._set_timer(of_body=False)
        elif len(self._connections.open) > 2 * self._connections.most:
            self._ended = True
            self.transport.abort()
        else:
            self._refuse("busy", refusal)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.leave(self)
        self._stop_timer()
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        self._unset_keepalive_if_required()
        complete, at = self._complete, 0
        while at < len(data) and not self._ended:
            room = _PIECE if self._in_body else min(_PIECE, self._bounds.head - self._head_bytes)
            self._parse(data[at : at + room])
            at += room
        if self._ended:
            return
        if self._complete != complete:
            self._stop_timer()
        unfinished = self._in_body or self._begun or self._head_bytes
        # uvicorn would wait without a limit after an answer that came before the end of its request's body.
        if unfinished or (self.idle and self.timeout_keep_alive_task is None):
            self._set_timer(of_body=self._in_body)

    def _parse(self, piece: bytes) -> None:
        complete = self._complete
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            # What follows would be of another protocol, and this server speaks none.
            self._end_after_answers()
        except httptools.HttpParserError:
            if not self._ended:
                self._refuse("bad-request", "This is not a request of HTTP/1.1.")
        if self._ended:
            return
        if self._in_body:
            self._head_bytes = 0
            self._body_bytes += len(piece)
            if self._body_bytes > self._bounds.body:
                self._refuse("payload-too-large", f"A body may take {self._bounds.body} bytes as it is sent.")
        elif self._complete != complete:
            self._head_bytes = 0
        else:
            self._head_bytes += len(piece)
            if self._head_bytes >= self._bounds.head:
                slug = "uri-too-long" if len(self.url) > self._head_bytes // 2 else "headers-too-large"
                self._refuse(slug, f"Request line and headers may have {self._bounds.head} bytes together.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begun = True
        cast(dict[str, Any], self.scope)["extensions"] = self._extensions

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= self._bounds.pipelined:
            self._end_after_answers()
            raise RuntimeError("the parser stops here")
        super().on_headers_complete()
        # Trailers are not the request's headers: a proxy in front would have checked those alone.
        self.headers = []
        self._in_body, self._body_bytes = True, 0

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_body = self._begun = False
        self._complete += 1

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_body and self.expect_100_continue:
            # The client need not send this body, and its next request must not be taken for it.
            self.transport.close()
        if self.transport.is_closing():
            self._watch_writing()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._watch_writing()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_writing()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._watch is not None and not self.transport.is_closing():
            self._watch.cancel()
            self._watch = None

    def _watch_writing(self) -> None:
        """Disconnect the client unless some of what waits for it has been taken when the time is over."""
        if self._watch is not None:
            return
        waiting = self.transport.get_write_buffer_size()

        def look() -> None:
            self._watch = None
            if self.transport.get_write_buffer_size() >= waiting:
                REFUSED.labels("stalled").inc()
                self.transport.abort()
            else:
                self._watch_writing()

        if waiting:
            self._watch = self.loop.call_later(self._bounds.stalled_s, look)

    def _set_timer(self, *, of_body: bool) -> None:
        if self._timer is not None and self._timer_of_body == of_body:
            return
        self._stop_timer()
        self._timer_of_body = of_body
        seconds = self._bounds.body_s if of_body else self._bounds.head_s
        self._timer = self.loop.call_later(seconds, self._too_late, "body" if of_body else "head", seconds)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_late(self, part: str, seconds: float) -> None:
        self._timer = None
        if not (self._in_body or self._begun or self._head_bytes):
            self.timeout_keep_alive_handler()
            return
        self._refuse("request-timeout", f"The {part} of the request did not arrive within {seconds:g} s.")

    def _refuse(self, slug: str, detail: str) -> None:
        """Answer what was asked before. Then say why, unless an answer to this request has begun, and hang up."""
        if self.transport.is_closing():
            return
        REFUSED.labels(slug).inc()
        if not self.idle and not self._in_body:
            self._end_after_answers()
            return
        self._ended = True
        self._stop_timer()
        if self.pipeline:
            self.transport.abort()
            return
        if not (self._in_body and (self.idle or self.cycle.response_started)):
            self._say(slug, detail)
        if not self.idle:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write_eof()
        self.loop.call_later(_LINGER_S, self.transport.abort)

    def _end_after_answers(self) -> None:
        self._ended = True
        self._stop_timer()
        self.cycle.keep_alive = False
        if self.cycle.response_complete:
            self.transport.close()

    def _say(self, slug: str, detail: str) -> None:
        status = PROBLEM_TYPES[slug].status
        answer = problem_response("/", slug=slug, status=status, detail=detail, headers={"Connection": "close"})
        lines = [*self.server_state.default_headers, *SAFE, *answer.raw_headers]
        head = b"".join(b"%b: %b\r\n" % line for line in lines)
        self.transport.write(STATUS_LINE[status] + head + b"\r\n" + bytes(answer.body))
