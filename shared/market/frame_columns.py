"""Columns of tables from other tools in the types of a schema: converted if no value changes, else refused."""

from typing import Final

import polars as pl

INSTANT: Final = pl.Datetime("us", "UTC")
TEXTS: Final = pl.List(pl.String())
_EXPECTED: Final[dict[pl.DataType, str]] = {
    pl.String(): "text",
    pl.Float64(): "numbers or their text",
    pl.Date(): "days, text like 2021-03-01, or times at midnight UTC",
    INSTANT: "times with a zone in whole microseconds, or text like 2021-03-01T12:00:00Z",
    TEXTS: "lists of text",
}
_REPAIR: Final[dict[pl.DataType, str]] = {
    pl.String(): "whole numbers may be integers or Decimal; floats have lost digits, and bytes are unclear: write text",
    INSTANT: "before the file is written, pandas has dt.tz_localize('UTC') for times without a zone and "
    "to_datetime(…, unit='s', utc=True) for numbers; SQL has AT TIME ZONE 'UTC' and to_timestamp(…)",
}


def expected(wanted: pl.DataType) -> str:
    """What a column of this type is read from, for errors."""
    return _EXPECTED.get(wanted, f"whole numbers that fit {wanted}, as integers, Decimal or text without a point")


def repair(wanted: pl.DataType) -> str:
    """How to write a column of this type, to follow `expected`; empty where that is clear."""
    return f"; {_REPAIR[wanted]}" if wanted in _REPAIR else ""


def converted(column: pl.Series, wanted: pl.DataType) -> pl.Series | None:
    """The column in a type of `expected`. A value that would change is null; None if the column's type is unclear."""
    if column.dtype == wanted:
        return column
    if column.null_count() == len(column):
        return pl.repeat(None, len(column), dtype=wanted, eager=True).alias(column.name)
    column = _plain(column)
    kind = column.dtype
    if wanted.is_integer() or wanted == pl.String:
        return column.cast(wanted, strict=False) if kind.is_integer() or kind == pl.String else None
    if wanted.is_float():
        return _numbers(column, wanted)
    if wanted == TEXTS:
        return _lists(column)
    return _instants(column) if wanted == INSTANT else _days(column)


def instants(text: pl.Series) -> pl.Series:
    """Text like `2021-03-01T12:00:00.000Z`, `… 12:00:00+00` or `… 12:00:00 UTC` as instants.

    Null for text without an offset or with a part of a microsecond.
    """
    iso = (
        text.str.replace(r"\s?(?:UTC|Z)$", "+00:00")
        .str.replace(r"([+-]\d\d)$", "${1}:00")
        .str.replace(r"^(\d{4}-\d\d-\d\d) ", "${1}T")
        .str.replace(r"(\.\d{6})0+([+-])", "${1}${2}")
    )
    read = iso.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", strict=False).dt.convert_time_zone("UTC")
    return read.set(iso.str.contains(r"\.\d{7}").fill_null(False), None)


def _plain(column: pl.Series) -> pl.Series:
    """Categories as text, and Decimal as the text of an integer; a fraction stays in the text, for the error."""
    if isinstance(column.dtype, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    return column.cast(pl.String).str.replace(r"\.0+$", "") if column.dtype.is_decimal() else column


def _numbers(column: pl.Series, wanted: pl.DataType) -> pl.Series | None:
    if column.dtype.is_integer():
        return _unchanged(column, wanted)
    return column.cast(wanted, strict=False) if column.dtype.is_float() or column.dtype == pl.String else None


def _instants(column: pl.Series) -> pl.Series | None:
    if column.dtype == pl.String:
        return instants(column)
    zone = column.dtype.time_zone if isinstance(column.dtype, pl.Datetime) else None
    return None if zone is None else _unchanged(column, pl.Datetime("us", zone)).dt.convert_time_zone("UTC")


def _days(column: pl.Series) -> pl.Series | None:
    """A time at midnight without a zone is a day, too: pandas has no other days."""
    if column.dtype == pl.String:
        day = column.str.replace(r"[T ]00:00:00(?:\.0+)?(?:\s?UTC|Z|\+00(?::?00)?)?$", "")
        return day.set(~day.str.contains(r"^\d{4}-\d\d-\d\d$").fill_null(True), None).str.to_date(
            "%Y-%m-%d", strict=False
        )
    if not isinstance(column.dtype, pl.Datetime):
        return None
    if column.dtype.time_zone is not None:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return _unchanged(column, pl.Date())


def _lists(column: pl.Series) -> pl.Series | None:
    kind = column.dtype
    inner = kind.inner if isinstance(kind, pl.List | pl.Array) else None
    texts = isinstance(inner, pl.String | pl.Categorical | pl.Enum | pl.Null)
    return column.cast(TEXTS, strict=False) if texts else None


def _unchanged(column: pl.Series, wanted: pl.DataType) -> pl.Series:
    """The column as `wanted`, null where the cast back has another value."""
    cast = column.cast(wanted, strict=False)
    return cast.set((cast.cast(column.dtype, strict=False) != column).fill_null(False), None)
