"""The whole current generation, and the market beside it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.api.answers import stamped
from services.api.documents import MarketDocument, NowcastDocument
from services.api.gateway import gateway_of
from services.api.problems import documented

router = APIRouter(tags=["values"])


@router.get(
    "/v1/nowcast",
    operation_id="get_nowcast",
    summary="All values of the current generation",
    response_class=Response,
    responses={
        200: {"model": NowcastDocument},
        304: {"description": "The copy you have still holds"},
        **documented(503),
    },
)
async def nowcast(request: Request) -> Response:
    gateway = gateway_of(request)
    generation = gateway.current.require().generation
    return stamped(request, gateway, generation, f"g{generation.facts.generation_id}", b"", generation.body)


@router.get(
    "/v1/market",
    operation_id="get_market",
    summary="Floor, asks, volumes and ETH/USD as of the last event",
    response_class=Response,
    responses={
        200: {"model": MarketDocument},
        304: {"description": "The copy you have still holds"},
        **documented(503),
    },
)
async def market(request: Request) -> Response:
    gateway = gateway_of(request)
    view = gateway.current.require()
    generation = view.generation
    tag = f"g{generation.facts.generation_id}.{view.market.tag}"
    return stamped(request, gateway, generation, tag, b"%b,%b}" % (generation.head, view.market.body))
