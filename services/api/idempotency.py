"""A request that changes state is carried out once for each Idempotency-Key; repeats get the same answer."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from services.api.auth import Caller, caller_with
from services.api.gateway import Gateway, gateway_of
from services.api.problems import IdempotencyConflictError
from shared.database.pool import Connection
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
HOLD_SQL = "select pg_advisory_xact_lock(hashtextextended('punkcast.idempotency.' || $1 || '/' || $2, 0))"
FIND_SQL = """
select request_sha256, response_status, response_body from idempotency_keys where key_id = $1 and idempotency_key = $2
"""
KEEP_SQL = """
insert into idempotency_keys (key_id, idempotency_key, request_sha256, response_status, response_body, created_at)
values ($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True)
class Once:
    """A caller's request to change state, carried out once."""

    gateway: Gateway
    caller: Caller
    key: str | None
    scope: str

    async def answer(
        self, what: str, order: BaseModel, act: Callable[[Transaction], Awaitable[BaseModel]], *, status: int
    ) -> Response:
        """The answer of `act`, stored under the caller's key in the same commit; or the answer stored before.

        `what` is the route with its ids, so that one key sent to two routes is a conflict.

        Raises:
            IdempotencyConflictError: the key was used for another request.
        """
        request = hashlib.sha256(f"{what}\n{order.model_dump_json()}".encode()).hexdigest()
        async with self.gateway.writing(scope=self.scope) as transaction:
            await self.caller.hold(transaction)
            stored = await self._stored(transaction.connection, request)
            if stored is None:
                stored = status, (await act(transaction)).model_dump_json()
                if self.key is not None:
                    at = self.gateway.clock.now()
                    await transaction.connection.execute(KEEP_SQL, self.caller.key_id, self.key, request, *stored, at)
        headers = {"Cache-Control": "no-store"}
        return Response(stored[1], status_code=stored[0], media_type="application/json", headers=headers)

    async def _stored(self, connection: Connection, request: str) -> tuple[int, str] | None:
        """Status and body of the key's answer. Other requests with the key wait until this transaction ends."""
        if self.key is None:
            return None
        await connection.execute(HOLD_SQL, self.caller.key_id, self.key)
        row = await connection.fetchrow(FIND_SQL, self.caller.key_id, self.key)
        if row is not None and row["request_sha256"] != request:
            raise IdempotencyConflictError("This Idempotency-Key was used for another request.")
        return None if row is None else (row["response_status"], row["response_body"])


def once_with(scope: str) -> Callable[..., Awaitable[Once]]:
    """A dependency: the request of a caller whose key has `scope`."""

    admitted = Depends(caller_with(scope))

    async def once(request: Request, caller: Caller = admitted, idempotency_key: IdempotencyKey = None) -> Once:
        return Once(gateway_of(request), caller, idempotency_key, scope)

    return once
