"""The market: now, at an earlier instant, and day by day."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.api.documents import encode
from services.api.gateway import Gateway, gateway_of
from services.api.market import queries
from services.api.market.schemas import MarketDocument, MarketSeriesDocument
from services.api.nowcasts.lookup import generation_in_force
from services.api.paging import Instant
from services.api.problems import NOT_MODIFIED, documented
from services.api.responses import fresh_or_stale, memoised, respond
from services.api.stale_cache import CachedAnswer
from services.api.view.generation import Generation
from services.api.view.market import Market
from services.api.view.ready import ReadyAnswer, ready_answer
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
    as_of: Annotated[Instant | None, Query(description="The market and the nowcast of that instant")] = None,
) -> Response:
    gateway = gateway_of(request)
    if as_of is None:
        view = gateway.current.require()
        return memoised(request, gateway, view, _answer(view.generation, view.market, view.tag))
    generation = await generation_in_force(gateway, as_of)
    async with gateway.reading() as connection:
        place = await queries.place_then(connection, as_of)
    tag = f"g{generation.record.generation_id}.{place}.r{gateway.current.require().market.place[1]}"
    body = await _body_then(gateway, generation, as_of, tag)
    return respond(request, gateway, ready_answer(generation.record, tag, body))


async def _body_then(gateway: Gateway, generation: Generation, as_of: datetime, tag: str) -> bytes:
    """The market strictly before `as_of`, by what is known of it today. Reads all events, for one request at a time.

    Raises BusyError, TimeoutError: as `Turns.share` does.
    """
    key = f"market|{tag}"
    if (known := gateway.stale_cache.get(key)) is not None:
        return known.body

    async def read() -> bytes:
        async with (
            gateway.reading() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            found = _answer(generation, Market(await queries.market(connection, as_of=as_of)), tag)
        gateway.stale_cache.put(key, CachedAnswer(tag, found.body, gateway.clock.now()))
        return found.body

    return await gateway.reading_the_past.share(key, read, limit_s=gateway.config.database_timeout_s)


def _answer(generation: Generation, market: Market, tag: str) -> ReadyAnswer:
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
    return ready_answer(generation.record, tag, encode(document))


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
    # What the days are made of moves with the market and with each nowcast.
    fingerprint = gateway.current.view.tag if gateway.current.view else ""

    async def current(known: CachedAnswer | None) -> CachedAnswer:
        if known is not None and fingerprint and known.fingerprint == fingerprint:
            return known
        async with gateway.reading() as connection:
            days = await queries.days(connection, start, end)
        body = encode(MarketSeriesDocument(start=start, end=end, days=days))
        return CachedAnswer(fingerprint, body, gateway.clock.now())

    _, response = await fresh_or_stale(gateway, f"series|{start}|{end}", current, cache_control=SERIES_CACHE)
    return response
