"""A promoted model against the previous champion, on a real database through a bus."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from services.monitor.bootstrap import build
from shared.contracts.messages import ModelRolledBack, MonitorRequested
from shared.evaluation.eprocess import Step, start
from shared.evaluation.policy import load_policy
from shared.evaluation.watch import walk
from shared.registry import freezes, models, pointer, promotions, unsupported
from shared.registry.models import Role
from shared.registry.unsupported import UnsupportedModel
from shared.stores import chain_repository
from tests.factories import registry as made
from tests.integration.monitor.conftest import NOWCAST_EVERY, START, Bench

GOOD, NEW = made.model_id("good"), made.model_id("new")
PROMOTION_SQL = "select state from promotions order by started_at desc limit 1"


async def publish(bench: Bench, name: str, *, hours: float | None = None, **shape: Any) -> None:
    """A nowcast, `hours` after START or now."""
    at = bench.clock.now() if hours is None else START + timedelta(hours=hours)
    await bench.run(made.generation, name, at, **shape)


async def sell(bench: Bench, count: int) -> None:
    """Sales on which `new` is a little worse each time."""
    for number in range(count):
        await bench.sell({"new": 0.02 * number, "good": 0.03})


async def sell_until_rollback(bench: Bench, new: str, old: str, *, limit: int = 150) -> int:
    """Sales on which `new` is much worse; returns after how many it was rolled back."""
    generator = np.random.default_rng(5)
    for number in range(1, limit + 1):
        error = float(generator.normal(0, 0.04))
        await bench.sell({new: error + 0.12, old: error})
        if number % 6 == 0:
            await publish(bench, new)
            if await bench.look() == made.model_id(old):
                return number
    pytest.fail("never rolled back")


async def test_a_bad_model_is_rolled_back_within_sales_and_everything_says_so(promoted: Bench) -> None:
    needed = await sell_until_rollback(promoted, "new", "good")
    assert needed <= 90
    at = await promoted.run(pointer.read)
    bad = await promoted.run(models.get, NEW)
    assert await promoted.run(promotions.current) is None
    assert (at.generation, at.model_id, at.previous_model_id) == (3, GOOD, None)
    assert bad.state == "rolled_back"
    (message,) = await promoted.emitted(ModelRolledBack)
    assert (message.model_id, message.rolled_back_model_id) == (GOOD, NEW)
    assert message.decision_id == at.decision_id
    assert "on the same sales" in message.reason
    assert await promoted.value(PROMOTION_SQL) == "rolled_back"
    await promoted.look()
    assert len(await promoted.emitted(ModelRolledBack)) == 1


async def test_a_model_against_its_own_twin_is_not_rolled_back_but_confirmed(promoted: Bench) -> None:
    generator = np.random.default_rng(6)
    for number in range(300):
        error = float(generator.normal(0, 0.08))
        await promoted.sell({"new": error, "good": error})
        if number % 60 == 0:
            await publish(promoted, "new")
            await promoted.look()
    await publish(promoted, "new")
    assert await promoted.look() == NEW
    assert await promoted.value(PROMOTION_SQL) == "confirmed"
    assert await promoted.value("select action from decisions where kind = 'confirm'") == "confirm"
    assert [one.role for one in await promoted.run(models.active)] == ["champion"], "nobody stands by any more"


async def test_a_market_shock_that_hits_both_alike_rolls_nothing_back(promoted: Bench) -> None:
    generator = np.random.default_rng(7)
    for _ in range(60):
        shock = float(generator.normal(0.4, 0.1))
        wobble = float(generator.normal(0, 0.01))
        await promoted.sell({"new": shock + wobble, "good": shock - wobble})
    await publish(promoted, "new")
    assert await promoted.look() == NEW


async def test_warm_up_takes_ten_sales_and_two_nowcasts(promoted: Bench) -> None:
    for number in range(10):
        await promoted.sell({"new": 0.01 * number, "good": 0.01})
    await promoted.look()
    assert await promoted.value(PROMOTION_SQL) == "warm_up"
    await publish(promoted, "new")
    await promoted.look(minutes=1)
    assert await promoted.value(PROMOTION_SQL) == "watching"


async def test_no_sale_is_counted_twice_by_restarts_redeliveries_or_overlapping_looks(promoted: Bench) -> None:
    await sell(promoted, 7)
    await promoted.look()
    await promoted.look()
    restarted = await promoted.another(build, nowcast_every=NOWCAST_EVERY)
    promoted.clock.move_to(promoted.clock.now() + timedelta(minutes=1))
    await restarted.send(MonitorRequested(slot=promoted.clock.now()))
    assert await promoted.value("select n from monitor_tests") == 7
    assert await promoted.value("select count(*) from monitor_steps") == 7
    before = await promoted.value("select wealth_worse from monitor_tests")
    await promoted.sell({"new": 0.01, "good": 0.05})
    await promoted.look()
    assert await promoted.value("select n from monitor_tests") == 8
    assert await promoted.value("select wealth_worse from monitor_tests") != before


async def test_a_sale_that_a_reorganisation_takes_back_is_not_counted_any_more(promoted: Bench) -> None:
    await sell(promoted, 7)
    await promoted.look()
    blocks = await promoted.rows("select block from market_events order by seq")
    revision = await promoted.run(chain_repository.supersede, blocks[4]["block"], at=promoted.clock.now())
    assert (revision.events, revision.sales) == (2, 2)
    await promoted.look(minutes=1)
    counted = "select n from monitor_tests where test_id like '%@1'"
    assert await promoted.value(counted) == 5
    evidence = "select e_worse from monitor_steps where step_no = 5 and test_id {} '%@1'"
    assert await promoted.value(evidence.format("like")) == await promoted.value(evidence.format("not like"))
    assert await promoted.value("select count(*) from monitor_steps where test_id not like '%@1'") == 7, "on record"

    # One of the two transactions comes again, in another block.
    await promoted.sell({"new": 0.5, "good": 0.03}, tx_hash=f"0x{7:064x}")
    await promoted.look(minutes=1)
    assert await promoted.value(counted) == 6
    assert await promoted.value("select count(*) from monitor_tests") == 2


async def test_batches_of_sales_give_the_same_state_as_one_at_a_time(promoted: Bench) -> None:
    """Looking after every sale or once at the end: the same floats."""
    generator = np.random.default_rng(8)
    for number in range(20):
        error = float(generator.normal(0, 0.05))
        await promoted.sell({"new": error * 1.1, "good": error})
        if number < 10:
            await promoted.look()
    await publish(promoted, "new")
    await promoted.look()
    rows = await promoted.rows("select difference, bound from monitor_steps order by step_no")
    stored = await promoted.value("select wealth_worse from monitor_tests")
    policy = load_policy()
    steps = [Step(row["difference"], row["bound"]) for row in rows]
    at_once = walk(start(policy.sequential), steps, margin=0.0, policy=policy, stop_when_better=False)
    assert len(steps) == 20
    assert tuple(stored) == at_once[-1].worse


async def test_several_sales_of_one_transaction_are_one_step_with_the_mean(promoted: Bench) -> None:
    await promoted.sell({"new": 0.06, "good": 0.02})
    for error in (0.10, 0.02):
        await promoted.sell({"new": error, "good": 0.02}, tx_hash="0xsweep")
    await promoted.look()
    assert await promoted.value("select count(*) from monitor_steps") == 2
    swept = await promoted.value("select difference from monitor_steps where step_key = '0xsweep'")
    assert swept == pytest.approx(0.04, abs=1e-6)


async def test_a_sale_that_becomes_known_late_is_still_counted(promoted: Bench) -> None:
    for _ in range(3):
        await promoted.sell({"new": 0.02, "good": 0.03})
    await promoted.look()
    newest = promoted.sales.at
    promoted.sales.at = newest - timedelta(hours=2, minutes=30)
    await promoted.sell({"new": 0.02, "good": 0.03})
    promoted.sales.at = newest
    await promoted.look(minutes=1)
    assert await promoted.value("select n from monitor_tests") == 4


async def fail(bench: Bench, name: str, *, hours: float, valued_by: tuple[str, ...] = ("good",), **how: bool) -> None:
    """The nowcaster puts on record that the model could not value this cycle, and who could."""
    await bench.run(made.nowcast_failure, name, START + timedelta(hours=hours), valued_by=valued_by, **how)


async def test_a_missing_nowcast_raises_an_alert_and_rolls_nothing_back(promoted: Bench) -> None:
    """The nowcaster is down: the previous champion would be as stale."""
    await promoted.look(hours=13)
    assert await promoted.alerts() == []
    assert await promoted.look(hours=14) == NEW
    (alert,) = await promoted.alerts()
    assert (alert.kind, alert.model_id) == ("stale_nowcast", NEW)
    assert "120 minutes behind" in alert.summary
    await promoted.look(hours=15)
    assert len(await promoted.alerts()) == 1, "the same alert while it lasts"
    await promoted.look(hours=38)
    assert len(await promoted.alerts()) == 2, "and again the next day"


async def test_a_confirmed_champion_without_a_nowcast_raises_an_alert_too(promoted: Bench) -> None:
    await promoted.execute("update promotions set state = 'confirmed' where state = 'warm_up'")
    await promoted.look(hours=14)
    assert [alert.kind for alert in await promoted.alerts()] == ["stale_nowcast"]


async def cannot_serve(bench: Bench, name: str, role: Role) -> None:
    """The nowcaster's code cannot serve the model, and says so on record."""
    model = UnsupportedModel(made.model_id(name), "c0de", role, "its format is of another release", bench.clock.now())
    assert await bench.run(unsupported.note, model)


