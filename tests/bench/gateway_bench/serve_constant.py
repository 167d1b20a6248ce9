"""The two bars, on the server that the gateway uses: constant bytes from a FastAPI route, and from a bare callable."""

import os
import sys

from fastapi import FastAPI, Response
from starlette.types import Receive, Scope, Send

from services.api.bootstrap import server
from shared.settings import Settings
from tests.bench.gateway_bench.servers import stay_on_core

app = FastAPI()
SMALL = b'"' + b"x" * (int(os.environ.get("BENCH_SMALL", "1000")) - 2) + b'"'
LARGE = b'"' + b"x" * (int(os.environ.get("BENCH_LARGE", "100000")) - 2) + b'"'


@app.get("/small/{number}")
async def small(number: int) -> Response:
    return Response(SMALL, media_type="application/json")


@app.get("/large")
async def large() -> Response:
    return Response(LARGE, media_type="application/json")


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """The same bytes without routing."""
    body = LARGE if scope["path"] == "/large" else SMALL
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    stay_on_core()
    made = server(app, Settings())
    if sys.argv[1:] == ["bare"]:
        made.config.app, made.config.lifespan = bare, "off"
    made.run()
