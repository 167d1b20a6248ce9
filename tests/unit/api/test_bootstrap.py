from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from services.api import bootstrap
from shared.settings import Settings


def served(trusted: str) -> Any:
    app = FastAPI()

    @app.get("/who")
    async def who(request: Request) -> str:
        return request.client.host if request.client else "nobody"

    config = bootstrap.server(app, Settings(trusted_proxies=trusted)).config
    config.load()
    return config.loaded_app


@pytest.mark.parametrize(
    ("sender", "client_host"),
    [("10.1.2.3", "203.0.113.9"), ("127.0.0.1", "203.0.113.9"), ("192.0.2.1", "192.0.2.1")],
)
async def test_only_a_trusted_proxy_says_who_asks(sender: str, client_host: str) -> None:
    transport = httpx.ASGITransport(served("127.0.0.1,10.0.0.0/8"), client=(sender, 4000))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        assert (await client.get("/who", headers={"X-Forwarded-For": "203.0.113.9"})).json() == client_host
        # What a browser made up stands before what the proxy added.
        chain = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
        assert (await client.get("/who", headers=chain)).json() == client_host
