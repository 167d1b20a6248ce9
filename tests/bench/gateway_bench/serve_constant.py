"""What a FastAPI route can do at most: bytes that are there already."""

from __future__ import annotations

import os

import uvicorn
from fastapi import FastAPI, Response

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


if __name__ == "__main__":
    stay_on_core()
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["PUNKCAST_API_PORT"]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
        log_level="warning",
    )
