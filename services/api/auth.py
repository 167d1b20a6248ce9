"""API keys: `pc_<key id>_<secret>`; only the SHA-256 of the whole key is stored."""

import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from services.api.gateway import Gateway, gateway_of
from services.api.problems import ForbiddenError, UnauthorizedError
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


def caller_with(scope: str) -> Callable[..., Awaitable[Caller]]:
    """A dependency that lets callers with `scope` through.

    Raises (in requests):
        UnauthorizedError: no key, or one that is unknown or revoked.
        ForbiddenError: the key lacks the scope.
    """

    async def caller(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
        header: Annotated[str | None, Security(_HEADER)],
    ) -> Caller:
        presented = bearer.credentials if bearer else header
        if not presented:
            raise UnauthorizedError(f"This route needs an API key with the scope {scope!r}.")
        return await authenticate(gateway_of(request), presented, scope)

    return caller


async def authenticate(gateway: Gateway, presented: str, scope: str) -> Caller:
    """The caller behind a presented key."""
    operator = gateway.config.operator_key
    if operator and hmac.compare_digest(presented.encode(), operator.encode()):
        return Caller(key_id=OPERATOR, name=OPERATOR)
    shape = _SHAPE.match(presented)
    if shape is None:
        raise UnauthorizedError("The API key is not valid.")
    async with gateway.reading() as connection:
        stored = await api_keys.find(connection, shape.group(1))
    # Compared in any case, so that the duration does not reveal which ids exist.
    expected = stored.secret_sha256 if stored else "0" * 64
    same = hmac.compare_digest(api_keys.fingerprint(presented), expected)
    if stored is None or not same or stored.revoked_at is not None:
        raise UnauthorizedError("The API key is not valid: unknown or revoked.")
    if scope not in stored.scopes:
        raise ForbiddenError(f"The API key {stored.key_id} lacks the scope {scope!r}.")
    return Caller(key_id=stored.key_id, name=stored.name)
