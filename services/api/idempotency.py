"""A request that changes state is carried out once for each Idempotency-Key; repeats get the same answer."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel

from services.api import idempotency_queries as queries
from services.api.auth import Caller
from services.api.idempotency_queries import IdempotentAnswer
from services.api.problems import IdempotencyConflictError
from shared.messaging.transaction import Transaction

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x20-\x7e]+$",
        description="Any text of yours, new for each new request; kept for 30 days. With it, sending twice asks once.",
    ),
]


async def once(
    transaction: Transaction,
    caller: Caller,
    key: str | None,
    *,
    what: str,
    order: BaseModel,
    status: int,
    act: Callable[[], Awaitable[BaseModel]],
) -> IdempotentAnswer:
    """The answer of `act`, stored under the caller's key in the same commit; or the one stored before.

    `what` is the route with its ids, so that one key sent to two routes is a conflict.

    Raises:
        IdempotencyConflictError: the key was used for another request.
    """
    request = hashlib.sha256(f"{what}\n{order.model_dump_json()}".encode()).hexdigest()
    if key is not None:
        await queries.hold(transaction.connection, caller.key_id, key)
        earlier = await queries.find(transaction.connection, caller.key_id, key)
        if earlier is not None:
            if earlier.request_sha256 != request:
                raise IdempotencyConflictError("This Idempotency-Key was used for another request.")
            return earlier
    answer = IdempotentAnswer(request, status, (await act()).model_dump_json())
    if key is not None:
        await queries.keep(transaction.connection, caller.key_id, key, answer, at=transaction.clock.now())
    return answer