async def test_a_champion_that_the_code_cannot_serve_is_named_and_not_rolled_back(promoted: Bench) -> None:
    await cannot_serve(promoted, "new", "champion")
    assert await promoted.look(hours=14) == NEW
    (alert,) = await promoted.alerts()
    assert alert.kind == "stale_nowcast"
    assert "the running code (c0de) cannot serve the champion: its format is of another release" in alert.summary


async def test_a_promotion_whose_predecessor_cannot_be_served_leaves_its_warm_up_by_its_own_sales(
    promoted: Bench,
) -> None:
    """No sale has both models' values any more: waiting for pairs would hold up every later promotion."""
    await publish(promoted, "new", hours=0.5)
    for _ in range(10):
        await promoted.sell({"new": 0.02})
    await promoted.look()
    assert await promoted.value(PROMOTION_SQL) == "warm_up"
    await cannot_serve(promoted, "good", "previous")
    await promoted.look(minutes=60)
    assert await promoted.value(PROMOTION_SQL) == "watching"


async def test_a_refused_model_is_rolled_back_where_the_previous_champion_can_be_published(promoted: Bench) -> None:
    await fail(promoted, "new", hours=0.5)
    assert await promoted.look(hours=0.5) == GOOD
    (message,) = await promoted.emitted(ModelRolledBack)
    assert "the values are nonsense" in message.reason


