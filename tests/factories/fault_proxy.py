"""An HTTP proxy in front of a node that makes it fail the way providers do."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

Rule = Callable[[Any], web.Response | None]
"""Sees the parsed request; answers it itself, or returns None."""
Distortion = Callable[[str, Any], Any]
"""Gets the method and the true result of one call; the node answers with what it returns."""


@dataclass
class FaultProxy:
    """`url` stands for `target`. The first rule with an answer answers; a rule that should act once removes itself."""

    target: str
    url: str = ""
    rules: list[Rule] = field(default_factory=list)
    distortions: list[Distortion] = field(default_factory=list)
    delay_s: float = 0.0
    requests: list[Any] = field(default_factory=list)

    def once(self, *answers: web.Response) -> None:
        """Give these answers to the next requests for logs."""
        left = list(answers)
        self.rules.append(lambda body: left.pop(0) if left and _asks(body, "eth_getLogs") else None)

    def at_most(self, blocks: int) -> None:
        """Refuse larger ranges of logs, as providers word it."""

        def rule(body: Any) -> web.Response | None:
            if isinstance(body, dict) and _asks(body, "eth_getLogs") and "fromBlock" in body["params"][0]:
                asked = body["params"][0]
                if int(asked["toBlock"], 16) - int(asked["fromBlock"], 16) >= blocks:
                    error = {"code": -32005, "message": "query returned more than 10000 results"}
                    return web.json_response({"jsonrpc": "2.0", "id": body["id"], "error": error})
            return None

        self.rules.append(rule)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        await asyncio.sleep(self.delay_s)
        for rule in self.rules:
            answer = rule(body)
            if answer is not None:
                return answer
        async with aiohttp.ClientSession() as session, session.post(self.target, json=body) as response:
            found = json.loads(await response.read())
        return web.json_response(self._distorted(body, found))

    def _distorted(self, body: Any, found: Any) -> Any:
        if isinstance(body, list):
            return [self._distorted(one, answer) for one, answer in zip(body, found, strict=True)]
        for distort in self.distortions:
            if "result" in found:
                found = found | {"result": distort(body["method"], found["result"])}
        return found


def _asks(body: Any, method: str) -> bool:
    calls = body if isinstance(body, list) else [body]
    return any(call["method"] == method for call in calls)


@asynccontextmanager
async def fault_proxy(target: str) -> AsyncIterator[FaultProxy]:
    """A proxy on a free port of 127.0.0.1."""
    proxy = FaultProxy(target)
    application = web.Application()
    application.router.add_post("/", proxy.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    proxy.url = f"http://127.0.0.1:{port}/"
    try:
        yield proxy
    finally:
        await runner.cleanup()
