"""Scored sales: the scorecards over them, and the rows themselves, to page through or to download."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.api.documents import encode
from services.api.gateway import Gateway, gateway_of
from services.api.negotiation import Format, chosen
from services.api.outcomes import queries
from services.api.outcomes.downloads import csv_chunks, parquet
from services.api.outcomes.queries import Key, Span
from services.api.outcomes.schemas import HORIZONS, Horizon, Outcome, PerformanceDocument
from services.api.outcomes.scorecards import performance
from services.api.paging import Cursor, Instant, Page, Place, ordinal
from services.api.problems import documented
from services.api.responses import fresh_or_stale
from services.api.stale_cache import CachedAnswer
from shared.contracts.messages import ModelId
from shared.errors import InvalidInputError
from shared.market.sale_labels import Channel

router = APIRouter(tags=["record"])

PARQUET = "application/vnd.apache.parquet"
PERFORMANCE_CACHE = "public, max-age=30, stale-if-error=86400"
Start = Annotated[Instant | None, Query(description="Sales from this instant on")]
End = Annotated[Instant | None, Query(description="Sales before this instant")]
_CONTENT: dict[str, Any] = {
    "text/csv": {"schema": {"type": "string"}},
    PARQUET: {"schema": {"type": "string", "format": "binary"}},
}


@router.get(
    "/v1/performance",
    operation_id="get_performance",
    summary="Forward scorecard, with floor and last sale as baselines",
    response_class=Response,
    responses={200: {"model": PerformanceDocument}, **documented(422, 503)},
)
async def get_performance(
    request: Request,
    horizon: Annotated[Horizon, Query(description="Of the breakdowns")] = "latest",
    start: Start = None,
    end: End = None,
    model_id: Annotated[ModelId | None, Query()] = None,
    exclusions: Annotated[bool, Query(description="false: excluded sales are scored, too")] = True,
) -> Response:
    """Every figure can be computed again from `GET /v1/outcomes` with the same filters."""
    gateway = gateway_of(request)
    span = Span(start=start, end=end, model_id=model_id, excluded=not exclusions)
    key = f"performance|{horizon}|{span}"

    async def current(known: CachedAnswer | None) -> CachedAnswer:
        async with gateway.reading() as connection:
            fingerprint = await queries.fingerprint(connection, span)
        if known is not None and known.fingerprint == fingerprint:
            return known
        same = f"performance|{horizon}|{model_id}|{exclusions}|{fingerprint}"
        if (known := gateway.stale_cache.get(same)) is not None:
            return known

        async def compute() -> CachedAnswer:
            async with gateway.reading() as connection:
                scored = await queries.scored(connection, span)
                excluded = await queries.count_excluded(connection, start=span.start, end=span.end)
            now = gateway.clock.now()
            document = await asyncio.to_thread(
                performance,
                scored,
                horizon=horizon,
                computed_at=now,
                exclusions=not span.excluded,
                excluded_sales=excluded,
            )
            answer = CachedAnswer(fingerprint, encode(document), now)
            gateway.stale_cache.put(same, answer)
            return answer

        # One at a time: a computation over the whole record must not be multiplied by the requests for it.
        return await gateway.computing.share(same, compute, limit_s=gateway.config.database_timeout_s)

    _, response = await fresh_or_stale(gateway, key, current, cache_control=PERFORMANCE_CACHE)
    return response


@router.get(
    "/v1/outcomes",
    operation_id="list_outcomes",
    summary="Every scored sale, paged or as a download",
    response_class=Response,
    responses={200: {"model": Page[Outcome], "content": _CONTENT}, **documented(400, 406, 422, 503)},
)
async def outcomes(
    request: Request,
    horizon: Annotated[Horizon | None, Query(description="Default: all")] = None,
    start: Start = None,
    end: End = None,
    model_id: Annotated[ModelId | None, Query()] = None,
    channel: Annotated[Channel | None, Query(description="Default: all")] = None,
    exclusions: Annotated[bool, Query(description="false: excluded sales, too, with `valid` false")] = True,
    order: Annotated[Literal["asc", "desc"], Query(description="desc: the newest sales first, in JSON pages")] = "asc",
    format: Annotated[Format | None, Query(description="Instead of Accept")] = None,  # noqa: A002
    limit: Annotated[int, Query(ge=1, le=1000, description="Of a JSON page")] = 200,
    cursor: Cursor = None,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """JSON comes in pages; CSV and Parquet whole: flat columns, amounts exact in `…_wei`, and in `…_eth`."""
    gateway = gateway_of(request)
    span = Span(start, end, model_id, horizon, excluded=not exclusions, channel=channel)
    kind = chosen(accept, format)
    if kind == "json":
        return await _page(gateway, span, newest=order == "desc", limit=limit, cursor=cursor)
    if order == "desc":
        raise InvalidInputError("Downloads are in the order of the sales; remove `order`.")
    if cursor is not None:
        raise InvalidInputError("A cursor belongs to JSON pages; other formats are sent whole; remove `cursor`.")
    headers = {
        "Content-Disposition": f'attachment; filename="punkcast-outcomes.{kind}"',
        "Vary": "Accept",
        "Cache-Control": "public, max-age=30",
    }
    if kind == "parquet":
        return Response(await parquet(gateway, span), media_type=PARQUET, headers=headers)
    chunks = await csv_chunks(gateway, span)
    return StreamingResponse(chunks, media_type="text/csv; charset=utf-8", headers=headers)


async def _page(gateway: Gateway, span: Span, *, newest: bool, limit: int, cursor: str | None) -> Response:
    place = Place.asked(gateway, ("outcomes", str(span), str(newest)), cursor, limit, _key)
    async with gateway.reading() as connection:
        rows = await queries.outcomes(connection, span, after=place.before, limit=place.fetch, newest=newest)
    shown, following = place.cut(rows, lambda row: (row.event_seq, row.horizon))
    page = Page[Outcome](items=shown, next_cursor=following)
    headers = {"Vary": "Accept", "Cache-Control": "public, max-age=30"}
    return Response(page.model_dump_json(), media_type="application/json", headers=headers)


def _key(seq: str, horizon: str) -> Key:
    if horizon not in HORIZONS:
        raise ValueError("no outcome has this horizon")
    return ordinal(seq), horizon
