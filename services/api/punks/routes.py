"""Punks: one, a filtered list, all in columns; and a punk's past."""

import re
from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from services.api.documents import encode
from services.api.gateway import Gateway, gateway_of
from services.api.market import queries as market_queries
from services.api.money import eth_to_wei, money
from services.api.nowcasts.lookup import generation_in_force
from services.api.paging import Cursor, Instant, generation_asked, next_cursor
from services.api.problems import NOT_MODIFIED, documented, no_such_punk
from services.api.punks import documents, queries, search
from services.api.punks.columns import columns
from services.api.punks.queries import Span
from services.api.punks.schemas import ColumnsDocument, HistoryDocument, OfferPeriod, PunkDocument, PunkPage
from services.api.responses import memoised, respond
from services.api.schemas import Grade
from services.api.view.current import View
from services.api.view.ready import ReadyAnswer, ready_answer
from shared.errors import InvalidInputError
from shared.market.discount import billionths
from shared.market.event_types import BID
from shared.market.offers import ASK
from shared.stores.offer_repository import PastOffer

router = APIRouter(tags=["values"])

COLLECTION, ONE = "/v1/punks", "/v1/punks/{punk_id}"
MOST_VALUES = 2000
MOST_EVENTS = 500
Truncated = Literal["sales", "asks", "bids"]

Eth = Annotated[float | None, Query(ge=0, le=1e9, allow_inf_nan=False, description="ETH, inclusive")]
Share = Annotated[
    float | None,
    Query(ge=-1e9, le=1, allow_inf_nan=False, description="1 - ask / value, inclusive: 0.1 is ten percent under value"),
]


@router.get(
    "/v1/punks/columns",
    operation_id="get_punk_columns",
    summary="All punks in columns, small enough to load at once",
    response_class=Response,
    responses={200: {"model": ColumnsDocument}, **NOT_MODIFIED, **documented(503)},
)
async def punk_columns(request: Request) -> Response:
    gateway = gateway_of(request)
    view = gateway.current.require()

    def make() -> ReadyAnswer:
        record = view.generation.record
        return ready_answer(record, f"{view.tag}.columns", encode(columns(view)), compress=True)

    return memoised(request, gateway, view, await view.memo.get("columns", make))


@router.get(
    "/v1/punks/{punk_id}",
    operation_id="get_punk",
    summary="A punk's fair value, its reasons and comparables, and its place in the market",
    response_class=Response,
    responses={200: {"model": PunkDocument}, **NOT_MODIFIED, **documented(404, 410, 422, 503)},
)
async def punk(
    punk_id: int,
    request: Request,
    as_of: Annotated[
        Instant | None,
        Query(
            description="Show the punk at this instant: the last value published before it, and the asks and owner then"
        ),
    ] = None,
) -> Response:
    gateway = gateway_of(request)
    view = gateway.current.require()
    if as_of is not None:
        return await _punk_then(request, gateway, view, punk_id, as_of)
    if punk_id not in view.generation:
        raise no_such_punk(punk_id)
    return respond(request, gateway, punk_answer(view, punk_id))


def punk_answer(view: View, punk_id: int) -> ReadyAnswer:
    """A punk as it is shown now; made once for each view."""
    path = f"{COLLECTION}/{punk_id}"
    found = view.answers.get(path)
    if found is None:
        body = encode(documents.document(view, punk_id))
        found = view.keep(path, ready_answer(view.generation.record, view.tag, body)._replace(route=ONE))
    return found


def answer_of(view: View, name: str) -> ReadyAnswer | None:
    """What is below `/v1/punks/` in the view; None leaves it to the routes, which say what is wrong."""
    punk_id = int(name) if _NUMBER.fullmatch(name) else -1
    return punk_answer(view, punk_id) if punk_id in view.generation else None


_NUMBER = re.compile(r"0|[1-9][0-9]{0,3}")


async def _punk_then(request: Request, gateway: Gateway, view: View, punk_id: int, as_of: datetime) -> Response:
    generation = await generation_in_force(gateway, as_of)
    if punk_id not in generation:
        raise no_such_punk(punk_id)
    async with gateway.reading() as connection:
        row, last = await market_queries.punk_then(connection, punk_id, as_of)
    tag = f"g{generation.record.generation_id}.{as_of:%Y%m%dT%H%M%S%f}.r{view.market.place[1]}"
    body = encode(documents.document_then(view.catalogue, generation, punk_id, row, last))
    return respond(request, gateway, ready_answer(generation.record, tag, body))