async def test_a_refusal_that_a_later_nowcast_made_good_is_past(promoted: Bench) -> None:
    await fail(promoted, "new", hours=0.5)
    await publish(promoted, "new", hours=1)
    assert await promoted.look(hours=1) == NEW


async def test_a_day_on_which_nobody_can_be_published_rolls_nothing_back(promoted: Bench) -> None:
    await fail(promoted, "new", hours=14, valued_by=())
    assert await promoted.look(hours=14) == NEW
    (alert,) = await promoted.alerts()
    assert "the values are nonsense" in alert.summary


async def test_a_failure_that_may_pass_counts_once_the_nowcast_is_stale(promoted: Bench) -> None:
    await fail(promoted, "new", hours=1, refused=False)
    assert await promoted.look(hours=1) == NEW
    assert await promoted.look(hours=14) == GOOD


async def test_values_far_from_the_previous_champions_on_the_same_snapshot_trip(promoted: Bench) -> None:
    await publish(promoted, "new", hours=1)
    await publish(promoted, "good", hours=1, role="previous", value_wei=7)
    assert await promoted.look(hours=1) == GOOD
    (message,) = await promoted.emitted(ModelRolledBack)
    assert "35.7% on average" in message.reason


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda bench: cannot_serve(bench, "good", "previous"), "cannot value"),
        (lambda bench: fail(bench, "good", hours=1, valued_by=("new",)), "cannot value"),
        (lambda bench: bench.run(models.transition, GOOD, expected="retired", to="quarantined"), "quarantined"),
    ],
    ids=["the code cannot serve it", "it cannot value the market", "it is in quarantine"],
)
async def test_nobody_is_rolled_back_to_a_model_that_cannot_take_over(
    promoted: Bench, spoil: Callable[[Bench], Awaitable[object]], named: str
) -> None:
    promoted.clock.move_to(START + timedelta(hours=1))
    await publish(promoted, "new", rows=9_999, punks=9_999)
    await spoil(promoted)
    assert await promoted.look() == NEW
    (alert,) = await promoted.alerts()
    assert (alert.kind, alert.severity) == ("rollback_impossible", "critical")
    assert named in alert.summary


