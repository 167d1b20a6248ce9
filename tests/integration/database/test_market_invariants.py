"""The schema's rules for events, sales, nowcasts and outcomes, whatever the code tries."""

from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.database.pool import Connection
from tests.factories.rows import NOW, an_event, an_outcome, insert
from tests.integration.database.rows import BOUNDS, a_generation, a_model, a_nowcast, a_sale, refused, refusing


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"price_wei": -1}, "price_wei"),
        ({"punk_id": 10_000}, "punk_id"),
        ({"punk_id": -1}, "punk_id"),
        ({"event_type": "gift"}, "event_type"),
        ({"event_type": ""}, "event_type"),
        ({"sale_kind": "swap"}, "sale_kind"),
        ({"block": -1}, "block"),
        ({"tx_index": -1}, "tx_index"),
        ({"log_index": -1}, "log_index"),
        ({"tx_hash": None}, "tx_hash"),
        ({"event_time": None}, "event_time"),
        ({"price_wei": "NaN"}, "price_is_a_number"),
    ],
)
async def test_an_invalid_event_is_refused(connection: Connection, wrong: dict[str, Any], rule: str) -> None:
    await refused(connection, rule, an_event(connection, **wrong))


async def test_the_largest_price_the_chain_can_write_is_kept_exactly(connection: Connection) -> None:
    seq = await an_event(connection, price_wei=2**256 - 1)
    assert await connection.fetchval("select price_wei from market_events where seq = $1", seq) == 2**256 - 1


async def test_the_same_log_is_taken_once_until_it_is_orphaned(connection: Connection) -> None:
    seq = await an_event(connection, block=7, log_index=3)
    await refused(connection, "market_events_natural_key", an_event(connection, block=7, log_index=3, tx_hash="0x2"))
    await connection.execute("update market_events set superseded_at = $2 where seq = $1", seq, NOW)
    await an_event(connection, block=7, log_index=3, tx_hash="0x2")


@pytest.mark.parametrize(
    "change", ["price_wei = 2", "punk_id = 3", "event_time = now()", "known_at = now()", "from_address = '0x1'"]
)
async def test_an_event_is_never_changed(connection: Connection, change: str) -> None:
    await an_event(connection)
    await refused(connection, "immutable", connection.execute(f"update market_events set {change}"))
    async with refusing(connection, "immutable"):
        await connection.execute(f"update market_events set superseded_at = '2025-06-02', {change}")


async def test_an_event_is_orphaned_once(connection: Connection) -> None:
    await an_event(connection)
    await connection.execute("update market_events set superseded_at = $1", NOW)
    for again in ("now()", "null"):
        await refused(connection, "once", connection.execute(f"update market_events set superseded_at = {again}"))
    await refused(connection, "immutable", connection.execute("delete from market_events"))


async def test_a_sale_is_valid_exactly_when_nothing_excludes_it(connection: Connection) -> None:
    await a_sale(connection, valid=True, exclusion=None)
    await a_sale(connection, valid=False, exclusion="wash")
    for valid, exclusion in ((True, "wash"), (False, None)):
        await refused(connection, "sales_check", a_sale(connection, valid=valid, exclusion=exclusion))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-2, 6), min_size=7, max_size=7))
async def test_intervals_are_nested_around_a_positive_value(connection: Connection, bounds: list[int]) -> None:
    nested = bounds == sorted(bounds) and bounds[3] > 0 and bounds[0] >= 0
    attempt = connection.transaction()
    await attempt.start()
    try:
        await a_nowcast(connection, **dict(zip(BOUNDS, bounds, strict=True)))
        accepted = True
    except asyncpg.CheckViolationError:
        accepted = False
    finally:
        await attempt.rollback()
    assert accepted == nested


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 10**24), min_size=7, max_size=7).map(sorted))
async def test_every_nested_interval_is_kept(connection: Connection, bounds: list[int]) -> None:
    attempt = connection.transaction()
    await attempt.start()
    await a_nowcast(connection, confidence=b"D", **dict(zip(BOUNDS, bounds, strict=True)))
    kept = await connection.fetchrow(f"select {', '.join(BOUNDS)} from nowcasts")
    await attempt.rollback()
    assert list(kept) == bounds


