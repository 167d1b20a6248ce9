"""Sales that count neither for training nor for scoring, each with its reason."""

from datetime import datetime
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.api.gateway import gateway_of
from services.api.money import Money, money
from services.api.paging import Cursor, Limit, Page, Place, by_time, ordinal
from services.api.problems import documented
from shared.market.sale_labels import Channel
from shared.market.valid_sales import EXPLANATIONS, Exclusion

router = APIRouter(tags=["record"])

EXCLUDED_SALES_SQL = """
select s.event_seq, s.punk_id, s.event_time as sold_at, s.block, s.log_index, s.tx_hash, s.kind,
       s.price_wei::text as price, s.floor_wei::text as floor, s.seller, s.buyer, s.channel, s.exclusion as reason
from sales s
join market_events e on e.seq = s.event_seq and e.superseded_at is null
where not s.valid
  and ($1::text is null or s.exclusion = $1)
  and ($5::text is null or s.channel = $5)
  and ($2::timestamptz is null or (s.event_time, s.event_seq) < ($2, $3::bigint))
order by s.event_time desc, s.event_seq desc
limit $4
"""
COUNT_EXCLUDED_SQL = """
select s.exclusion as reason, count(*) as sales
from sales s
join market_events e on e.seq = s.event_seq and e.superseded_at is null
where not s.valid
group by s.exclusion
order by count(*) desc, s.exclusion
"""


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
    channel: Annotated[str | None, Field(description="As of an outcome; null until the ingestor has labelled the sale")]
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
    request: Request,
    reason: Exclusion | None = None,
    channel: Channel | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ExclusionPage:
    """Excluded sales, newest first; of one reason and one channel when given."""
    gateway = gateway_of(request)
    scope = ("exclusions", str(reason), str(channel))
    place = Place.asked(gateway, scope, cursor, limit, by_time(ordinal))
    async with gateway.reading() as connection:
        before = place.before or (None, None)
        rows = await connection.fetch(EXCLUDED_SALES_SQL, reason, *before, place.fetch, channel)
        counts = await connection.fetch(COUNT_EXCLUDED_SQL)
    shown, following = place.cut(rows, lambda row: (row["sold_at"], row["event_seq"]))
    return ExclusionPage(
        items=[_excluded(row) for row in shown],
        counts=[ReasonCount(**row, explanation=_explained(row["reason"])) for row in counts],
        next_cursor=following,
    )


def _excluded(row: asyncpg.Record) -> ExcludedSale:
    amounts = {name: row[name] and money(row[name]) for name in ("price", "floor")}
    return ExcludedSale(**{**row, **amounts}, explanation=_explained(row["reason"]))


def _explained(reason: str) -> str:
    """A reason of a newer version is passed on as it is: during a rolling update both run on one database."""
    return EXPLANATIONS[Exclusion(reason)] if reason in set(Exclusion) else reason
