import httpx
import pytest
from starlette.responses import PlainTextResponse

from services.api import rate_limits
from services.api.front import Front
from services.api.metrics import GatewayMetrics
from services.api.rate_limits import Quota, RateLimits, Windows
from services.api.view.current import Current
from shared.clock import SystemClock
from shared.errors import InvalidInputError


def asking(limited: Front, client: str = "192.0.2.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(limited, client=(client, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://gateway")


def limited(reading: int = 3, writing: int = 1) -> tuple[Front, GatewayMetrics]:
    metrics = GatewayMetrics()
    limits = RateLimits(reading=Quota("reading", reading, 60), writing=Quota("writing", writing, 60), metrics=metrics)
    current = Current(SystemClock(), stale_after_s=1, generations_kept=1)
    return Front(PlainTextResponse("x"), current=current, metrics=metrics, limits=limits, members={}), metrics


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [6_000.5]
    monkeypatch.setattr(rate_limits, "time", lambda: now[0])
    return now


async def test_every_answer_says_what_is_left_and_the_next_one_too_many_waits(clock: list[float]) -> None:
    gateway, metrics = limited()
    async with asking(gateway) as client:
        answers = [await client.get("/v1/punks/1") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit"] for answer in answers] == [
        '"reading";r=2;t=60', '"reading";r=1;t=60', '"reading";r=0;t=60', '"reading";r=0;t=60',
    ]  # fmt: skip
    assert answers[0].headers["ratelimit-policy"] == '"reading";q=3;w=60'
    refused = answers[-1]
    assert refused.headers["retry-after"] == "60"
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"].endswith("/rate-limited")
    assert b"punkcast_api_rate_limited_total 1.0" in metrics.exposition()
    clock[0] += 60
    async with asking(gateway) as client:
        assert (await client.get("/v1/punks/1")).status_code == 200


async def test_clients_are_counted_apart_and_so_are_writes() -> None:
    gateway, _ = limited(reading=1)
    async with asking(gateway) as one, asking(gateway, "192.0.2.2") as other:
        assert (await one.get("/")).status_code == 200
        assert (await other.get("/")).status_code == 200
        assert (await one.post("/")).status_code == 200
        assert (await one.get("/")).status_code == 429
        assert (await one.get("/", headers={"X-API-Key": "made up"})).status_code == 429


async def test_one_network_of_ipv6_is_one_client() -> None:
    gateway, _ = limited(reading=1)
    async with asking(gateway, "2001:db8:1:2:3::4") as one, asking(gateway, "2001:db8:1:2:9::9") as other:
        assert [(await client.get("/")).status_code for client in (one, other)] == [200, 429]


async def test_probes_are_never_refused() -> None:
    gateway, _ = limited(reading=1)
    async with asking(gateway) as client:
        assert {(await client.get("/livez")).status_code for _ in range(5)} == {200}


async def test_a_limiter_that_fails_lets_through_and_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway, metrics = limited(reading=1)

    def broken(*_: object) -> tuple[int, int]:
        raise RuntimeError

    monkeypatch.setattr(Windows, "hit", broken)
    async with asking(gateway) as client:
        assert {(await client.get("/")).status_code for _ in range(5)} == {200}
    assert b"punkcast_api_rate_limiter_failures_total 5.0" in metrics.exposition()


def test_memory_is_that_of_one_window() -> None:
    windows = Windows(Quota("reading", 5, 60))
    for client in range(1_000):
        windows.hit(str(client), 0.0)
    assert windows.hit("1", 59.9) == (2, 1)
    assert windows.hit("1", 60.0) == (1, 60)
    assert len(windows._used) == 1


def test_quotas_are_read_as_people_write_them() -> None:
    assert Quota.parse("reading", "600/minute") == Quota("reading", 600, 60)
    assert Quota.parse("reading", "10 per 2 second") == Quota("reading", 10, 2)
    assert Quota.parse("reading", "off") is None
    with pytest.raises(InvalidInputError, match="600/minute"):
        Quota.parse("reading", "many")
