"""Whole generations in several formats, their list, and proofs of single values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from services.api.answers import NEGOTIATED, stamped_large, unstamped
from services.api.documents import GenerationDocument, NowcastDocument
from services.api.gateway import Gateway, gateway_of
from services.api.looking_back import generation_in_force
from services.api.money import money
from services.api.negotiation import chosen
from services.api.paging import Cursor, Instant, Limit, Page, Place, by_time, ordinal
from services.api.problems import documented
from services.api.repositories import nowcasts as repository
from services.api.resident.facts import Generation, GenerationFacts
from services.api.resident.formats import FORMATS, MEDIA_TYPES
from services.api.resident.proofs import Tree
from services.api.routes.punks import NOT_MODIFIED, no_such_punk
from services.api.shapes.nowcasts import ProofDocument, ProofStep
from shared.errors import NotFoundError

router = APIRouter(tags=["values"])

Format = Annotated[
    Literal["json", "ndjson", "csv", "parquet", "arrow"] | None,
    Query(description="Instead of the Accept header"),
]
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
        rows = await repository.published(connection, before=place.before, limit=place.fetch)
    shown, following = place.cut(rows, lambda facts: (facts.published_at, facts.generation_id))
    return Page[GenerationDocument](items=[_document(facts) for facts in shown], next_cursor=following)


@router.get(
    "/v1/nowcasts/current",
    operation_id="get_current_nowcast",
    summary="All values of the current generation",
    response_class=Response,
    responses={**BODIES, **documented(404, 406, 410, 422, 503)},
)
async def current(
    request: Request,
    format: Format = None,  # noqa: A002
    as_of: Annotated[Instant | None, Query(description="The generation that readers saw then")] = None,
) -> Response:
    gateway = gateway_of(request)
    generation = gateway.current.require().generation
    if as_of is not None:
        generation = await generation_in_force(gateway, as_of)
    return await whole(request, gateway, generation, format)


@router.get(
    "/v1/nowcasts/{generation_id}",
    operation_id="get_nowcast",
    summary="All values of one generation",
    response_class=Response,
    responses={**BODIES, **documented(404, 406, 410, 422, 503)},
)
async def nowcast(request: Request, generation_id: Number, format: Format = None) -> Response:  # noqa: A002
    gateway = gateway_of(request)
    return await whole(request, gateway, await published(gateway, generation_id), format)


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
        generation = await published(gateway, generation_id)
    if punk_id not in generation.wei:
        raise no_such_punk(punk_id)
    tree = await generation.renditions.get("tree", lambda: Tree(generation))
    found = tree.proof(punk_id)
    body = ProofDocument(
        generation=_document(generation.facts),
        punk_id=punk_id,
        line=found.line.decode(),
        leaf=found.leaf.hex(),
        leaf_index=found.index,
        leaf_count=found.count,
        path=[ProofStep(side=step.side, hash=step.hash.hex()) for step in found.steps],
        root=found.root.hex(),
        algorithm="rfc6962-sha256",
    ).model_dump_json()
    # A generation never changes, and neither do its proofs.
    caching = "no-cache" if generation_id == "current" else "public, max-age=86400, immutable"
    return Response(body, media_type="application/json", headers={"Cache-Control": caching})


async def whole(request: Request, gateway: Gateway, generation: Generation, named: str | None) -> Response:
    """A generation in the format that the client prefers."""
    kind = chosen(request.headers.get("accept"), named, MEDIA_TYPES)
    tag = f"g{generation.facts.generation_id}"
    if kind == "json":
        body = await generation.renditions.get("json", lambda: generation.body)
        return await stamped_large(
            request, gateway, generation, tag, body, generation.renditions, "json deflated", vary=NEGOTIATED
        )
    rendition = await generation.renditions.get(kind, lambda: FORMATS[kind](generation))
    return await unstamped(request, gateway, generation, tag=f"{tag}.{kind}", rendition=rendition)


async def published(gateway: Gateway, generation_id: int) -> Generation:
    """A generation that readers saw at some time.

    Raises:
        NotFoundError: there is none of that number, or it is a companion's, never published.
        GoneError: its values are not kept any more.
    """
    view = gateway.current.view
    if view is not None and view.generation.facts.generation_id == generation_id:
        return view.generation
    kept = gateway.current.earlier(generation_id)
    if kept is not None:
        return kept
    async with gateway.reading() as connection:
        role = await repository.role(connection, generation_id)
    if role != "champion":
        raise NotFoundError(f"Generation {generation_id} was never published; /v1/nowcasts lists those that were.")
    return await gateway.follower.generation(generation_id)


def _document(facts: GenerationFacts) -> GenerationDocument:
    return GenerationDocument(
        generation_id=facts.generation_id,
        model_id=facts.model_id,
        snapshot_id=facts.snapshot_id,
        as_of=facts.as_of,
        as_of_block=facts.last_block,
        published_at=facts.published_at,
        floor=money(facts.floor_wei),
        values_sha256=facts.values_sha256,
        merkle_root=facts.merkle_root,
    )
