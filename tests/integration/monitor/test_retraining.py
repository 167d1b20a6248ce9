"""The daily policy: reasons to train, at most one request a day, and no repetition."""

from datetime import datetime, timedelta

from shared.contracts.messages import TrainingRequested
from shared.evaluation.absolute_checks import LOSS_LEVEL
from shared.evaluation.checks import Check
from tests.factories import registry as made
from tests.integration.monitor.conftest import START, Bench


async def champion(bench: Bench, at: datetime, *, level: float | None = 0.06) -> None:
    """`good` is promoted at the gate with the given upper bound of its loss; its training is done."""
    checks = [] if level is None else [Check(LOSS_LEVEL, "pass", level, level, level, 240, 0.5)]
    await bench.run(made.promote, "good", at, checks=checks)
    await bench.execute(
        "update training_requests set status = 'succeeded', finished_at = $1, model_id = $2", at, made.model_id("good")
    )
    bench.sales = made.Sales(await bench.run(made.generation, "good", at), at, gap=timedelta(minutes=20))


async def sell(bench: Bench, count: int, error: float) -> None:
    async with bench.database.transaction() as connection:
        for number in range(count):
            await bench.sales.add(connection, {"good": error if number % 2 else -error})


async def test_without_a_champion_the_first_check_asks_for_a_training(bench: Bench) -> None:
    await bench.check()
    (request,) = await bench.emitted(TrainingRequested)
    assert (request.reason, request.requested_by) == ("no_champion", "retrain-policy")
    assert request.request_id is not None


async def test_the_same_check_twice_is_the_same_request(bench: Bench) -> None:
    await bench.check()
    await bench.execute("truncate inbox")
    assert await bench.check() == ["no_champion"]


async def test_an_outsiders_request_in_the_policys_name_does_not_stop_the_policy(bench: Bench) -> None:
    await bench.run(made.request, "no_champion", bench.clock.now(), requested_by="retrain-policy", origin="bus")
    assert await bench.check() == ["no_champion"]
    stored = "select count(*) from training_requests where origin = 'policy' and status = 'queued'"
    assert await bench.value(stored) == 1


async def test_a_young_quiet_model_is_left_alone(bench: Bench) -> None:
    await champion(bench, START - timedelta(days=11))
    assert await bench.check() == []


async def test_an_old_model_is_replaced_and_a_rejected_contender_does_not_repeat_the_request(bench: Bench) -> None:
    await champion(bench, START - timedelta(days=12))
    assert await bench.check() == ["model_age"]
    await bench.run(made.contender, "rejected one", START + timedelta(hours=1))
    await bench.execute("update training_requests set status = 'failed' where status = 'queued'")
    assert await bench.check(days=1) == ["model_age"]
    assert await bench.check(days=13) == ["model_age", "model_age"]


async def test_enough_new_sales_ask_for_a_training(bench: Bench) -> None:
    await champion(bench, START - timedelta(days=5))
    await sell(bench, 149, 0.05)
    assert await bench.check() == []
    await sell(bench, 1, 0.05)
    assert await bench.check(days=1) == ["new_valid_sales"]


async def test_a_loss_that_left_its_level_asks_for_a_training_and_is_counted_once(bench: Bench) -> None:
    await champion(bench, START - timedelta(days=5))
    await sell(bench, 60, 0.15)
    assert await bench.check() == ["loss_above_gate_level"]
    steps = await bench.value("select count(*) from monitor_steps")
    await bench.execute("truncate inbox, outbox")
    await bench.check()
    assert await bench.value("select count(*) from monitor_steps") == steps


async def test_a_loss_at_its_level_asks_for_nothing(bench: Bench) -> None:
    await champion(bench, START - timedelta(days=5))
    await sell(bench, 140, 0.06)
    assert await bench.check() == []
    assert await bench.value("select n from monitor_tests") == 140


async def test_without_a_recorded_level_there_is_no_alarm(bench: Bench) -> None:
    await champion(bench, START - timedelta(days=5), level=None)
    await sell(bench, 140, 0.4)
    assert await bench.check() == []


async def test_one_request_a_day_and_none_for_a_reason_that_is_open(bench: Bench) -> None:
    assert await bench.check() == ["no_champion"]
    assert await bench.check(days=1) == ["no_champion"]
    await bench.execute("update training_requests set status = 'failed'")
    assert await bench.check(days=2) == ["no_champion", "no_champion"]
