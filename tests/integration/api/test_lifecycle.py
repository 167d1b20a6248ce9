"""The timeline, page by page, and the paths of E-values."""

from datetime import timedelta

import pytest

from tests.integration.api import filling
from tests.integration.api.conftest import Served
from tests.integration.api.filling import NOW


async def test_the_timeline_is_whole_newest_first_and_pages(served: Served) -> None:
    for number in range(2, 9):
        await served.database.run(filling.fill_model, number)
    whole = await served.json("/v1/lifecycle?limit=200")
    assert whole["next_cursor"] is None
    items = whole["items"]
    # Eight models with their requests (asked and answered at once), a gate's decision and a promotion.
    assert len(items) == 8 * 3 + 2
    assert [(one["at"], one["id"]) for one in items] == sorted(((one["at"], one["id"]) for one in items), reverse=True)
    assert await served.items("/v1/lifecycle", limit=5) == items
    promoted = (await served.json("/v1/lifecycle?kind=promoted"))["items"]
    assert [(one["model_id"], one["verdict"]) for one in promoted] == [(filling.model_id(1), "pass")]
    about = (await served.json(f"/v1/lifecycle?model_id={filling.model_id(2)}"))["items"]
    assert [one["kind"] for one in about] == ["training_succeeded", "contender_registered"]


async def test_the_path_of_a_watch_is_thinned_and_keeps_its_last_step(served: Served, model: str) -> None:
    steps = 97
    async with served.database.connection() as connection:
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
    (path,) = (await served.json("/v1/lifecycle/evalue?max_points=10"))["items"]
    assert (path["kind"], path["state"], path["steps"], path["threshold"]) == ("promotion", "watching", steps, 20.0)
    numbers = [point["step"] for point in path["points"]]
    assert len(numbers) <= 10
    assert numbers[-1] == steps
    assert path["points"][-1]["e_worse"] == pytest.approx(10.7)
    (whole,) = (await served.json("/v1/lifecycle/evalue"))["items"]
    assert [point["step"] for point in whole["points"]] == list(range(1, steps + 1))
    assert (await served.json("/v1/lifecycle/evalue?kind=shadow"))["items"] == []
