"""Traits: floors, premiums, recent sales."""

from difflib import get_close_matches
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from services.api.documents import encode
from services.api.gateway import gateway_of
from services.api.problems import NOT_MODIFIED, documented
from services.api.responses import memoised, respond
from services.api.traits.book import TraitBook, lowest_asks, recent_sales, trait_book
from services.api.traits.schemas import TraitDocument, TraitKind, TraitsDocument
from services.api.view.current import View
from services.api.view.ready import ReadyAnswer, ready_answer
from shared.errors import NotFoundError

router = APIRouter(tags=["market"])


@router.get(
    "/v1/traits",
    operation_id="list_traits",
    summary="Every type, skin, accessory and number of accessories with its floor and premium",
    response_class=Response,
    responses={200: {"model": TraitsDocument}, **NOT_MODIFIED, **documented(422, 503)},
)
async def traits(request: Request, kind: Annotated[TraitKind | None, Query()] = None) -> Response:
    gateway = gateway_of(request)
    view = gateway.current.require()
    book = await _book(view)

    def make() -> ReadyAnswer:
        document = TraitsDocument(
            generation=view.generation.document,
            market_as_of=view.market.as_of,
            items=[entry for entry in book.values() if kind in (None, entry.kind)],
        )
        tag = f"{view.tag}.{kind or 'all'}"
        return ready_answer(view.generation.record, tag, encode(document), compress=True)

    return memoised(request, gateway, view, await view.memo.get(f"traits {kind}", make))


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
    book = await _book(view)
    which = known_trait(name, list(book))
    document = TraitDocument(
        generation=view.generation.document,
        market_as_of=view.market.as_of,
        trait=book[which],
        recent_sales=recent_sales(view, which),
        lowest_asks=lowest_asks(view, which),
    )
    return respond(request, gateway, ready_answer(view.generation.record, view.tag, encode(document)))


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
    return await view.memo.get("trait book", lambda: trait_book(view))
