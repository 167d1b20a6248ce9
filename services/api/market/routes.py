"""The market: now, at an earlier instant, and day by day."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.api.documents import encode
from services.api.gateway import gateway_of
from services.api.market import day_queries as market_days
from services.api.market.schemas import MarketDay, MarketDocument, MarketSeriesDocument
from services.api.nowcasts.lookup import generation_in_force, market_then
from services.api.paging import Instant
from services.api.problems import DATABASE_AWAY, documented
from services.api.punks.routes import NOT_MODIFIED
from services.api.responses import cached_response, memoised, page_response
from services.api.stale_cache import CachedAnswer
from services.api.view.generation import Generation
from services.api.view.market import Market
from services.api.view.ready import Page, page
from shared.errors import InvalidInputError

router = APIRouter(tags=["market"])

SERIES_CACHE = "public, max-age=60, stale-while-revalidate=600, stale-if-error=86400"

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
        view = gateway.current.require()
        return memoised(request, gateway, view, _page(view.generation, view.market, view.tag))
    generation = await generation_in_force(gateway, as_of)
    tag = f"g{generation.record.generation_id}.{as_of:%Y%m%dT%H%M%S%f}.r{gateway.current.require().market.place[1]}"
    known = gateway.stale_cache.get(f"market|{tag}")
    if known is None:
        found = _page(generation, await market_then(gateway, as_of), tag)
        known = CachedAnswer(tag, found.body, gateway.clock.now())
        gateway.stale_cache.put(f"market|{tag}", known)
    return page_response(request, gateway, page(generation.record, tag, known.body))


def _page(generation: Generation, market: Market, tag: str) -> Page:
    document = MarketDocument(
        generation=generation.document,
        market_as_of=market.as_of,
        floor=market.floor,
        asks=len(market.asks),
        depth=market.depth,
        bids=market.bids,
        volumes=market.volumes,
        eth_usd=market.eth_usd,
    )
    return page(generation.record, tag, encode(document))


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
    known = gateway.stale_cache.get(key)
    view = gateway.current.view
    # What the days are made of moves with the market and with each nowcast.
    fingerprint = view.tag if view else ""
    away = False
    if known is None or not fingerprint or known.fingerprint != fingerprint:
        try:
            async with gateway.reading() as connection:
                found = await market_days.days(connection, start, end)
        except DATABASE_AWAY:
            if known is None:
                raise
            away = True
        else:
            days = [MarketDay(**vars(day)) for day in found]
            body = encode(MarketSeriesDocument(start=start, end=end, days=days))
            known = CachedAnswer(fingerprint, body, gateway.clock.now())
            gateway.stale_cache.put(key, known)
    return cached_response(known, cache_control=SERIES_CACHE, database_away=away)
