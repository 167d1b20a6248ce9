"""What the schema refuses because it is no number, or because it was already published."""

from typing import Any

import asyncpg
import pytest

from shared.database.pool import Connection
from tests.integration.database.rows import NOW, a_generation, a_model, a_sale, an_event, an_outcome, insert

NOT_A_NUMBER = "NaN"
VALUE = {
    "punk_id": 7,
    "lo90_wei": 20,
    "lo80_wei": 30,
    "lo50_wei": 40,
    "value_wei": 50,
    "hi50_wei": 60,
    "hi80_wei": 70,
    "hi90_wei": 80,
    "confidence": b"A",
}


async def a_value(connection: Connection, **given: Any) -> None:
    generation = await a_generation(connection, await a_model(connection))
    await insert(connection, "nowcasts", generation_id=generation, **(VALUE | given))


async def test_a_sound_value_is_kept(connection: Connection) -> None:
    await a_value(connection)
    assert await connection.fetchval("select value_wei from nowcasts where punk_id = 7") == 50


@pytest.mark.parametrize(
    "wrong",
    [
        {"hi90_wei": NOT_A_NUMBER},
        {"hi80_wei": NOT_A_NUMBER, "hi90_wei": NOT_A_NUMBER},
        {"value_wei": NOT_A_NUMBER, "hi50_wei": NOT_A_NUMBER, "hi80_wei": NOT_A_NUMBER, "hi90_wei": NOT_A_NUMBER},
        {bound: NOT_A_NUMBER for bound in VALUE if bound.endswith("_wei")},
        {"lo90_wei": -1},
    ],
    ids=str,
)
async def test_a_value_that_is_no_number_is_refused(connection: Connection, wrong: dict[str, Any]) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="values_are_numbers"):
        await a_value(connection, **wrong)


@pytest.mark.parametrize("punk_id", [-1, 10_000])
async def test_a_value_of_no_punk_is_refused(connection: Connection, punk_id: int) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="punk_exists"):
        await a_value(connection, punk_id=punk_id)


async def test_a_price_that_is_no_number_is_refused(connection: Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="price_is_a_number"):
        await an_event(connection, price_wei=NOT_A_NUMBER)


@pytest.mark.parametrize("close", [float("nan"), float("inf")])
async def test_a_dollar_price_that_is_no_number_is_refused(connection: Connection, close: float) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="close_is_a_number"):
        await insert(connection, "eth_usd_daily", date=NOW.date(), close=close)


@pytest.mark.parametrize("error", [float("nan"), float("inf"), float("-inf")])
async def test_a_score_that_is_no_number_is_refused(connection: Connection, error: float) -> None:
    model = await a_model(connection)
    sale, generation = await a_sale(connection), await a_generation(connection, model)
    with pytest.raises(asyncpg.CheckViolationError, match="log_error_is_a_number"):
        await an_outcome(connection, sale, model, generation, log_error=error)


async def test_a_published_value_is_never_changed(connection: Connection) -> None:
    await a_value(connection)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="nowcasts is append-only"):
        await connection.execute("update nowcasts set value_wei = 51 where punk_id = 7")


async def test_a_policy_is_never_changed(connection: Connection) -> None:
    await insert(connection, "policies", policy_hash="p", body="b", first_used=NOW)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="policies is append-only"):
        await connection.execute("update policies set body = 'c'")
