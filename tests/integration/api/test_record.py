"""Performance, models, decisions, status and the document itself."""

import pytest

from services.api.outcomes.schemas import PerformanceDocument
from tests.integration.api import filling
from tests.integration.api.conftest import OPERATOR, Served, problem
from tests.integration.api.filling import Happening


async def test_performance_without_outcomes_has_counts_of_zero_and_no_figures(unchanging: Served) -> None:
    document = await unchanging.document(PerformanceDocument, "/v1/performance")
    card = document.by_horizon["latest"].champion
    assert (card.n, card.median_ape, card.coverage_80) == (0, None, None)
    assert document.by_month == []


async def test_performance_is_what_the_outcomes_say(served: Served, model: str) -> None:
    values = {1: 42.0, 2: 63.0, 3: 90.0}  # against 40, 60, 100: +5 %, +5 %, -10 %
    async with served.database.connection() as connection:
        await filling.happen(
            connection,
            *(
                Happening("sale", punk, hours, price, "0x1", "0x2")
                for punk, hours, price in ((1, 24 * 40, 40.0), (2, 24 * 10, 60.0), (3, 2, 100.0))
            ),
        )
        generation = served.gateway.current.require().generation.record.generation_id
        for punk, value in values.items():
            await filling.score(connection, generation=generation, model=model, punk=punk, value_eth=value)
        await filling.score(connection, generation=generation, model=model, punk=3, value_eth=80, horizon="7d")
    document = await served.document(PerformanceDocument, "/v1/performance")
    latest = document.by_horizon["latest"]
    assert latest.champion.n == latest.floor.n == 3
    assert latest.champion.median_ape == pytest.approx(0.05)
    assert latest.champion.mape == pytest.approx(0.2 / 3)
    assert latest.champion.bias == pytest.approx(0.0, abs=1e-12)
    assert latest.champion.within_10 == 1.0
    assert (latest.champion.coverage_50, latest.champion.coverage_90) == (0.0, 1.0)
    assert latest.floor.median_ape == pytest.approx(1 / 3)
    assert document.by_horizon["7d"].champion.n == 1
    assert {group.name: group.champion.n for group in document.by_segment} == {"floor_tier": 1, "premium": 2}
    assert [group.name for group in document.by_month] == ["2025-04", "2025-05", "2025-06"]
    assert [group.name for group in document.by_model] == [model]
    weekly = await served.document(PerformanceDocument, "/v1/performance", params={"horizon": "7d"})
    assert [group.champion.mape for group in weekly.by_month] == [pytest.approx(0.2)]
    windowed = await served.client.get("/v1/performance", params={"start": "2025-05-01T00:00:00Z"})
    assert windowed.json()["by_horizon"]["latest"]["champion"]["n"] == 2


async def test_the_current_model_and_its_lineage(served: Served, model: str) -> None:
    current = await served.json("/v1/models/current")
    assert current["pointer_generation"] == 1
    assert current["model"]["model_id"] == model
    assert current["model"]["params"] == {"max_depth": 6}
    assert [reign["generation"] for reign in current["model"]["reigns"]] == [1]
    assert await served.json(f"/v1/models/{model}") == current["model"]
    for unknown, status in ((filling.model_id(99), 404), ("m-1", 422)):
        assert (await served.client.get(f"/v1/models/{unknown}")).status_code == status


async def test_models_are_paged_newest_first(served: Served, model: str) -> None:
    others = [await served.database.run(filling.fill_model, number) for number in (2, 3, 4, 5)]
    pages = await served.pages("/v1/models", limit=2)
    assert [item["model_id"] for page in pages for item in page["items"]] == [*reversed(others), model]
    assert len(pages) == 3
    champions = await served.json("/v1/models?state=champion")
    assert [item["model_id"] for item in champions["items"]] == [model]
    foreign = await served.client.get("/v1/decisions", params={"cursor": pages[0]["next_cursor"]})
    assert foreign.status_code == 400


