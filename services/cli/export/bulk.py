"""Query results as polars frames, by COPY: no row becomes a Python object."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

import polars as pl

from shared.database.pool import Connection


async def read_bulk(
    connection: Connection, query: str, *arguments: object, schema: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """The rows of `query` in `schema`, whose columns stand in the order of the query's.

    Instants have to be `timestamptz`; the connection's time zone is UTC.
    """
    body = BytesIO()
    await connection.copy_from_query(query, *arguments, output=body, format="csv")
    if not body.tell():
        return pl.DataFrame(schema=schema)
    body.seek(0)
    return parse(body, schema)


def parse(body: BytesIO, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """COPY's CSV. PostgreSQL writes truth as t and f, and instants as `2024-05-06 07:08:09.5+00`."""
    as_text = {
        name: pl.String() if dtype == pl.Boolean or dtype.is_temporal() else dtype for name, dtype in schema.items()
    }
    frame = pl.read_csv(body, has_header=False, schema=as_text)
    return frame.with_columns(
        *[pl.col(name) == "t" for name, dtype in schema.items() if dtype == pl.Boolean],
        *[_instant(name) for name, dtype in schema.items() if dtype.is_temporal()],
    )


def _instant(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_suffix("+00")
    return text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us").dt.replace_time_zone("UTC")
