"""Every scored sale as CSV or Parquet: flat columns, amounts exact in `…_wei`, and as floats in `…_eth`."""

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing

from services.api.gateway import Gateway
from services.api.money import Money
from services.api.outcomes import queries
from services.api.outcomes.queries import Span
from services.api.outcomes.schemas import AMOUNTS, Outcome
from shared.errors import InvalidInputError

PAGE = 2_000
LARGEST_PARQUET = 500_000
"""Rows. A Parquet file is made in memory; all else is sent while it is read."""
COLUMNS = (
    "event_seq", "punk_id", "type", "sold_at", "tx_hash", "log_index", "kind", "horizon", "generation_id",
    "published_at", "model_id", "price_wei", "price_eth", "value_wei", "value_eth", "floor_wei", "floor_eth",
    "last_sale_wei", "last_sale_eth", "in50", "in80", "in90", "valid", "exclusion",
    "channel", "pass_through", "true_buyer", "dealer", "wrapped",
)  # fmt: skip
_INTEGERS = ("event_seq", "punk_id", "log_index", "generation_id")
_FLAGS = ("in50", "in80", "in90", "valid", "pass_through", "dealer", "wrapped")


async def csv_chunks(gateway: Gateway, span: Span) -> AsyncIterator[bytes]:
    """RFC 4180 with a header, a chunk for each page of rows.

    The first page is read before this returns, so that an absent database is a problem and not a broken download.
    """
    pages = _flat_pages(gateway, span)
    try:
        first = await anext(pages)
    except StopAsyncIteration:  # Not by the default of anext: Python 3.11 fails with one after a suspension.
        first = ()

    async def chunks() -> AsyncIterator[bytes]:
        async with aclosing(pages):
            yield (",".join(COLUMNS) + "\r\n").encode() + _csv(first)
            async for page in pages:
                yield _csv(page)

    return chunks()


async def parquet(gateway: Gateway, span: Span) -> bytes:
    """Raises InvalidInputError: more rows than `LARGEST_PARQUET`."""
    rows: list[dict[str, object]] = []
    async with aclosing(_flat_pages(gateway, span)) as pages:
        async for page in pages:
            rows += page
            if len(rows) > LARGEST_PARQUET:
                raise InvalidInputError(f"These are over {LARGEST_PARQUET:,} rows; narrow start and end.")
    return await asyncio.to_thread(_to_parquet, rows)


async def _flat_pages(gateway: Gateway, span: Span) -> AsyncGenerator[Sequence[dict[str, object]], None]:
    """All rows as of one instant. Few downloads run at a time: each holds a connection while its client reads."""
    async with AsyncExitStack() as entered:
        async with asyncio.timeout(gateway.config.database_timeout_s):
            await entered.enter_async_context(gateway.downloading)
            connection = await entered.enter_async_context(gateway.database.connection())
        await entered.enter_async_context(connection.transaction(isolation="repeatable_read", readonly=True))
        pages = await entered.enter_async_context(aclosing(queries.pages(connection, span, size=PAGE)))
        async for page in pages:
            yield [_flat(row) for row in page]


def _csv(rows: Sequence[dict[str, object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_cell(row[name]) for name in COLUMNS] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _to_parquet(rows: list[dict[str, object]]) -> bytes:
    # Imported here: a process that makes no tables does without the library.
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