async def test_decisions_carry_their_evidence(served: Served, model: str) -> None:
    page = await served.json("/v1/decisions", params={"model_id": model})
    (decision,) = page["items"]
    assert (decision["verdict"], decision["action"]) == ("pass", "promote")
    assert decision["checks"][0]["check_name"] == "beats_floor"
    whole = await served.json(f"/v1/decisions/{decision['decision_id']}")
    assert whole["evidence"] == {"n": 250}
    assert filling.digest(whole["evidence_text"]) == whole["evidence_hash"]
    assert (await served.client.get(f"/v1/decisions/{filling.NAMES}")).status_code == 404


async def test_status_tells_ages_and_queues(served: Served, model: str) -> None:
    await served.client.post("/v1/training-requests", json={"reason": "age"}, headers=OPERATOR)
    served.clock.move_to(filling.NOW.replace(minute=1))
    status = await served.json("/v1/status")
    assert status["nowcast"]["age_seconds"] == 60
    assert status["outbox"] == {"depth": 1, "oldest_age_seconds": 60}
    assert status["training"] == {"queued": 1, "running": 0}
    assert status["lifecycle"]["champion"] == model
    assert status["degraded"] == []


async def test_metrics_count_by_route_template_not_by_path(served: Served) -> None:
    for punk in (1, 2, 3):
        await served.client.get(f"/v1/punks/{punk}")
    await served.client.get("/v1/nothing/here")
    text = (await served.client.get("/metrics")).text
    assert 'punkcast_api_requests_total{route="/v1/punks/{punk_id}",status="200"} 3.0' in text
    assert 'punkcast_api_requests_total{route="unmatched",status="404"} 1.0' in text
    assert "/v1/nothing" not in text


async def test_what_is_not_served_is_a_problem_too(unchanging: Served) -> None:
    nothing = await unchanging.client.get("/v1/nothing")
    assert (nothing.status_code, nothing.json()["instance"]) == (404, "/v1/nothing")
    wrong = await unchanging.client.delete("/v1/punks/1")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")
    for answer in (nothing, wrong):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["next_step"]


async def test_a_fault_of_ours_is_a_problem_without_a_trace(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: float) -> int:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(served.gateway.current, "age_seconds", broken)
    answer = await served.client.get("/v1/punks/1")
    assert problem(answer)[0] == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


ROUTES = {
    "/compat/agents/v2/fair-price", "/compat/agents/v2/fair-price-plus", "/compat/agents/v2/top-realtime", "/v1/deals",
    "/v1/decisions", "/v1/decisions/{decision_id}", "/v1/exclusions", "/v1/market", "/v1/market/series", "/v1/models",
    "/v1/models/champion", "/v1/models/current", "/v1/models/{model_id}", "/v1/models/{model_id}/card",
    "/v1/models/{model_id}/evidence", "/v1/models/{model_id}/lineage", "/v1/nowcasts", "/v1/nowcasts/current",
    "/v1/nowcasts/{generation_id}", "/v1/nowcasts/{generation_id}/proof/{punk_id}", "/v1/performance", "/v1/punks",
    "/v1/punks/columns", "/v1/punks/{punk_id}", "/v1/punks/{punk_id}/history", "/v1/shadows", "/v1/status",
    "/v1/traits", "/v1/traits/{name}", "/v1/training-requests", "/v1/training-requests/{request_id}",
}  # fmt: skip


async def test_the_document_names_every_route_and_the_problem_shape(unchanging: Served) -> None:
    document = await unchanging.json("/openapi.json")
    assert set(document["paths"]) >= ROUTES
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    identities = [operation["operationId"] for operation in operations]
    assert len(set(identities)) == len(identities)
    assert "Problem" in document["components"]["schemas"]
    for operation in operations:
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], operation["operationId"]
    assert "ValidationError" not in document["components"]["schemas"]
    assert (await unchanging.client.get("/docs")).status_code == 200
