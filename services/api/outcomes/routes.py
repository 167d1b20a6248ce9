"""The rows behind the scorecard, to page through or to download."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.api.gateway import Gateway, gateway_of
from services.api.money import Money
from services.api.negotiation import Format, chosen
from services.api.outcomes import queries
from services.api.outcomes.performance_schemas import HORIZONS, Horizon
from services.api.outcomes.queries import Key, Span
from services.api.outcomes.schemas import AMOUNTS, Outcome
from services.api.paging import Cursor, Instant, Page, Place, ordinal
from services.api.problems import documented
from shared.contracts.messages import ModelId
from shared.errors import InvalidInputError

router = APIRouter(tags=["record"])

PARQUET = "application/vnd.apache.parquet"
PAGE = 2_000
LARGEST_PARQUET = 500_000
"""Rows. A Parquet file is made in memory; all else is sent while it is read."""
COLUMNS = (
    "event_seq", "punk_id", "type", "sold_at", "tx_hash", "log_index", "kind", "horizon", "generation_id",
    "published_at", "model_id", "price_wei", "price_eth", "value_wei", "value_eth", "floor_wei", "floor_eth",
    "last_sale_wei", "last_sale_eth", "in50", "in80", "in90", "valid", "exclusion",
)  # fmt: skip
_INTEGERS = ("event_seq", "punk_id", "log_index", "generation_id")
_FLAGS = ("in50", "in80", "in90", "valid")
_CONTENT: dict[str, Any] = {
    "text/csv": {"schema": {"type": "string"}},
    PARQUET: {"schema": {"type": "string", "format": "binary"}},
}


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
    start: Annotated[Instant | None, Query(description="Sales from this instant on")] = None,
    end: Annotated[Instant | None, Query(description="Sales before this instant")] = None,
    model_id: Annotated[ModelId | None, Query()] = None,
    exclusions: Annotated[bool, Query(description="false: excluded sales, too, with `valid` false")] = True,
    order: Annotated[Literal["asc", "desc"], Query(description="desc: the newest sales first, in JSON pages")] = "asc",
    format: Annotated[Format | None, Query(description="Instead of Accept")] = None,  # noqa: A002
    limit: Annotated[int, Query(ge=1, le=1000, description="Of a JSON page")] = 200,
    cursor: Cursor = None,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """JSON comes in pages; CSV and Parquet whole: flat columns, amounts exact in `…_wei`, and in `…_eth`."""
    gateway = gateway_of(request)
    if start is not None and end is not None and start >= end:
        raise InvalidInputError("start must be before end.")
    span = Span(start=start, end=end, model_id=model_id, horizon=horizon, excluded=not exclusions)
    kind = chosen(accept, format)
    if kind == "json":
        return await _page(gateway, span, newest=order == "desc", limit=limit, cursor=cursor)
    if order == "desc":
        raise InvalidInputError("Downloads are in the order of the sales; leave `order` away.")
    if cursor is not None:
        raise InvalidInputError("A cursor belongs to JSON pages; the other formats are sent whole.")
    headers = {
        "Content-Disposition": f'attachment; filename="punkcast-outcomes.{kind}"',
        "Vary": "Accept",
        "Cache-Control": "public, max-age=30",
    }
    if kind == "parquet":
        return Response(await _parquet(gateway, span), media_type=PARQUET, headers=headers)
    lines = await _begun(_csv(_flat_pages(gateway, span)))
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


async def _page(gateway: Gateway, span: Span, *, newest: bool, limit: int, cursor: str | None) -> Response:
    place = Place.asked(gateway, ("outcomes", str(span), str(newest)), cursor, limit, _key)
    async with gateway.reading() as connection:
        rows = await queries.outcomes(connection, span, after=place.before, limit=place.fetch, newest=newest)
    shown, following = place.cut(rows, lambda row: (row.event_seq, row.horizon))
    page = Page[Outcome](items=shown, next_cursor=following)
    headers = {"Vary": "Accept", "Cache-Control": "public, max-age=30"}
    return Response(page.model_dump_json(), media_type="application/json", headers=headers)


async def _flat_pages(gateway: Gateway, span: Span) -> AsyncGenerator[Sequence[dict[str, object]], None]:
    """All rows as of one instant. A few downloads at a time: each keeps a connection for as long as its client
    reads."""
    async with (
        gateway.downloading,
        gateway.database.connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
        aclosing(queries.pages(connection, span, size=PAGE)) as pages,
    ):
        async for page in pages:
            yield [_flat(row) for row in page]


async def _csv(pages: AsyncIterator[Sequence[dict[str, object]]]) -> AsyncIterator[bytes]:
    """RFC 4180 with a header, a chunk for each page."""
    yield (",".join(COLUMNS) + "\r\n").encode()
    async for page in pages:
        text = io.StringIO()
        csv.writer(text).writerows([_cell(row[name]) for name in COLUMNS] for row in page)
        yield text.getvalue().encode()


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


async def _begun(lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same lines; the first is there before the answer's head is sent, so that a database that is away is a
    problem and not a broken download."""
    first = await anext(lines, b"")

    async def all_of_it() -> AsyncIterator[bytes]:
        yield first
        async for chunk in lines:
            yield chunk

    return all_of_it()


async def _parquet(gateway: Gateway, span: Span) -> bytes:
    rows: list[dict[str, object]] = []
    async with aclosing(_flat_pages(gateway, span)) as pages:
        async for page in pages:
            rows += page
            if len(rows) > LARGEST_PARQUET:
                raise InvalidInputError(f"These are over {LARGEST_PARQUET:,} rows; narrow start and end.")
    return await asyncio.to_thread(_to_parquet, rows)


def _to_parquet(rows: list[dict[str, object]]) -> bytes:
    # Imported here: a process that is never asked for tables does without the library.
    import polars as pl  # noqa: PLC0415

    schema: dict[str, pl.DataType] = {
        name: pl.Int64()
        if name in _INTEGERS
        else pl.Boolean()
        if name in _FLAGS
        else pl.Float64()
        if name.endswith("_eth")
        else pl.String()
        for name in COLUMNS
    }
    frame = pl.DataFrame(rows, schema=schema)
    buffer = io.BytesIO()
    frame.select(COLUMNS).write_parquet(buffer)
    return buffer.getvalue()


def _flat(outcome: Outcome) -> dict[str, object]:
    fields: dict[str, object] = dict(vars(outcome))
    for name in AMOUNTS:
        amount: Money | None = getattr(outcome, name)
        fields[f"{name}_wei"] = None if amount is None else amount.wei
        fields[f"{name}_eth"] = None if amount is None else amount.eth
    fields["sold_at"] = outcome.sold_at.isoformat()
    fields["published_at"] = outcome.published_at.isoformat()
    return {name: fields[name] for name in COLUMNS}


def _key(seq: str, horizon: str) -> Key:
    if horizon not in HORIZONS:
        raise ValueError("no outcome has this horizon")
    return ordinal(seq), horizon
