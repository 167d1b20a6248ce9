"""API keys: `pc_<key id>_<secret>`; only the SHA-256 of the whole key is stored.

Authentication comes before the work; `Caller.hold` keeps the key valid in the transaction that does the work.
"""

import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from services.api.clients import client_in
from services.api.gateway import Gateway, gateway_of
from services.api.problems import ForbiddenError, UnauthorizedError
from services.api.refused_keys import Refusal
from shared.messaging.transaction import Transaction
from shared.registry import api_keys

OPERATOR = "operator"
_SHAPE = re.compile(r"^pc_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$")

_BEARER = HTTPBearer(auto_error=False, scheme_name="Bearer", description="An API key")
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="ApiKey")


@dataclass(frozen=True)
class Caller:
    """The holder of a valid key. `key_id` scopes idempotency keys; each request records `name`."""

    key_id: str
    name: str

    @property
    def actor(self) -> str:
        """The caller in decisions, freezes and training requests."""
        return f"api:{self.name}"

    @property
    def origin(self) -> str:
        """The origin of the caller's training requests: it has the key's id, because a name may be used again."""
        return OPERATOR if self.key_id == OPERATOR else f"api:{self.key_id}"

    async def hold(self, transaction: Transaction) -> None:
        """Keep the key valid until the transaction ends: its revocation comes before or after it.

        Raises:
            UnauthorizedError: the key was revoked, or has expired, since it was presented.
        """
        at = transaction.clock.now()
        if self.key_id != OPERATOR and not await api_keys.hold(transaction.connection, self.key_id, at=at):
            raise UnauthorizedError("The API key is not valid: unknown or revoked.")


def caller_with(scope: str) -> Callable[..., Awaitable[Caller]]:
    """A dependency that lets callers with `scope` through.

    Raises (in requests):
        UnauthorizedError: no key, or one that is unknown, revoked or expired.
        ForbiddenError: the key lacks the scope.
        TooManyRefusedError: the address has tried too many keys.
    """

    async def caller(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
        header: Annotated[str | None, Security(_HEADER)],
    ) -> Caller:
        gateway, client = gateway_of(request), client_in(request.scope)
        gateway.refused_keys.check(client)
        try:
            return await authenticate(gateway, bearer.credentials if bearer else header, scope)
        except KeyRefusedError as error:
            gateway.refused_keys.note(client, error.kind)
            raise

    return caller


class KeyRefusedError(UnauthorizedError):
    """No key, or none that is valid."""

    def __init__(self, kind: Refusal, text: str) -> None:
        super().__init__(text)
        self.kind: Refusal = kind


async def authenticate(gateway: Gateway, presented: str | None, scope: str) -> Caller:
    """The caller behind a presented key. Raises KeyRefusedError and ForbiddenError."""
    if not presented:
        raise KeyRefusedError("missing", f"This route needs an API key with the scope {scope!r}.")
    operator = gateway.config.operator_key
    if operator and hmac.compare_digest(presented.encode(), operator.encode()):
        return Caller(key_id=OPERATOR, name=OPERATOR)
    shape = _SHAPE.match(presented)
    if shape is None:
        raise KeyRefusedError("malformed", "The API key is not valid.")
    now = gateway.clock.now()
    async with gateway.reading() as connection:
        stored = await api_keys.find(connection, shape.group(1))
        if not api_keys.matches(stored, presented, at=now) or stored is None:
            raise KeyRefusedError("unknown", "The API key is not valid: unknown or revoked.")
        if stored.is_expired(now):
            raise KeyRefusedError("expired", f"The API key expired on {stored.expires_at:%Y-%m-%d}; ask for a new one.")
        if stored.revoked_at is not None:
            raise KeyRefusedError("revoked", "The API key is not valid: unknown or revoked.")
        if scope not in stored.scopes:
            raise ForbiddenError(f"The API key {stored.key_id} lacks the scope {scope!r}.")
        await api_keys.note_use(connection, stored, at=now)
    return Caller(key_id=stored.key_id, name=stored.name)
