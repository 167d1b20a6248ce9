"""Whole generations in several formats, their list, and proofs of single values."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from services.api.documents import encode
from services.api.gateway import gateway_of
from services.api.negotiation import MEDIA_TYPES, Format, chosen
from services.api.nowcasts import queries
from services.api.nowcasts.encodings import whole
from services.api.nowcasts.lookup import generation_in_force, published_generation
from services.api.nowcasts.proofs import Tree
from services.api.nowcasts.schemas import NowcastDocument, ProofDocument
from services.api.paging import Cursor, Instant, Limit, Page, Place, by_time, ordinal
from services.api.problems import NOT_MODIFIED, documented, no_such_punk
from services.api.responses import memoised, respond
from services.api.schemas import GenerationDocument
from services.api.view.generation import Generation, generation_document
from services.api.view.ready import ReadyAnswer

router = APIRouter(tags=["values"])

Named = Annotated[Format | None, Query(description="Instead of the Accept header")]
Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="A generation's id")]
BODIES: dict[int | str, dict[str, Any]] = {
    200: {
        "model": NowcastDocument,
        "content": {
            media: {"schema": {"type": "string", "format": "binary"}}
            for media in MEDIA_TYPES
            if media != "application/json"
        },
    },
    **NOT_MODIFIED,
}


@router.get(
    "/v1/nowcasts",
    operation_id="list_nowcasts",
    summary="Published generations, newest first",
    responses=documented(400, 422, 503),
)
async def nowcasts(request: Request, limit: Limit = 50, cursor: Cursor = None) -> Page[GenerationDocument]:
    gateway = gateway_of(request)
    place = Place.asked(gateway, ("nowcasts",), cursor, limit, by_time(ordinal))
    async with gateway.reading() as connection:
        records = await queries.published(connection, before=place.before, limit=place.fetch)
    shown, following = place.cut(records, lambda record: (record.published_at, record.generation_id))
    return Page(items=[generation_document(record) for record in shown], next_cursor=following)


@router.get(
    "/v1/nowcasts/current",
    operation_id="get_current_nowcast",
    summary="All values of the current generation",
    response_class=Response,
    responses={**BODIES, **documented(404, 406, 410, 422, 503)},
)
async def current(
    request: Request,
    format: Named = None,  # noqa: A002
    as_of: Annotated[Instant | None, Query(description="The generation that readers saw then")] = None,
) -> Response:
    gateway = gateway_of(request)
    view = gateway.current.require()
    kind = chosen(request.headers.get("accept"), format)
    generation = view.generation if as_of is None else await generation_in_force(gateway, as_of)
    found = await _whole(generation, kind)
    return memoised(request, gateway, view, found) if kind == "json" else respond(request, gateway, found)


@router.get(
    "/v1/nowcasts/{generation_id}",
    operation_id="get_nowcast",
    summary="All values of one generation",
    response_class=Response,
    responses={**BODIES, **documented(404, 406, 410, 422, 503)},
)
async def nowcast(request: Request, generation_id: Number, format: Named = None) -> Response:  # noqa: A002
    gateway = gateway_of(request)
    kind = chosen(request.headers.get("accept"), format)
    return respond(request, gateway, await _whole(await published_generation(gateway, generation_id), kind))


@router.get(
    "/v1/nowcasts/{generation_id}/proof/{punk_id}",
    operation_id="get_proof",
    summary="The Merkle proof that a value was part of a generation",
    response_class=Response,
    responses={200: {"model": ProofDocument}, **documented(404, 410, 422, 503)},
)
async def proof(request: Request, generation_id: Number | Literal["current"], punk_id: int) -> Response:
    gateway = gateway_of(request)
    if generation_id == "current":
        generation = gateway.current.require().generation
    else:
        generation = await published_generation(gateway, generation_id)
    if punk_id not in generation:
        raise no_such_punk(punk_id)
    tree = await generation.memo.get("tree", lambda: Tree(generation))
    # A generation never changes, and neither do its proofs.
    caching = "no-cache" if generation_id == "current" else "public, max-age=86400, immutable"
    return Response(encode(tree.proof(punk_id)), media_type="application/json", headers={"Cache-Control": caching})


async def _whole(generation: Generation, kind: Format) -> ReadyAnswer:
    return await generation.memo.get(kind, lambda: whole(generation, kind))
