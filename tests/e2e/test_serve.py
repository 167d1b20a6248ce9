"""`punkcast serve`: every service in one process, from an empty home to a published nowcast."""

import signal
from collections.abc import Callable
from typing import Any

import httpx

from tests.e2e.command import PATIENCE_S, Home, end_of, serving
from tests.factories.waiting import eventually

KEY = "only-for-this-test-of-punkcast-serve"
# A market whose first contender passes the gates; on many others it is inconclusive at first and waits.
SOURCE = "simulated://?seed=13&days=2&history_days=200"


async def test_a_training_request_over_http_ends_as_the_first_champion_and_its_nowcast(home: Home) -> None:
    async with serving(home, "serve", PUNKCAST_SOURCE_URL=SOURCE, PUNKCAST_OPERATOR_KEY=KEY) as (process, client):
        order = {"reason": "the first one"}
        assert (await client.post("/v1/training-requests", json=order)).status_code == 401
        accepted = await client.post("/v1/training-requests", json=order, headers={"X-API-Key": KEY})
        assert accepted.status_code == 202
        request = await _until(client, accepted.headers["location"], lambda it: it["status"] == "succeeded")
        assert request["requested_by"] == "api:operator"
        # An empty platform also asks for a training on its own; the same data make the same model, once.
        current = await _until(client, "/v1/models/current", lambda it: "model" in it)
        assert current["model"]["model_id"] == request["model_id"]
        assert current["model"]["state"] == "champion"
        punk = await _until(client, "/v1/punks/1", lambda it: "value" in it)
        assert punk["generation"]["model_id"] == request["model_id"]
        lo, hi = (float(punk["intervals"]["90"][end]["eth"]) for end in ("lo", "hi"))
        assert 0 < lo < punk["value"]["eth"] < hi
        decisions = (await client.get("/v1/decisions")).json()["items"]
        assert [(one["action"], one["subject_model"]) for one in decisions] == [("promote", request["model_id"])]
        await _until(
            client, "/v1/training-requests", lambda it: {one["status"] for one in it["items"]} == {"succeeded"}
        )
        process.send_signal(signal.SIGINT)
        served = await end_of(process)
    assert served.code == 0
    assert "error" not in served.errors
    assert "Traceback" not in served.errors
    assert await home.rows("select * from outbox") == []
    assert await home.rows("select * from training_requests where status <> 'succeeded'") == []
    assert await home.value("select count(*) from nowcasts") == 10_000


async def _until(client: httpx.AsyncClient, path: str, satisfied: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Ask again until the answer is as wanted."""

    async def answer() -> dict[str, Any] | None:
        document = (await client.get(path)).json()
        return document if satisfied(document) else None

    return await eventually(answer, within_s=PATIENCE_S)
