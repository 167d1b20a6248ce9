"""The stored test equals the formula, whatever the order of looks, restarts, repeats and kills."""

import asyncio
import textwrap
from datetime import timedelta
from fractions import Fraction
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.monitor.stepping import advance_paired
from shared.evaluation.policy import load_policy
from tests.factories import registry as made
from tests.factories.killed import is_killed
from tests.integration.monitor.conftest import START, Bench

advance = partial(
    advance_paired, new=made.model_id("new"), old=made.model_id("good"), started_at=START, margin=0.0,
    stop_when_better=False, policy=load_policy(),
)  # fmt: skip
"""`new` against `good`, its predecessor."""


def reference(steps: list[tuple[list[float], list[float]]], *, sign: int) -> float:
    """E_n = mean over g of the product of 1 + g min(1/R, 1/r) d; d and r are means of a transaction."""
    bets = [Fraction(0.02 * 40 ** (k / 11)) for k in range(12)]
    wealth = [Fraction(1)] * 12
    for differences, bounds in steps:
        d = sum(map(Fraction, differences)) / len(differences)
        r = sum(map(Fraction, bounds)) / len(bounds)
        scale = min(1 / Fraction(0.04), 1 / r) if r else 1 / Fraction(0.04)
        wealth = [w * (1 + sign * g * scale * d) for w, g in zip(wealth, bets, strict=True)]
    return float(sum(wealth) / 12)


errors = st.floats(-0.03, 0.03).map(lambda e: round(e, 6))
transactions = st.lists(st.tuples(errors, errors), min_size=1, max_size=3)
looks = st.lists(st.tuples(st.lists(transactions, max_size=6), st.integers(1, 3)), min_size=1, max_size=5)


class Undone(Exception):  # noqa: N818 - nothing went wrong
    pass


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(looks)
async def test_any_order_of_sales_looks_and_repeats_gives_the_reference(
    promoted: Bench, history: list[tuple[list[list[tuple[float, float]]], int]]
) -> None:
    """Each look counts what came since; a repeat, as after a restart or a redelivery, counts nothing twice."""
    with pytest.raises(Undone):
        async with promoted.database.transaction() as connection:
            sales = made.Sales(promoted.sales.generation_id, START, gap=timedelta(minutes=7))
            for number, (arrived, repeats) in enumerate(history):
                for swept in arrived:
                    for at, (new, old) in enumerate(swept):
                        tx_hash = None if at == 0 else f"0x{sales.count - at + 1:064x}"
                        await sales.add(connection, {"new": new, "good": old}, tx_hash=tx_hash)
                for _ in range(repeats):
                    state = await advance(connection, "promotion:under-test", at=START + timedelta(days=number))
            rows = await connection.fetch(
                """select s.tx_hash, array_agg(abs(a.log_error) - abs(b.log_error)) as d,
                          array_agg(abs(ln(a.value_wei::float8) - ln(b.value_wei::float8))) as r
                   from sales s join outcomes a on a.event_seq = s.event_seq and a.model_id = $1
                   join outcomes b on b.event_seq = s.event_seq and b.model_id = $2 group by s.tx_hash""",
                made.model_id("new"),
                made.model_id("good"),
            )
            steps = [(row["d"], row["r"]) for row in rows]
            assert state.n == len(steps) == sum(len(arrived) for arrived, _ in history)
            assert state.e_worse == pytest.approx(reference(steps, sign=1), rel=1e-12)
            assert state.e_better == pytest.approx(reference(steps, sign=-1), rel=1e-12)
            raise Undone


LOOK = textwrap.dedent("""
    import asyncio, sys
    from datetime import datetime, timedelta
    from uuid import UUID
    from services.monitor.handlers import Monitor
    from services.monitor.repository import NowcastHealth
    from shared.clock import ManualClock
    from shared.contracts.envelope import Envelope
    from shared.contracts.messages import MonitorRequested
    from shared.database.pool import Database
    from shared.evaluation.policy import load_policy

    async def look():
        clock = ManualClock(datetime.fromisoformat(sys.argv[2]))
        database = await Database.connect(sys.argv[1])
        monitor = Monitor(database=database, clock=clock, policy=load_policy(), nowcast_every=timedelta(hours=12),
                          health=NowcastHealth())
        message = Envelope.wrap(MonitorRequested(slot=clock.now()), source="test", time=clock.now(),
                                message_id=UUID("8f14e45f-ceea-467f-a8b5-6f1f3c2e0b11"))
        await monitor.on_monitor_requested(message)
        await database.close()

    asyncio.run(look())
""")


@pytest.mark.parametrize(("point", "counted"), [("before-commit", 0), ("after-commit", 9)])
async def test_a_monitor_killed_around_its_commit_counts_each_sale_once(
    promoted: Bench, fresh_database_url: str, point: str, counted: int
) -> None:
    for number in range(9):
        await promoted.sell({"new": 0.004 * number, "good": 0.02})
    instant = promoted.clock.now().isoformat()
    await is_killed(LOOK, fresh_database_url, instant, PUNKCAST_FAILPOINTS=f"{point}:1")
    assert await promoted.value("select coalesce(max(n), 0) from monitor_tests") == counted
    await promoted.look()
    await promoted.look(slot=promoted.clock.now() + timedelta(hours=1))
    assert await promoted.value("select n from monitor_tests") == 9
    assert await promoted.value("select count(*) from monitor_steps") == 9


async def test_two_monitors_at_once_count_each_sale_once(promoted: Bench) -> None:
    for _ in range(5):
        await promoted.sell({"new": 0.01, "good": 0.02})

    look = partial(promoted.run, advance, "promotion:raced", at=promoted.clock.now())
    raced = await asyncio.gather(*(look() for _ in range(4)))
    again = await look()
    assert again.n == await promoted.value("select count(*) from monitor_steps") == 5
    assert set(raced) == {again}
