"""The record: every valid sale against the value that was published before it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response

from services.api.gateway import Gateway, gateway_of
from services.api.paging import Instant
from services.api.problems import DATABASE_AWAY, documented
from services.api.remembered import Answer
from services.api.repositories import outcomes
from services.api.scorecards import Horizon, PerformanceDocument, performance
from shared.contracts.messages import ModelId
from shared.errors import InvalidInputError

router = APIRouter(tags=["record"])


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
) -> Response:
    gateway = gateway_of(request)
    if start is not None and end is not None and start >= end:
        raise InvalidInputError("start must be before end.")
    key = f"{horizon}|{start}|{end}|{model_id}"
    known = gateway.remembered.get(key)
    try:
        answer = await _fresh(gateway, known, horizon=horizon, start=start, end=end, model_id=model_id)
    except DATABASE_AWAY:
        if known is None:
            raise
        return _response(known, degraded=["database_away"])
    gateway.remembered.put(key, answer)
    return _response(answer, degraded=[])


async def _fresh(
    gateway: Gateway,
    known: Answer | None,
    *,
    horizon: Horizon,
    start: datetime | None,
    end: datetime | None,
    model_id: str | None,
) -> Answer:
    async with gateway.reading() as connection:
        fingerprint = await outcomes.fingerprint(connection)
        if known is not None and known.fingerprint == fingerprint:
            return known
        scored = await outcomes.champion_outcomes(connection, start=start, end=end, model_id=model_id)
    now = gateway.clock.now()
    body = await asyncio.to_thread(performance, scored, horizon=horizon, computed_at=now)
    return Answer(fingerprint, body.model_dump_json().encode(), now)


def _response(answer: Answer, *, degraded: list[str]) -> Response:
    headers = {"Cache-Control": "public, max-age=30, stale-if-error=86400"}
    if degraded:
        headers["Punkcast-Degraded"] = ", ".join(degraded)
    body = b'{"degraded":%b,%b' % (orjson.dumps(degraded), answer.body[1:])
    return Response(body, media_type="application/json", headers=headers)
