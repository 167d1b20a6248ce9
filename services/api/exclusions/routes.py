"""Sales that count neither for training nor for scoring, each with its reason."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.api.exclusions import queries
from services.api.gateway import gateway_of
from services.api.money import Money, money
from services.api.paging import Cursor, Limit, Page, Place, by_time, ordinal
from services.api.problems import documented
from shared.market.valid_sales import EXPLANATIONS, Exclusion

router = APIRouter(tags=["record"])


class ExcludedSale(BaseModel):
    """A sale that is left out, as it was judged from what was known when it happened."""

    punk_id: int
    sold_at: datetime
    block: int
    log_index: int
    tx_hash: str
    kind: Annotated[str, Field(description="buy or accept_bid")]
    price: Money
    floor: Annotated[Money | None, Field(description="Lowest public ask of any other punk just before")]
    seller: str | None
    buyer: str | None
    reason: Annotated[str, Field(examples=["custody_move"])]
    explanation: str


class ReasonCount(BaseModel):
    reason: str
    explanation: str
    sales: int


class ExclusionPage(Page[ExcludedSale]):
    counts: Annotated[list[ReasonCount], Field(description="Of all excluded sales, whatever is filtered; most first")]


@router.get("/v1/exclusions", operation_id="list_exclusions", responses=documented(400, 422, 503))
async def exclusions(
    request: Request, reason: Exclusion | None = None, limit: Limit = 50, cursor: Cursor = None
) -> ExclusionPage:
    """Excluded sales, newest first; of one reason when given."""
    gateway = gateway_of(request)
    scope = ("exclusions", str(reason))
    place = Place.asked(gateway, scope, cursor, limit, by_time(ordinal))
    async with gateway.reading() as connection:
        rows = await queries.excluded_sales(connection, reason=reason, before=place.before, limit=place.fetch)
        counts = await queries.counts(connection)
    shown, following = place.cut(rows, lambda row: (row["sold_at"], row["event_seq"]))
    return ExclusionPage(
        items=[_excluded(row) for row in shown],
        counts=[ReasonCount(reason=name, explanation=_explained(name), sales=n) for name, n in counts.items()],
        next_cursor=following,
    )


def _excluded(row: asyncpg.Record) -> ExcludedSale:
    amounts = {name: row[name] and money(row[name]) for name in ("price", "floor")}
    return ExcludedSale(**{**row, **amounts}, explanation=_explained(row["reason"]))


def _explained(reason: str) -> str:
    """A reason of a newer version is passed on as it is: during a rolling update both run on one database."""
    return EXPLANATIONS[Exclusion(reason)] if reason in set(Exclusion) else reason
