"""Hot routes past FastAPI's parameter solving, which costs more than everything else such a request does.

The FastAPI routes stay: they document the same handlers and answer whatever is not written as the fast lane wants it,
a query among it.
"""

from __future__ import annotations

import re

from fastapi import FastAPI, Request, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from services.api.gateway import gateway_of
from services.api.routes import market, nowcasts, punks


class FastRoute(Route):
    """A Starlette route that leaves its name for the metrics, as FastAPI's do."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["query_string"]:
            return Match.NONE, {}
        match, found = super().matches(scope)
        if match is not Match.FULL:
            # A wrong method is FastAPI's to refuse, which knows what the route allows.
            return Match.NONE, {}
        found["route"] = self
        return match, found


async def punk(request: Request) -> Response:
    gateway = gateway_of(request)
    return punks.current_punk(request, gateway, gateway.current.require(), int(request.path_params["punk_id"]))


async def nowcast(request: Request) -> Response:
    gateway = gateway_of(request)
    return await nowcasts.whole(request, gateway, gateway.current.require().generation, None)


async def current_market(request: Request) -> Response:
    return market.current_market(request, gateway_of(request))


def install(app: FastAPI) -> None:
    """Put the fast lane in front of the routes included so far."""
    one = FastRoute("/v1/punks/{punk_id}", punk, methods=["GET"])
    one.path_regex = re.compile(r"^/v1/punks/(?P<punk_id>[0-9]{1,4})$")
    whole = FastRoute("/v1/nowcasts/current", nowcast, methods=["GET"])
    state = FastRoute("/v1/market", current_market, methods=["GET"])
    app.router.routes[:0] = [one, whole, state]