async def test_a_tick_that_waited_out_an_outage_calls_nothing_stale(promoted: Bench) -> None:
    promoted.clock.move_to(START + timedelta(hours=20))
    assert await promoted.look(slot=START + timedelta(hours=19)) == NEW
    assert await promoted.alerts() == []


@pytest.mark.parametrize(("rows", "punks"), [(9_999, 9_999), (10_000, 9_990)])
async def test_an_incomplete_nowcast_trips(promoted: Bench, rows: int, punks: int) -> None:
    await publish(promoted, "new", hours=1, rows=rows, punks=punks)
    assert await promoted.look(hours=1) == GOOD


async def test_a_value_that_is_not_a_number_trips(promoted: Bench) -> None:
    """The schema refuses such a value; the monitor does not rely on it."""
    await promoted.execute("alter table nowcasts disable trigger append_only")
    await promoted.execute("alter table nowcasts drop constraint values_are_numbers")
    await promoted.execute("update nowcasts set value_wei = 'NaN', hi50_wei = 'NaN', hi80_wei = 'NaN', "
                             "hi90_wei = 'NaN' where punk_id = 77")  # fmt: skip
    assert await promoted.look() == GOOD


async def test_the_first_champion_has_nothing_to_fall_back_on_and_stays(bench: Bench) -> None:
    await bench.run(made.promote, "only", START)
    await fail(bench, "only", hours=72, valued_by=())
    assert await bench.look(hours=72) == made.model_id("only")


async def test_a_second_rollback_within_a_week_freezes_promotions(promoted: Bench) -> None:
    await sell_until_rollback(promoted, "new", "good")
    assert await promoted.run(freezes.in_force, at=promoted.clock.now()) is None
    await promoted.run(made.promote, "next", promoted.clock.now())
    later = (promoted.clock.now() - START) / timedelta(hours=1) + 1
    await fail(promoted, "next", hours=later)
    assert await promoted.look(hours=later) == GOOD
    assert "freeze" in [alert.kind for alert in await promoted.alerts()]
    freeze = await promoted.run(freezes.in_force, at=promoted.clock.now())
    assert freeze.expires_at is None
    assert "2 automatic rollbacks" in freeze.reason


async def test_a_rollback_to_a_model_still_on_probation_puts_it_back_on_probation(promoted: Bench) -> None:
    """`new` was superseded before anything spoke for it: once it is back, `good` must be able to replace it."""
    await promoted.run(made.promote, "newer", START)
    await publish(promoted, "newer", hours=0)
    await sell_until_rollback(promoted, "newer", "new")
    at, watched = await promoted.run(pointer.read), await promoted.run(promotions.current)
    assert (watched.model_id, watched.previous_model_id, watched.state) == (NEW, GOOD, "warm_up")
    assert (at.previous_model_id, at.decision_id) == (GOOD, watched.promotion_id)
    active = [(one.role, one.record.model_id) for one in await promoted.run(models.active)]
    assert active == [("champion", NEW), ("previous", GOOD)]
    await publish(promoted, "new")
    await sell_until_rollback(promoted, "new", "good")
    assert await promoted.run(promotions.current) is None, "there is nothing left to go back to"


async def test_a_rollback_to_a_confirmed_model_leaves_it_confirmed(promoted: Bench) -> None:
    promoted.clock.move_to(START + timedelta(days=46))
    watched = await promoted.run(promotions.current)
    await promoted.run(promotions.end, watched.promotion_id, "confirmed", at=promoted.clock.now())
    await promoted.run(made.promote, "newer", promoted.clock.now())
    await fail(promoted, "newer", hours=46 * 24 + 1, valued_by=("new",))
    assert await promoted.look(hours=46 * 24 + 1) == NEW
    assert await promoted.run(promotions.current) is None


async def test_nothing_to_watch_is_nothing_written(bench: Bench) -> None:
    await bench.look()
    assert await bench.value("select count(*) from monitor_tests") == 0
    assert await bench.value("select count(*) from inbox") == 1
