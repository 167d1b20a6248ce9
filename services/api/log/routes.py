"""The log of generations: signed checkpoint, entries, public keys."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse

from services.api.gateway import gateway_of
from services.api.log import queries
from services.api.log.schemas import LogLine, SigningKeyDocument
from services.api.paging import List
from services.api.problems import documented
from shared.errors import NotFoundError

router = APIRouter(prefix="/v1/log", tags=["values"])


@router.get(
    "/checkpoint",
    operation_id="get_log_checkpoint",
    summary="The newest signed checkpoint of the log of generations",
    response_class=PlainTextResponse,
    responses=documented(404, 503),
)
async def checkpoint(request: Request) -> PlainTextResponse:
    """A signed note as https://c2sp.org/tlog-checkpoint describes it: origin, number of entries, root, signatures."""
    async with gateway_of(request).reading() as connection:
        note = await queries.checkpoint(connection)
    if note is None:
        raise NotFoundError(
            "There is no signed checkpoint: the nowcaster has no PUNKCAST_SIGNING_KEY, or no generation is published "
            "yet; GET /v1/log/entries has the entries."
        )
    return PlainTextResponse(note, headers={"Cache-Control": "no-cache"})


@router.get(
    "/entries",
    operation_id="list_log_entries",
    summary="Entries of the log of generations, oldest first",
    responses=documented(422, 503),
)
async def entries(
    request: Request,
    start: Annotated[int, Query(ge=0, le=2**63 - 1, description="Index of the first entry")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> List[LogLine]:
    """Go on with the index after the last one. Entries never change, and an empty list is the end."""
    async with gateway_of(request).reading() as connection:
        return List(items=list(await queries.lines(connection, start=start, limit=limit)))


@router.get(
    "/keys",
    operation_id="list_signing_keys",
    summary="Public keys that signed checkpoints or model files",
    responses=documented(503),
)
async def keys(request: Request) -> List[SigningKeyDocument]:
    async with gateway_of(request).reading() as connection:
        return List(items=list(await queries.keys(connection)))
