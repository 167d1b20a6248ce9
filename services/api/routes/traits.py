"""Traits: floors, premiums, recent sales."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from services.api.answers import stamped, stamped_large
from services.api.gateway import gateway_of
from services.api.problems import documented
from services.api.resident import traits as book
from services.api.resident.facts import View
from services.api.resident.traits import TraitBook
from services.api.routes.punks import NOT_MODIFIED
from services.api.shapes.traits import TraitDocument, TraitsDocument
from shared.errors import NotFoundError

router = APIRouter(tags=["market"])


@router.get(
    "/v1/traits",
    operation_id="list_traits",
    summary="Every type, skin, accessory and number of accessories with its floor and premium",
    response_class=Response,
    responses={200: {"model": TraitsDocument}, **NOT_MODIFIED, **documented(422, 503)},
)
async def traits(
    request: Request, kind: Annotated[Literal["type", "skin", "accessory", "count"] | None, Query()] = None
) -> Response:
    gateway = gateway_of(request)
    view = gateway.current.require()
    found = await _book(view)
    name = f"traits {kind}"

    def body() -> bytes:
        items = [entry for entry in found.entries.values() if kind in (None, entry["kind"])]
        return b'%b,%b,"items":%b}' % (view.generation.head, view.market.head, orjson.dumps(items))

    rendered = await view.renditions.get(name, body)
    tag = f"{view.tag}.{kind or 'all'}{'x' if view.explained else ''}"
    return await stamped_large(request, gateway, view.generation, tag, rendered, view.renditions, f"{name} deflated")


@router.get(
    "/v1/traits/{name}",
    operation_id="get_trait",
    summary="One trait with its lowest asks, and recent sales at today's floor",
    response_class=Response,
    responses={200: {"model": TraitDocument}, **NOT_MODIFIED, **documented(404, 422, 503)},
)
async def trait(
    request: Request,
    name: Annotated[
        str, Path(max_length=80, description="An id like `accessory:Hoodie`, or a name, whatever its case")
    ],
) -> Response:
    gateway = gateway_of(request)
    view = gateway.current.require()
    found = await _book(view)
    which = known_trait(name, list(found.entries))
    body = b'%b,%b,"trait":%b,"recent_sales":%b,"lowest_asks":%b}' % (
        view.generation.head,
        view.market.head,
        orjson.dumps(found.entries[which]),
        orjson.dumps(book.recent_sales(view, which)),
        orjson.dumps(book.lowest_asks(view, which)),
    )
    tag = f"{view.tag}{'.x' if view.explained else ''}"
    return stamped(request, gateway, view.generation, tag, body)


def known_trait(asked: str, traits: list[str]) -> str:
    """The id of a trait by its id or its plain name.

    Raises:
        NotFoundError: there is none; says which are near.
    """
    wanted = asked.strip().lower()
    for one in traits:
        if wanted in (one.lower(), one.partition(":")[2].lower()):
            return one
    near = get_close_matches(wanted, [one.partition(":")[2].lower() for one in traits], n=3)
    hint = f"did you mean {', '.join(near)}?" if near else "/v1/traits lists them."
    raise NotFoundError(f"There is no trait {asked[:60]!r}; {hint}")


async def _book(view: View) -> TraitBook:
    return await view.renditions.get("trait book", lambda: book.render(view))
