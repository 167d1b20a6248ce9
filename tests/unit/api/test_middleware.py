import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from services.api.middleware import BodyLimit


async def echo(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = BodyLimit(Starlette(routes=[Route("/", echo, methods=["POST"])]), max_bytes=1000)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


@pytest.mark.parametrize(("size", "status"), [(0, 200), (1000, 200), (1001, 413), (100_000, 413)])
@pytest.mark.parametrize("announced", [True, False])
async def test_bodies_up_to_the_limit_pass(client: httpx.AsyncClient, size: int, status: int, announced: bool) -> None:
    async def pieces():  # type: ignore[no-untyped-def]
        for start in range(0, size, 300):
            yield b"x" * min(300, size - start)

    answer = await client.post("/", content=b"x" * size if announced else pieces())
    assert answer.status_code == status


@pytest.mark.parametrize(("length", "status"), [("many", 400), ("-1", 400), ("1e3", 400), ("1" * 5000, 413)])
async def test_an_absurd_length_is_refused(client: httpx.AsyncClient, length: str, status: int) -> None:
    answer = await client.post("/", content=b"x", headers={"Content-Length": length})
    assert answer.status_code == status
