"""The timeline, page by page, and the paths of E-values."""

from datetime import timedelta

import pytest

from shared.database.pool import Database
from tests.integration.api import filling
from tests.integration.api.conftest import Served
from tests.integration.api.filling import NOW


async def test_the_timeline_is_whole_newest_first_and_pages(served: Served, database: Database) -> None:
    async with database.connection() as connection:
        for number in range(2, 9):
            await filling.fill_model(connection, number)
    whole = (await served.client.get("/v1/lifecycle?limit=200")).json()
    assert whole["next_cursor"] is None
    items = whole["items"]
    # Eight models with their requests (asked and answered at once), a gate's decision and a promotion.
    assert len(items) == 8 * 3 + 2
    assert [(one["at"], one["id"]) for one in items] == sorted(((one["at"], one["id"]) for one in items), reverse=True)
    paged, cursor = [], None
    while True:
        page = (
            await served.client.get("/v1/lifecycle", params={"limit": 5} | ({"cursor": cursor} if cursor else {}))
        ).json()
        paged += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert paged == items
    promoted = (await served.client.get("/v1/lifecycle?kind=promoted")).json()["items"]
    assert [(one["model_id"], one["verdict"]) for one in promoted] == [(filling.model_id(1), "pass")]
    about = (await served.client.get(f"/v1/lifecycle?model_id={filling.model_id(2)}")).json()["items"]
    assert [one["kind"] for one in about] == ["training_succeeded", "contender_registered"]


async def test_the_path_of_a_watch_is_thinned_and_keeps_its_last_step(
    served: Served, database: Database, model: str
) -> None:
    steps = 97
    async with database.connection() as connection:
        promotion = await connection.fetchval("select decision_id from model_pointer")
        test_id = f"promotion:{promotion}"
        await connection.execute(
            """insert into promotions (promotion_id, model_id, previous_model_id, state, started_at)
               values ($1, $2, null, 'watching', $3)""", promotion, model, NOW - timedelta(days=5),
        )  # fmt: skip
        await connection.execute(
            "insert into monitor_tests values ($1, $2, array[1.0], array[1.0], $3)", test_id, steps, NOW
        )
        for step in range(1, steps + 1):
            await connection.execute(
                "insert into monitor_steps values ($1, $2, $3, 0.01, 0.1, $4, 1.0, $5)",
                test_id, f"0x{step}", step, 1.0 + step / 10, NOW - timedelta(minutes=steps - step),
            )  # fmt: skip
    (path,) = (await served.client.get("/v1/lifecycle/evalue?max_points=10")).json()["items"]
    assert (path["kind"], path["state"], path["steps"], path["threshold"]) == ("promotion", "watching", steps, 20.0)
    numbers = [point["step"] for point in path["points"]]
    assert len(numbers) <= 10
    assert numbers[-1] == steps
    assert path["points"][-1]["e_worse"] == pytest.approx(10.7)
    (whole,) = (await served.client.get("/v1/lifecycle/evalue")).json()["items"]
    assert [point["step"] for point in whole["points"]] == list(range(1, steps + 1))
    assert (await served.client.get("/v1/lifecycle/evalue?kind=shadow")).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/lifecycle?kind=nonsense", 422), ("/v1/lifecycle?cursor=%00", 400), ("/v1/lifecycle?model_id=m-1", 422),
        ("/v1/lifecycle/evalue?max_points=1", 422), ("/v1/lifecycle/evalue?limit=1000", 422),
    ],
)  # fmt: skip
async def test_wrong_questions_are_explained(unchanging: Served, path: str, status: int) -> None:
    assert (await unchanging.client.get(path)).status_code == status
