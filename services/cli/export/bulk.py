"""Query results as polars frames, by COPY: no row becomes a Python object."""

from io import BytesIO
from typing import Final

import polars as pl

from shared.database.pool import Connection

_TYPES: Final[dict[str, pl.DataType]] = {
    "bool": pl.Boolean(),
    "float8": pl.Float64(),
    "int2": pl.Int32(),
    "int4": pl.Int64(),
    "int8": pl.Int64(),
    "numeric": pl.String(),
    "text": pl.String(),
    "timestamptz": pl.Datetime("us", "UTC"),
}


async def read_bulk(connection: Connection, query: str, *arguments: object) -> pl.DataFrame:
    """The rows of `query`, with columns of the types in `_TYPES`; the connection's time zone is UTC."""
    columns = (await connection.prepare(query)).get_attributes()
    schema = {column.name: _TYPES[column.type.name] for column in columns}
    body = BytesIO()
    await connection.copy_from_query(query, *arguments, output=body, format="csv")
    if not body.tell():
        return pl.DataFrame(schema=schema)
    body.seek(0)
    # PostgreSQL writes truth as t and f, and instants as `2024-05-06 07:08:09.5+00`.
    as_text = {
        name: pl.String() if dtype == pl.Boolean or dtype.is_temporal() else dtype for name, dtype in schema.items()
    }
    return pl.read_csv(body, has_header=False, schema=as_text).with_columns(
        *[pl.col(name) == "t" for name, dtype in schema.items() if dtype == pl.Boolean],
        *[_instant(name) for name, dtype in schema.items() if dtype.is_temporal()],
    )


def _instant(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_suffix("+00")
    return text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us").dt.replace_time_zone("UTC")
