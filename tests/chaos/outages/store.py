"""An S3 API with a proxy before it that makes the store slow, broken, corrupt or full."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

SLOW_S = 600.0
FULL = b"<Error><Code>XMinioStorageFull</Code><Message>the drive is full</Message></Error>"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class StoreProxy:
    """Forwards to `target`, unless `fault` says otherwise: `away`, `slow`, `error`, `corrupt` or `full`."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._session: aiohttp.ClientSession | None = None
        self.fault = ""
        self.faults_served = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        fault = self.fault
        self.faults_served += bool(fault)
        if fault == "away":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault == "slow":
            await asyncio.sleep(SLOW_S)
        if fault == "error":
            return web.Response(status=500, text="<Error><Code>InternalError</Code></Error>")
        if fault == "full" and request.method == "PUT":
            return web.Response(status=507, body=FULL)
        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        url = f"{self._target}{request.raw_path}"
        async with self._session.request(request.method, url, data=body, headers=headers) as answer:
            content = await answer.read()
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
            if fault == "corrupt" and request.method == "GET" and content:
                content = bytes([content[0] ^ 1]) + content[1:]
            return web.Response(status=answer.status, body=content, headers=kept)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """The URL in place of the target's."""
        application = web.Application(client_max_size=1 << 30)
        application.router.add_route("*", "/{path:.*}", self.handle)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        async with aiohttp.ClientSession(auto_decompress=False) as self._session:
            yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined, union-attr]
        await runner.cleanup()