@router.get(
    "/v1/punks",
    operation_id="list_punks",
    summary="Punks by type, traits, value, ask and discount",
    response_class=Response,
    responses={200: {"model": PunkPage}, **NOT_MODIFIED, **documented(400, 410, 422, 503)},
)
async def punks(
    request: Request,
    *,
    type: Annotated[str | None, Query(max_length=60, examples=["Zombie"])] = None,  # noqa: A002
    trait: Annotated[
        list[str] | None,
        Query(max_length=7, description="Repeat it: a punk must have all of them", examples=[["Hoodie"]]),
    ] = None,
    trait_count: Annotated[int | None, Query(ge=0, le=7)] = None,
    listed: Annotated[bool | None, Query(description="Only punks with a public ask, or only those without")] = None,
    min_price: Eth = None,
    max_price: Eth = None,
    min_value: Eth = None,
    max_value: Eth = None,
    min_discount: Share = None,
    max_discount: Share = None,
    confidence: Annotated[
        list[Grade] | None, Query(max_length=4, description="Repeat it: any of them", examples=[["A"]])
    ] = None,
    sort: Annotated[search.Sort, Query(description="`price` and `discount` list punks with an ask only")] = "punk_id",
    order: search.Order = "asc",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Cursor = None,
) -> Response:
    gateway = gateway_of(request)
    view = gateway.current.require()
    for name, low, high in (
        ("value", min_value, max_value),
        ("price", min_price, max_price),
        ("discount", min_discount, max_discount),
    ):
        if low is not None and high is not None and low > high:
            raise InvalidInputError(f"min_{name} {low} is above max_{name} {high}; no {name} can fit.")
    query = search.PunkQuery(
        type=search.known_name("type", type, view.catalogue.types) if type is not None else None,
        traits=tuple(search.known_name("trait", name, view.catalogue.traits) for name in trait or ()),
        trait_count=trait_count,
        min_wei=_wei(min_value),
        max_wei=_wei(max_value),
        listed=listed,
        min_ask=_wei(min_price),
        max_ask=_wei(max_price),
        min_discount=_billionths(min_discount),
        max_discount=_billionths(max_discount),
        grades=tuple(confidence or ()),
        sort=sort,
        order=order,
    )
    generation, after = await generation_asked(gateway, view, query.digest, cursor)
    found, more = search.page(generation, view.market, view.catalogue, query, after=after, limit=limit)
    document = PunkPage(
        generation=generation.document,
        market_as_of=view.market.as_of,
        items=[documents.entry(view, generation, punk_id) for punk_id in found],
        next_cursor=next_cursor(gateway, query.digest, generation, more),
    )
    body = encode(document)
    return respond(request, gateway, ready_answer(generation.record, view.tag_of(generation), body))


def _wei(eth: float | None) -> int | None:
    return None if eth is None else eth_to_wei(eth)


def _billionths(share: float | None) -> int | None:
    return None if share is None else billionths(share)


@router.get(
    "/v1/punks/{punk_id}/history",
    operation_id="get_punk_history",
    summary="What a punk was valued at, listed for, bid for and sold for",
    responses=documented(404, 422, 503),
)
async def history(
    punk_id: int,
    request: Request,
    start: Annotated[Instant | None, Query(alias="from", description="From this instant on")] = None,
    end: Annotated[Instant | None, Query(alias="to", description="Before this instant")] = None,
    points: Annotated[
        int | None,
        Query(ge=2, le=MOST_VALUES, description="At most about so many values: the last of each of equal steps"),
    ] = None,
) -> HistoryDocument:
    gateway = gateway_of(request)
    if not 0 <= punk_id <= 9999:
        raise no_such_punk(punk_id)
    if start is not None and end is not None and start >= end:
        raise InvalidInputError(f"from {start.isoformat()} is not before to {end.isoformat()}; nothing lies between.")
    async with gateway.reading() as connection:
        span = await queries.span(connection, start, end)
        step = step_seconds(span, points)
        values = await queries.values(connection, punk_id, start, end, step_s=step, limit=MOST_VALUES)
        sales = await queries.sales(connection, punk_id, start, end, limit=MOST_EVENTS + 1)
        offers = await queries.offers(connection, punk_id, start, end)
    asks, bids = ([past for past in offers if past.offer.kind == kind] for kind in (ASK, BID))
    counts: dict[Truncated, int] = {"sales": len(sales), "asks": len(asks), "bids": len(bids)}
    return HistoryDocument(
        punk_id=punk_id,
        start=start,
        end=end,
        values=values,
        step_seconds=step,
        sales=sales[:MOST_EVENTS][::-1],
        asks=_periods(asks),
        bids=_periods(bids),
        truncated=[name for name, count in counts.items() if count > MOST_EVENTS],
    )


def step_seconds(span: Span, points: int | None) -> int | None:
    """Length of steps that leave about `points` values, at most `MOST_VALUES`; None when all values fit."""
    wanted = min(points or MOST_VALUES, MOST_VALUES)
    if span.generations <= wanted or span.first is None or span.last is None:
        return None
    # Steps count from 1970, so the window may begin and end within a step.
    return max(1, ceil((span.last - span.first).total_seconds() / max(wanted - 1, 1)))


def _periods(offers: Sequence[PastOffer]) -> list[OfferPeriod]:
    """The newest of the offers."""
    return [
        OfferPeriod(
            price=money(past.offer.price_wei),
            by=past.offer.maker,
            start=past.offer.since.time,
            end=past.until,
            ended_by=past.ended_by,
        )
        for past in offers[-MOST_EVENTS:]
    ]
