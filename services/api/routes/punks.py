"""One punk, and the filtered, paged list of all."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response

from services.api import cursors, listing
from services.api.answers import stamped
from services.api.documents import PunkDocument, PunkPage
from services.api.gateway import Gateway, gateway_of
from services.api.money import eth_to_wei
from services.api.problems import BadCursorError, documented
from services.api.resident.facts import Generation, View
from services.api.resident.rendering import NO_MARKET, UNKNOWN_PUNK
from shared.errors import InvalidInputError, NotFoundError

router = APIRouter(tags=["values"])

Eth = Annotated[float | None, Query(ge=0, le=1e9, allow_inf_nan=False, description="ETH, inclusive")]


@router.get(
    "/v1/punks/{punk_id}",
    operation_id="get_punk",
    summary="A punk's fair value, interval and place in the market",
    response_class=Response,
    responses={
        200: {"model": PunkDocument},
        304: {"description": "The copy you have still holds"},
        **documented(404, 422, 503),
    },
)
async def punk(punk_id: int, request: Request) -> Response:
    gateway = gateway_of(request)
    view = gateway.current.require()
    generation = view.generation
    value = generation.values.get(punk_id)
    if value is None:
        raise NotFoundError(f"There is no punk {str(punk_id)[:20]}; punks are numbered from 0 to 9999.")
    market = view.market
    body = b'%b,%b,"punk_id":%d,%b,%b,%b}' % (
        generation.head,
        market.head,
        punk_id,
        view.catalogue.rendered.get(punk_id, UNKNOWN_PUNK),
        value,
        market.punks.get(punk_id, NO_MARKET),
    )
    return stamped(request, gateway, generation, _tag(generation, view), body)


@router.get(
    "/v1/punks",
    operation_id="list_punks",
    summary="Punks by type, traits and value",
    response_class=Response,
    responses={
        200: {"model": PunkPage},
        304: {"description": "The copy you have still holds"},
        **documented(400, 410, 422, 503),
    },
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
    min_value: Eth = None,
    max_value: Eth = None,
    sort: listing.Sort = "punk_id",
    order: listing.Order = "asc",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before, same filters")] = None,
) -> Response:
    gateway = gateway_of(request)
    view = gateway.current.require()
    if min_value is not None and max_value is not None and min_value > max_value:
        raise InvalidInputError(f"min_value {min_value} is above max_value {max_value}; no value can fit.")
    query = listing.PunkQuery(
        type=listing.known_name("type", type, view.catalogue.types) if type is not None else None,
        traits=tuple(listing.known_name("trait", name, view.catalogue.traits) for name in trait or ()),
        trait_count=trait_count,
        min_wei=eth_to_wei(min_value) if min_value is not None else None,
        max_wei=eth_to_wei(max_value) if max_value is not None else None,
        sort=sort,
        order=order,
    )
    generation, after = await _place(gateway, view, query, cursor)
    found, more = listing.page(generation, view.catalogue, query, after=after, limit=limit)
    next_cursor = None
    if more is not None:
        position = cursors.Position(query.digest, generation.facts.generation_id, tuple(map(str, more)))
        next_cursor = cursors.encode(position, gateway.config.cursor_key)
    body = b'%b,%b,"items":[%b],"next_cursor":%b}' % (
        generation.head,
        view.market.head,
        b",".join(_entry(view, generation, punk_id) for punk_id in found),
        orjson.dumps(next_cursor),
    )
    return stamped(request, gateway, generation, _tag(generation, view), body)


async def _place(
    gateway: Gateway, view: View, query: listing.PunkQuery, cursor: str | None
) -> tuple[Generation, tuple[int, int] | None]:
    """The generation to page through, and the key to go on behind."""
    if cursor is None:
        return view.generation, None
    position = cursors.decode(cursor, gateway.config.cursor_key, scope=query.digest, keys=2)
    try:
        first, second = map(int, position.key)
    except ValueError as error:
        raise BadCursorError("The cursor is damaged or was not made by this API.") from error
    return await gateway.follower.generation(position.generation), (first, second)


def _entry(view: View, generation: Generation, punk_id: int) -> bytes:
    return b'{"punk_id":%d,%b,%b,%b}' % (
        punk_id,
        view.catalogue.rendered.get(punk_id, UNKNOWN_PUNK),
        generation.values[punk_id],
        view.market.punks.get(punk_id, NO_MARKET),
    )


def _tag(generation: Generation, view: View) -> str:
    return f"g{generation.facts.generation_id}.{view.market.tag}"
