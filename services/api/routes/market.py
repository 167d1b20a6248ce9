"""The market: now, at an earlier instant, and day by day."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response

from services.api.answers import stamped
from services.api.gateway import Gateway, gateway_of
from services.api.looking_back import generation_in_force, market_then
from services.api.paging import Instant
from services.api.problems import DATABASE_AWAY, documented
from services.api.remembered import Answer
from services.api.repositories import market_days
from services.api.routes.punks import NOT_MODIFIED
from services.api.shapes.market import MarketDay, MarketDocument, MarketSeriesDocument
from shared.errors import InvalidInputError

router = APIRouter(tags=["market"])

FIRST_DAY, LAST_DAY = date(2015, 1, 1), date(2200, 1, 1)
Day = Annotated[date | None, Query(ge=FIRST_DAY, le=LAST_DAY)]


@router.get(
    "/v1/market",
    operation_id="get_market",
    summary="Floor, depth, bids, volumes and ETH/USD as of the last event",
    response_class=Response,
    responses={200: {"model": MarketDocument}, **NOT_MODIFIED, **documented(404, 410, 422, 503)},
)
async def market(
    request: Request,
    as_of: Annotated[Instant | None, Query(description="The market then, beside the nowcast of then")] = None,
) -> Response:
    gateway = gateway_of(request)
    if as_of is None:
        return current_market(request, gateway)
    generation = await generation_in_force(gateway, as_of)
    revisions = gateway.current.require().market.place[1]
    key = f"market|{as_of.isoformat()}|{revisions}"
    known = gateway.remembered.get(key)
    if known is None:
        then = await market_then(gateway, as_of)
        known = Answer(key, then.body, gateway.clock.now())
        gateway.remembered.put(key, known)
    tag = f"g{generation.facts.generation_id}.{as_of:%Y%m%dT%H%M%S%f}.r{revisions}"
    return stamped(request, gateway, generation, tag, b"%b,%b}" % (generation.head, known.body))


def current_market(request: Request, gateway: Gateway) -> Response:
    """From memory."""
    view = gateway.current.require()
    return stamped(request, gateway, view.generation, view.tag, b"%b,%b}" % (view.generation.head, view.market.body))


@router.get(
    "/v1/market/series",
    operation_id="get_market_series",
    summary="Floor, value index, sales and volume day by day",
    response_class=Response,
    responses={200: {"model": MarketSeriesDocument}, **documented(422, 503)},
)
async def series(
    request: Request,
    start: Annotated[Day, Query(alias="from", description="First day (UTC)")] = None,
    end: Annotated[Day, Query(alias="to", description="Last day (UTC), inclusive")] = None,
) -> Response:
    gateway = gateway_of(request)
    if start is not None and end is not None and start > end:
        raise InvalidInputError(f"from {start} is after to {end}; no day lies between.")
    key = f"series|{start}|{end}"
    known = gateway.remembered.get(key)
    view = gateway.current.view
    # What the days are made of moves with the market and with each nowcast.
    fingerprint = f"{view.tag}{'x' if view.explained else ''}" if view else ""
    degraded: list[str] = []
    if known is None or not fingerprint or known.fingerprint != fingerprint:
        try:
            async with gateway.reading() as connection:
                found = await market_days.days(connection, start, end)
        except DATABASE_AWAY:
            if known is None:
                raise
            degraded = ["database_away"]
        else:
            body = orjson.dumps(
                {"start": start, "end": end, "days": [MarketDay(**vars(day)).model_dump() for day in found]}
            )
            known = Answer(fingerprint, body, gateway.clock.now())
            gateway.remembered.put(key, known)
    headers = {"Cache-Control": "public, max-age=60, stale-while-revalidate=600, stale-if-error=86400"}
    if degraded:
        headers["Punkcast-Degraded"] = ", ".join(degraded)
    body = b'{"degraded":%b,%b' % (orjson.dumps(degraded), known.body[1:])
    return Response(body, media_type="application/json", headers=headers)
