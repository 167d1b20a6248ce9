"""The demo plays a market, serves it meanwhile on the market's clock, and leaves it complete."""

import asyncio
import re
import signal
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.e2e.command import PATIENCE_S, Home, end_of, serving
from tests.factories.waiting import eventually

SHORT = "simulated://?seed=18&days=2&history_days=200"
FIGURES = ("nowcasts published", "sales scored", "median APE of the floor", "contenders", "rollbacks")
BEGIN, END = datetime(2023, 12, 31, 23, 30, tzinfo=UTC), datetime(2024, 1, 3, tzinfo=UTC)


async def test_a_market_is_served_from_its_first_value_on_and_is_complete_at_the_end(home: Home) -> None:
    async with serving(home, "demo", PUNKCAST_SOURCE_URL=SHORT) as (process, client):
        clocks = await _watched(client)
        punk = (await client.get("/v1/punks/1")).raise_for_status()
        answers = {
            path: (await client.get(path)).raise_for_status().json()
            for path in ("/v1/status", "/v1/models/current", "/v1/performance", "/v1/traits", "/v1/market/series")
        }
        process.send_signal(signal.SIGINT)
        served = await end_of(process)
    assert (served.code, served.errors) == (0, "")
    assert "Playing a simulated market from 2024-01-01 to 2024-01-02" in served.output
    assert clocks == sorted(clocks)
    assert (clocks[0], clocks[-1]) == (BEGIN, END)

    assert "punkcast-degraded" not in punk.headers
    assert punk.headers["punkcast-age-seconds"] == "0"
    document, status = punk.json(), answers["/v1/status"]
    assert document["generation"]["as_of"] == "2024-01-03T00:00:00Z"
    assert document["contributions"]
    assert document["comparables"]
    assert status["replay"] == {"first": "2024-01-01", "last": "2024-01-02"}
    assert (status["market"]["simulated"], status["nowcast"]["age_seconds"]) == (True, 0)
    assert answers["/v1/models/current"]["model"]["model_id"] == document["generation"]["model_id"]
    scored = int(_figure("sales scored", served.output))
    assert scored == int(_figure("valid sales", served.output)) > 10
    assert answers["/v1/performance"]["by_horizon"]["latest"]["champion"]["n"] >= scored
    assert any(trait["premium"] is not None for trait in answers["/v1/traits"]["items"])
    assert answers["/v1/market/series"]["days"][-1]["index_eth"] > 0

    assert not (home.folder / "postgres" / "postmaster.pid").exists(), "the database outlives the demo"

    again = (await home.run("demo", DEMO_EXIT="1", PUNKCAST_SOURCE_URL=SHORT)).succeeded()
    assert "was played before" in again.output
    assert [_figure(name, again.output) for name in FIGURES] == [_figure(name, served.output) for name in FIGURES]


async def test_the_gateway_ends_with_a_demo_that_is_killed(home: Home) -> None:
    async with serving(home, "demo", PUNKCAST_SOURCE_URL=SHORT) as (process, client):
        process.kill()
        await process.wait()

        async def gone() -> bool:
            try:
                await client.get("/livez")
            except httpx.TransportError:
                return True
            return False

        await eventually(gone)


async def _watched(client: httpx.AsyncClient) -> list[datetime]:
    """The instants that the gateway's clock showed until the last values had their reasons."""
    clocks: list[datetime] = []
    async with asyncio.timeout(PATIENCE_S):
        while True:
            status: dict[str, Any] = (await client.get("/v1/status")).json()
            clocks.append(datetime.fromisoformat(status["now"]))
            if clocks[-1] == END and (await client.get("/v1/punks/1")).json().get("contributions"):
                return clocks
            await asyncio.sleep(0.05)


def _figure(name: str, output: str) -> str:
    figure = re.search(rf"{name} +│ +([0-9,.]+)", output)
    assert figure, output
    return figure[1]
