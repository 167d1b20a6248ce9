"""Rows of the models and of what refers to them, beside `tests.factories.rows`."""

import hashlib
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from shared.database.pool import Connection
from tests.factories import registry
from tests.factories.rows import NOW, a_generation_of, a_sale_by, an_event, insert

BOUNDS = ("lo90_wei", "lo80_wei", "lo50_wei", "value_wei", "hi50_wei", "hi80_wei", "hi90_wei")

# The transitions from registration to each state.
WAY_TO = {
    "registered": (),
    "evaluated": ("evaluated",),
    "rejected": ("rejected",),
    "shadow": ("evaluated", "shadow"),
    "champion": ("evaluated", "champion"),
    "retired": ("evaluated", "champion", "retired"),
    "rolled_back": ("evaluated", "champion", "rolled_back"),
    "quarantined": ("quarantined",),
}


@asynccontextmanager
async def refusing(connection: Connection, match: str) -> AsyncIterator[None]:
    """The database refuses the statements of this block, and keeps none of their effects."""
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match=match):
        async with connection.transaction():
            yield


async def refused(connection: Connection, match: str, statement: Awaitable[object]) -> None:
    """The database refuses this statement, and keeps none of its effects."""
    async with refusing(connection, match):
        await statement


def digest() -> str:
    return hashlib.sha256(uuid4().bytes).hexdigest()


async def a_snapshot(connection: Connection, kind: str = "nowcast", identity: str | None = None) -> str:
    return await registry.snapshot(connection, digest(), kind, NOW, identity=identity)


async def a_request(connection: Connection, **given: Any) -> Any:
    values = {"request_id": uuid4(), "reason": digest(), "requested_by": "test", "requested_at": NOW} | given
    await insert(connection, "training_requests", **values)
    return values["request_id"]


async def a_model(connection: Connection, state: str = "registered", **given: Any) -> str:
    made = await registry.contender(connection, digest(), NOW, **given)
    for step in WAY_TO[state]:
        await move(connection, made.model_id, step)
    return made.model_id


async def move(connection: Connection, model_id: str, state: str) -> None:
    await connection.execute("update models set state = $2 where model_id = $1", model_id, state)


async def a_decision(connection: Connection, model_id: str, **given: Any) -> Any:
    values = {
        "decision_id": uuid4(), "kind": "gate", "subject_model": model_id, "verdict": "pass", "action": "promote",
        "policy_hash": "p", "evidence_hash": "e", "evidence": "{}", "actor": "policy", "reason": "test",
        "expected_generation": 0, "decided_at": NOW,
    } | given  # fmt: skip
    await insert(connection, "decisions", **values)
    return values["decision_id"]


async def a_pointer(connection: Connection, model_id: str, generation: int = 1) -> Any:
    decision = await a_decision(connection, model_id)
    await insert(
        connection, "model_pointer", model_id=model_id, generation=generation, decision_id=decision, moved_at=NOW
    )
    return decision


async def a_sale(connection: Connection, **given: Any) -> int:
    seq = await an_event(connection, event_type="sale", log_index=int(digest()[:7], 16))
    await a_sale_by(connection, seq, **given)
    return seq


async def a_generation(connection: Connection, model_id: str) -> int:
    return await a_generation_of(connection, model_id, await a_snapshot(connection))


async def a_nowcast(connection: Connection, **given: Any) -> None:
    bounds = {name: 20 + 10 * index for index, name in enumerate(BOUNDS)}
    await insert(connection, "nowcasts", **{"generation_id": 1, "punk_id": 7, "confidence": b"A"} | bounds | given)


async def a_policy(connection: Connection) -> None:
    await insert(connection, "policies", policy_hash="p", body="{}", first_used=NOW)


async def a_promotion(connection: Connection, model_id: str, state: str) -> Any:
    decision = await a_decision(connection, model_id)
    await insert(connection, "promotions", promotion_id=decision, model_id=model_id, state=state, started_at=NOW)
    return decision


async def a_monitor_step(connection: Connection) -> None:
    await insert(connection, "monitor_tests", test_id="t", wealth_worse=[1.0], wealth_better=[1.0], updated_at=NOW)
    await insert(
        connection, "monitor_steps", test_id="t", step_key="0x1", step_no=1, difference=0.0, bound=0.1, e_worse=1.0,
        e_better=1.0, at=NOW,
    )  # fmt: skip
