"""The gateway as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from services.api import (
    exclusions,
    freezes,
    probes,
    problem_page,
    problems,
    reference,
    registry,
    status,
    training_requests,
)
from services.api.backtest import routes as backtest
from services.api.compat import routes as compat
from services.api.config import GatewayConfig
from services.api.deals import routes as deals
from services.api.events import routes as events
from services.api.events.stream import EventStream
from services.api.front import Front
from services.api.gateway import Gateway, State
from services.api.lifecycle import routes as lifecycle
from services.api.log import routes as log
from services.api.market import routes as market
from services.api.metrics import GatewayMetrics
from services.api.middleware import BodyLimit
from services.api.nowcasts import routes as nowcasts
from services.api.operator_acts import routes as operator_acts
from services.api.outcomes import routes as outcomes
from services.api.parameters import only_known_parameters
from services.api.problems import Problem
from services.api.punks import routes as punks
from services.api.rate_limits import Quota, RateLimits
from services.api.refused_keys import RefusedKeys
from services.api.traits import routes as traits
from services.api.view.current import Current
from services.api.view.follower import Follower
from services.api.webhooks import routes as webhooks
from shared.clock import Clock
from shared.database.pool import Database
from shared.evaluation.policy import load_policy
from shared.storage.object_store import ObjectStore
from shared.tasks import end

DESCRIPTION = """Fair values with intervals for all 10,000 CryptoPunks, scored on every later sale.

Every answer that carries values names its generation, model, as-of block and time. The header
Punkcast-Age-Seconds says how old the values are, Punkcast-Degraded what is wrong with them. Money is exact: wei
as text, with an ETH float. Times are UTC. Errors are RFC 9457 problems that say what to do next."""


def create_app(
    *,
    database: Database,
    clock: Clock,
    config: GatewayConfig,
    operators: Database | None = None,
    store: ObjectStore | None = None,
) -> FastAPI:
    """The gateway. The caller opens the databases and closes them; the gateway closes `store`.

    Args:
        operators: the same database with the login for acts of operators; default: `database`.
        store: has the generations whose rows are no longer in the database; without it, they are gone.
    """
    metrics = GatewayMetrics()
    current = Current(clock, stale_after_s=config.stale_after_s, generations_kept=config.generations_kept)
    follower = Follower(database=database, clock=clock, current=current, config=config, metrics=metrics, store=store)
    gateway = Gateway(
        database=database,
        operators=operators or database,
        clock=clock,
        config=config,
        current=current,
        follower=follower,
        metrics=metrics,
        policy=load_policy(config.policy_file),
        event_stream=EventStream(database, config),
        refused_keys=RefusedKeys(Quota.parse("refused keys", config.refused_keys_limit), metrics),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        running = [
            asyncio.create_task(follower.run(), name="follower"),
            asyncio.create_task(gateway.event_stream.run(), name="event stream"),
        ]
        try:
            yield State(gateway=gateway)
        finally:
            await end(running)
            if store is not None:
                await store.close()

    app = ProblemFastAPI(
        title="Punkcast",
        version="1.0.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(only_known_parameters)],
    )
    for resource in (
        *(punks, nowcasts, log, market, deals, traits, outcomes, exclusions, backtest, events, webhooks, compat),
        *(registry, operator_acts, freezes, lifecycle, training_requests, status, probes, problem_page, reference),
    ):
        app.include_router(resource.router)
    problems.install(app)
    app.add_middleware(BodyLimit, max_bytes=config.max_body_bytes)
    limits = RateLimits(
        reading=Quota.parse("reading", config.reading_limit),
        writing=Quota.parse("writing", config.writing_limit),
        metrics=metrics,
    )
    members = {punks.COLLECTION: punks.answer_of}
    app.front = Front(app.routed, current=current, metrics=metrics, limits=limits, members=members)
    return app


_RATE_LIMITED = {
    "description": "Too Many Requests",
    "headers": {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds"}},
    "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class ProblemFastAPI(FastAPI):
    """FastAPI whose OpenAPI document has our problem shape instead of FastAPI's validation error.

    Requests go to `front`, which passes to `routed` what it does not answer.
    """

    front: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.front(scope, receive, send)

    async def routed(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(shape.pop("$defs", {}))
            schemas["Problem"] = shape
            for operations in document["paths"].values():
                for operation in operations.values():
                    # Every route is rate-limited, and refuses parameters that it does not have.
                    operation["responses"].setdefault("429", _RATE_LIMITED)
                    operation["responses"].setdefault("422", problems.documented(422)[422])
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            self.openapi_schema = document
        return self.openapi_schema
