"""Server-sent events."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from starlette.types import Message, Receive, Scope, Send

from services.api.clients import client_of
from services.api.events.schemas import EventName
from services.api.events.stream import EventStream, Reader, progress_of
from services.api.gateway import gateway_of
from services.api.problems import documented
from services.api.responses import TRANSPORT
from shared.errors import InvalidInputError

router = APIRouter(tags=["events"])
MEDIA_TYPE = "text/event-stream"
HEARTBEAT_S = 15.0
CHECK_S = 1.0
_RETRY_MS = 5_000
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}, "description": "A stream that does not end"}
}
_RESET = format_sse_event(
    event="reset", data_str='{"detail":"Events were missed: read again what you follow, then continue from here."}'
)


@router.get(
    "/v1/events",
    operation_id="stream_events",
    summary="New generations, scored sales, new asks with their values, promotions and rollbacks as server-sent events",
    response_class=StreamingResponse,
    responses=_CONTENT | documented(422, 503),
)
async def events(
    request: Request,
    types: Annotated[list[EventName] | None, Query(description="Repeat it for several; default: all")] = None,
    last_event_id: Annotated[
        str | None, Header(max_length=100, description="Continue after this event; browsers send it")
    ] = None,
) -> Response:
    """`event: reset` says that more was missed than is kept. Comments keep the connection alive."""
    gateway = gateway_of(request)
    stream = gateway.event_stream
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if request.scope.get("head"):
        return Response(media_type=MEDIA_TYPE, headers=headers)
    if last_event_id is not None and progress_of(last_event_id) is None:
        raise InvalidInputError("Last-Event-ID must be the id of an event of this stream.")
    stopping: Callable[[], bool] = getattr(request.app.state, "stopping", lambda: False)
    body = _stream(stream, frozenset(types or ()), last_event_id, stopping)
    return _Streaming(stream, body, media_type=MEDIA_TYPE, headers=headers)


class _Streaming(StreamingResponse):
    """Takes a place among the readers as soon as it is sent, and gives it back however it ends.

    Raises BusyError: there is no place.
    """

    def __init__(self, stream: EventStream, body: AsyncIterator[bytes], **response: Any) -> None:
        super().__init__(body, **response)
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client, extensions = scope.get("client"), scope.get("extensions") or {}
        reader = Reader(client_of(client[0] if client else None), extensions.get(TRANSPORT))
        self._stream.enter(reader)

        async def sending(message: Message) -> None:
            reader.sends()
            await send(message)

        try:
            await super().__call__(scope, receive, sending)
        finally:
            self._stream.leave(reader)


async def _stream(
    stream: EventStream, wanted: frozenset[EventName], last_event_id: str | None, stopping: Callable[[], bool]
) -> AsyncIterator[bytes]:
    yield format_sse_event(comment="punkcast", retry=_RETRY_MS)
    progress = progress_of(last_event_id) if last_event_id is not None else None
    while not stream.started and not stopping():
        await stream.changed(CHECK_S)
    seen = stream.total
    if progress is not None:
        unseen, whole = stream.after(progress)
        if not whole:
            yield _RESET
        for event in unseen:
            if not wanted or event.name in wanted:
                yield event.wire
    quiet = 0.0
    while not stopping():
        await stream.changed(CHECK_S)
        news, whole = stream.since(seen)
        seen = stream.total
        if not whole:
            yield _RESET
        for event in news:
            if not wanted or event.name in wanted:
                quiet = 0.0
                yield event.wire
        quiet += 0.0 if news else CHECK_S
        if quiet >= HEARTBEAT_S:
            quiet = 0.0
            yield b": heartbeat\n\n"
