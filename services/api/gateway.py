"""The parts that every route works with, yielded by the lifespan as typed state."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypedDict, cast

import asyncpg
from fastapi import Request

from services.api.config import GatewayConfig
from services.api.events.stream import EventStream
from services.api.metrics import GatewayMetrics
from services.api.problems import GatewayNotAllowedError
from services.api.refused_keys import RefusedKeys
from services.api.stale_cache import StaleCache
from services.api.turns import Turns
from services.api.view.current import Current
from services.api.view.follower import Follower
from shared.clock import Clock
from shared.database.pool import Connection, Database
from shared.evaluation.policy import Policy
from shared.messaging.transaction import Transaction, originating

SOURCE = "api"
DOWNLOADS = 3
"""Concurrent streams from the database; the pool has ten connections."""


@dataclass(frozen=True)
class Gateway:
    """The gateway's parts, built once by `create_app`."""

    database: Database
    operators: Database
    """The same database, with the login that may carry out acts of the scope `operate`."""
    clock: Clock
    config: GatewayConfig
    current: Current
    follower: Follower
    metrics: GatewayMetrics
    policy: Policy
    event_stream: EventStream
    refused_keys: RefusedKeys
    stale_cache: StaleCache = field(default_factory=StaleCache)
    reading_the_past: Turns = field(default_factory=lambda: Turns("Earlier markets"))
    """Each reads all events up to an instant."""
    computing: Turns = field(default_factory=lambda: Turns("Scorecards"))
    """Each is a computation over the whole record."""
    downloading: Turns = field(default_factory=lambda: Turns("Downloads", DOWNLOADS))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A connection for one request, within the request's time limit."""
        async with asyncio.timeout(self.config.database_timeout_s), self.database.connection() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self, *, scope: str) -> AsyncIterator[Transaction]:
        """A transaction of the gateway's own messages for one request, within the request's time limit.

        Raises:
            GatewayNotAllowedError: the database does not let this gateway's login act for the scope.
        """
        database = self.operators if scope == "operate" else self.database
        try:
            async with (
                asyncio.timeout(self.config.database_timeout_s),
                originating(database, self.clock, source=SOURCE) as transaction,
            ):
                yield transaction
        except asyncpg.InsufficientPrivilegeError as error:
            raise GatewayNotAllowedError(
                f"The database does not let this gateway carry out acts of the scope {scope!r}."
            ) from error


class State(TypedDict):
    """The lifespan's state, which the server hands to each request."""

    gateway: Gateway


def gateway_of(request: Request) -> Gateway:
    """Dependency-free access: cheaper than `Depends` on the hot routes."""
    return cast(Gateway, request.scope["state"]["gateway"])
