"""One punk's past: what nowcasts said, and what was asked, bid and paid."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from services.api.gateway import gateway_of
from services.api.money import money
from services.api.paging import Instant
from services.api.problems import documented
from services.api.punks import queries
from services.api.punks.history_schemas import HistoryDocument, PastSale, Standing, ValuePoint
from services.api.punks.queries import Span
from services.api.punks.routes import no_such_punk
from shared.errors import InvalidInputError
from shared.market.event_types import BID
from shared.market.offers import ASK
from shared.stores.offer_repository import PastOffer

router = APIRouter(tags=["values"])

MOST_VALUES = 2000
MOST_EVENTS = 500
Truncated = Literal["sales", "asks", "bids"]


@router.get(
    "/v1/punks/{punk_id}/history",
    operation_id="get_punk_history",
    summary="What a punk was valued at, listed for, bid for and sold for",
    responses=documented(404, 422, 503),
)
async def history(
    punk_id: int,
    request: Request,
    start: Annotated[Instant | None, Query(alias="from", description="From this instant on")] = None,
    end: Annotated[Instant | None, Query(alias="to", description="Before this instant")] = None,
    points: Annotated[
        int | None,
        Query(ge=2, le=MOST_VALUES, description="At most about so many values: the last of each of equal steps"),
    ] = None,
) -> HistoryDocument:
    gateway = gateway_of(request)
    if not 0 <= punk_id <= 9999:
        raise no_such_punk(punk_id)
    if start is not None and end is not None and start >= end:
        raise InvalidInputError(f"from {start.isoformat()} is not before to {end.isoformat()}; nothing lies between.")
    async with gateway.reading() as connection:
        span = await queries.span(connection, start, end)
        step = step_seconds(span, points)
        values = await queries.values(connection, punk_id, start, end, step_s=step, limit=MOST_VALUES)
        sales = await queries.sales(connection, punk_id, start, end, limit=MOST_EVENTS + 1)
        offers = await queries.offers(connection, punk_id, start, end)
    asks, bids = ([past for past in offers if past.offer.kind == kind] for kind in (ASK, BID))
    counts: dict[Truncated, int] = {"sales": len(sales), "asks": len(asks), "bids": len(bids)}
    return HistoryDocument(
        punk_id=punk_id,
        start=start,
        end=end,
        values=[ValuePoint(**vars(value)) for value in values],
        step_seconds=step,
        sales=[
            PastSale(
                time=sale.time,
                price=money(sale.price_wei),
                floor=money(sale.floor_wei) if sale.floor_wei is not None else None,
                kind=sale.kind,
                seller=sale.seller,
                buyer=sale.buyer,
                valid=sale.valid,
                exclusion=sale.exclusion,
                tx_hash=sale.tx_hash,
            )
            for sale in reversed(sales[:MOST_EVENTS])
        ],
        asks=_documents(asks),
        bids=_documents(bids),
        truncated=[name for name, count in counts.items() if count > MOST_EVENTS],
    )


def step_seconds(span: Span, points: int | None) -> int | None:
    """How long steps must be for about so many values (at most `MOST_VALUES`); None when all of them fit."""
    wanted = min(points or MOST_VALUES, MOST_VALUES)
    if span.generations <= wanted or span.first is None or span.last is None:
        return None
    # Steps are counted from 1970, so the first and the last of the window may be parts of steps.
    return max(1, ceil((span.last - span.first).total_seconds() / max(wanted - 1, 1)))


def _documents(offers: Sequence[PastOffer]) -> list[Standing]:
    """The newest of the offers."""
    return [
        Standing(
            price=money(past.offer.price_wei),
            by=past.offer.maker,
            start=past.offer.since.time,
            end=past.until,
            ended_by=past.ended_by,
        )
        for past in offers[-MOST_EVENTS:]
    ]
