"""One punk, the filtered, paged list of all, and all of them in columns."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.api import cursors
from services.api.documents import encode
from services.api.gateway import Gateway, gateway_of
from services.api.market import queries as market_repository
from services.api.money import eth_to_wei
from services.api.nowcasts.lookup import generation_in_force
from services.api.nowcasts.schemas import ColumnsDocument
from services.api.paging import Instant
from services.api.problems import BadCursorError, documented
from services.api.punks import documents
from services.api.punks import search as punk_search
from services.api.punks.columns import columns
from services.api.punks.schemas import PunkDocument
from services.api.responses import memoised, page_response
from services.api.schemas import PunkPage
from services.api.view.current import View
from services.api.view.generation import Generation
from services.api.view.ready import Page, page
from services.api.view.records import Grade
from shared.errors import InvalidInputError, NotFoundError

router = APIRouter(tags=["values"])

COLLECTION, ONE = "/v1/punks", "/v1/punks/{punk_id}"

Eth = Annotated[float | None, Query(ge=0, le=1e9, allow_inf_nan=False, description="ETH, inclusive")]
Share = Annotated[
    float | None,
    Query(ge=-1e9, le=1, allow_inf_nan=False, description="1 - ask / value, inclusive: 0.1 is ten percent under value"),
]
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "The copy you have still holds"}}


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

    def make() -> Page:
        record = view.generation.record
        return page(record, f"{view.tag}.columns", encode(columns(view)), compress=True)

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
        Instant | None, Query(description="As readers saw it then: the value published last, asks and owner of then")
    ] = None,
) -> Response:
    gateway = gateway_of(request)
    view = gateway.current.require()
    if as_of is not None:
        return await _punk_then(request, gateway, view, punk_id, as_of)
    if punk_id not in view.generation:
        raise no_such_punk(punk_id)
    return page_response(request, gateway, punk_page(view, punk_id))


def punk_page(view: View, punk_id: int) -> Page:
    """A punk as it is shown now; made once for each view."""
    path = f"{COLLECTION}/{punk_id}"
    found = view.pages.get(path)
    if found is None:
        body = encode(documents.document(view, punk_id))
        found = view.keep(path, page(view.generation.record, view.tag, body)._replace(route=ONE))
    return found


def page_of(view: View, name: str) -> Page | None:
    """What is below `/v1/punks/` in the view; None leaves it to the routes, which say what is wrong."""
    punk_id = int(name) if _NUMBER.fullmatch(name) else -1
    return punk_page(view, punk_id) if punk_id in view.generation else None


_NUMBER = re.compile(r"0|[1-9][0-9]{0,3}")


def no_such_punk(punk_id: int) -> NotFoundError:
    return NotFoundError(f"There is no punk {str(punk_id)[:20]}; punks are numbered from 0 to 9999.")


async def _punk_then(request: Request, gateway: Gateway, view: View, punk_id: int, as_of: datetime) -> Response:
    generation = await generation_in_force(gateway, as_of)
    if punk_id not in generation:
        raise no_such_punk(punk_id)
    async with gateway.reading() as connection:
        row, last = await market_repository.punk_then(connection, punk_id, as_of)
    tag = f"g{generation.record.generation_id}.{as_of:%Y%m%dT%H%M%S%f}.r{view.market.place[1]}"
    body = encode(documents.document_then(view.catalogue, generation, punk_id, row, last))
    return page_response(request, gateway, page(generation.record, tag, body))


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
    sort: Annotated[
        punk_search.Sort, Query(description="`price` and `discount` list punks with an ask only")
    ] = "punk_id",
    order: punk_search.Order = "asc",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before, same filters")] = None,
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
    query = punk_search.PunkQuery(
        type=punk_search.known_name("type", type, view.catalogue.types) if type is not None else None,
        traits=tuple(punk_search.known_name("trait", name, view.catalogue.traits) for name in trait or ()),
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
    generation, after = await place(gateway, view, query.digest, cursor)
    found, more = punk_search.page(generation, view.market, view.catalogue, query, after=after, limit=limit)
    next_cursor = None
    if more is not None:
        position = cursors.Position(query.digest, generation.record.generation_id, tuple(map(str, more)))
        next_cursor = cursors.encode(position, gateway.config.cursor_key)
    document = PunkPage(
        generation=generation.document,
        market_as_of=view.market.as_of,
        items=[documents.entry(view, generation, punk_id) for punk_id in found],
        next_cursor=next_cursor,
    )
    body = encode(document)
    return page_response(request, gateway, page(generation.record, view.tag_of(generation), body))


async def place(
    gateway: Gateway, view: View, scope: str, cursor: str | None
) -> tuple[Generation, punk_search.Key | None]:
    """The generation to page through, and the key of the last item seen. Raises BadCursorError."""
    if cursor is None:
        return view.generation, None
    position = cursors.decode(cursor, gateway.config.cursor_key, scope=scope, keys=2)
    try:
        first, second = map(int, position.key)
    except ValueError as error:
        raise BadCursorError("The cursor is damaged or was not made by this API.") from error
    return await gateway.follower.generation(position.generation), (first, second)


def _wei(eth: float | None) -> int | None:
    return None if eth is None else eth_to_wei(eth)


def _billionths(share: float | None) -> int | None:
    return None if share is None else round(share * punk_search.DISCOUNT_UNIT)
