"""The record: every valid sale against the value that was published before it."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.api.documents import encode
from services.api.gateway import Gateway, gateway_of
from services.api.outcomes import queries as outcomes
from services.api.outcomes.performance_schemas import Horizon, PerformanceDocument
from services.api.outcomes.scorecards import performance
from services.api.paging import Instant
from services.api.problems import DATABASE_AWAY, documented
from services.api.responses import cached_response
from services.api.stale_cache import CachedAnswer
from shared.contracts.messages import ModelId
from shared.errors import InvalidInputError

router = APIRouter(tags=["record"])

CACHE_CONTROL = "public, max-age=30, stale-if-error=86400"


@router.get(
    "/v1/performance",
    operation_id="get_performance",
    summary="Forward scorecard beside the floor baseline",
    response_class=Response,
    responses={200: {"model": PerformanceDocument}, **documented(422, 503)},
)
async def get_performance(
    request: Request,
    horizon: Annotated[Horizon, Query(description="Of the breakdowns")] = "latest",
    start: Annotated[Instant | None, Query(description="Sales from this instant on")] = None,
    end: Annotated[Instant | None, Query(description="Sales before this instant")] = None,
    model_id: Annotated[ModelId | None, Query()] = None,
    exclusions: Annotated[bool, Query(description="false: excluded sales are scored, too")] = True,
) -> Response:
    """Every figure can be computed again from `GET /v1/outcomes` with the same filters."""
    gateway = gateway_of(request)
    if start is not None and end is not None and start >= end:
        raise InvalidInputError("start must be before end.")
    span = outcomes.Span(start=start, end=end, model_id=model_id, excluded=not exclusions)
    key = f"performance|{horizon}|{span}"
    known = gateway.stale_cache.get(key)
    try:
        answer = await _fresh(gateway, known, span, horizon)
    except DATABASE_AWAY:
        if known is None:
            raise
        return cached_response(known, cache_control=CACHE_CONTROL, database_away=True)
    return cached_response(answer, cache_control=CACHE_CONTROL, database_away=False)


async def _fresh(gateway: Gateway, known: CachedAnswer | None, span: outcomes.Span, horizon: Horizon) -> CachedAnswer:
    async with gateway.reading() as connection:
        fingerprint = await outcomes.fingerprint(connection)
    if known is not None and known.fingerprint == fingerprint:
        return known
    # One at a time: what reads the whole record must not be multiplied by how many ask for it.
    async with gateway.computing:
        known = gateway.stale_cache.get(f"performance|{horizon}|{span}")
        if known is not None and known.fingerprint == fingerprint:
            return known
        async with gateway.reading() as connection:
            scored = await outcomes.scored(connection, span)
            excluded = await outcomes.count_excluded(connection, start=span.start, end=span.end)
        now = gateway.clock.now()
        body = await asyncio.to_thread(
            performance,
            scored,
            horizon=horizon,
            computed_at=now,
            exclusions=not span.excluded,
            excluded_sales=excluded,
        )
        answer = CachedAnswer(fingerprint, encode(body), now)
        gateway.stale_cache.put(f"performance|{horizon}|{span}", answer)
        return answer