async def test_a_generation_values_each_punk_once(connection: Connection) -> None:
    await a_nowcast(connection)
    assert await connection.fetchval("select value_wei from nowcasts where punk_id = 7") == 50
    await refused(connection, "nowcasts_pkey", a_nowcast(connection, confidence=b"B"))


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"hi90_wei": "NaN"}, "values_are_numbers"),
        ({"hi80_wei": "NaN", "hi90_wei": "NaN"}, "values_are_numbers"),
        (dict.fromkeys(("value_wei", "hi50_wei", "hi80_wei", "hi90_wei"), "NaN"), "values_are_numbers"),
        (dict.fromkeys(BOUNDS, "NaN"), "values_are_numbers"),
        ({"lo90_wei": -1}, "values_are_numbers"),
        ({"punk_id": -1}, "punk_exists"),
        ({"punk_id": 10_000}, "punk_exists"),
        ({"confidence": b"E"}, "confidence"),
    ],
    ids=str,
)
async def test_an_invalid_value_is_refused(connection: Connection, wrong: dict[str, Any], rule: str) -> None:
    await refused(connection, rule, a_nowcast(connection, **wrong))


@pytest.mark.parametrize("close", [float("nan"), float("inf")])
async def test_a_dollar_price_that_is_not_finite_is_refused(connection: Connection, close: float) -> None:
    await refused(connection, "close_is_a_number", insert(connection, "eth_usd_daily", date=NOW.date(), close=close))


@pytest.mark.parametrize("error", [float("nan"), float("inf"), float("-inf")])
async def test_a_score_that_is_not_finite_is_refused(connection: Connection, error: float) -> None:
    model = await a_model(connection)
    sale, generation = await a_sale(connection), await a_generation(connection, model)
    await refused(connection, "log_error_is_a_number", an_outcome(connection, sale, model, generation, log_error=error))


async def test_the_pointer_names_an_existing_generation(connection: Connection) -> None:
    async with refusing(connection, "foreign key"):
        await insert(connection, "nowcast_pointer", generation_id=999_999, moved_at=NOW)
        await connection.execute("set constraints all immediate")
    generation = await a_generation(connection, await a_model(connection))
    await insert(connection, "nowcast_pointer", generation_id=generation, moved_at=NOW)
    async with refusing(connection, "nowcast_pointer_pkey"):
        await insert(connection, "nowcast_pointer", generation_id=generation, moved_at=NOW)


async def test_a_sale_is_scored_once_per_model_and_horizon(connection: Connection) -> None:
    models = [await a_model(connection) for _ in range(2)]
    generations = [await a_generation(connection, model) for model in models]
    sale = await a_sale(connection)
    await an_outcome(connection, sale, models[0], generations[0])
    await refused(connection, "outcomes_pkey", an_outcome(connection, sale, models[0], generations[0], track="shadow"))
    await refused(connection, "one_champion_outcome", an_outcome(connection, sale, models[1], generations[1]))
    await an_outcome(connection, sale, models[0], generations[0], horizon="24h")
    await an_outcome(connection, sale, models[1], generations[1], track="shadow")
    for wrong in ({"horizon": "1h"}, {"track": "guess"}):
        await refused(
            connection,
            next(iter(wrong)),
            an_outcome(connection, sale, models[1], generations[1], **{"horizon": "7d", "track": "shadow"} | wrong),
        )


async def test_an_outcome_needs_its_sale(connection: Connection) -> None:
    model = await a_model(connection)
    generation = await a_generation(connection, model)
    await refused(connection, "foreign key", an_outcome(connection, 999_999, model, generation))
