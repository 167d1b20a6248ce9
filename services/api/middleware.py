"""The body limit, as pure ASGI middleware. (`BaseHTTPMiddleware` costs a task per request.)"""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.problems import problem_response


class BodyLimit:
    """Refuses bodies of more than `max_bytes`, by their announced length or while they arrive."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        detail = f"The body may have at most {self._max_bytes} bytes."
        if not announced.isdigit():
            said = "Content-Length must be a number of bytes."
            response = problem_response(scope["path"], slug="bad-request", status=400, detail=said)
            await response(scope, receive, send)
            return
        if int(announced[:20]) > self._max_bytes:
            response = problem_response(scope["path"], slug="payload-too-large", status=413, detail=detail)
            await response(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > self._max_bytes:
                    raise HTTPException(413, detail)
            return message

        await self._app(scope, counted, send)
