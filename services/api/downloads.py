"""Bulk answers: which format a client wants, and rows as lines. What is written here is never held whole."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, Literal

import orjson

from shared.errors import InvalidInputError

Format = Literal["json", "ndjson", "csv", "parquet"]
MEDIA_TYPES: Final[Mapping[Format, str]] = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
_ACCEPTED: Final[Mapping[str, Format]] = {
    "application/json": "json",
    "application/*": "json",
    "*/*": "json",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "text/csv": "csv",
    "text/*": "csv",
    "application/vnd.apache.parquet": "parquet",
}


def wanted(accept: str | None, asked: Format | None) -> Format:
    """The format of an answer: `?format=` first, then the `Accept` header's best by its q-values (RFC 9110, 12.5.1).

    Raises:
        InvalidInputError: nothing in Accept can be answered.
    """
    if asked is not None:
        return asked
    if not accept:
        return "json"
    choices: list[tuple[float, int, Format]] = []
    for place, part in enumerate(accept.split(",")):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((_quality(one[2:]) for one in parameters if one.startswith("q=")), 1.0)
        if name in _ACCEPTED and quality > 0:
            choices.append((-quality, place, _ACCEPTED[name]))
    if not choices:
        raise InvalidInputError(f"Accept must name one of {', '.join(MEDIA_TYPES.values())}; or say ?format=.")
    return min(choices)[2]


async def ndjson_lines(pages: AsyncIterator[Sequence[Mapping[str, object]]]) -> AsyncIterator[bytes]:
    """One JSON object a line, a chunk for each page."""
    async for page in pages:
        yield b"".join(orjson.dumps(row) + b"\n" for row in page)


async def csv_lines(
    pages: AsyncIterator[Sequence[Mapping[str, object]]], columns: Sequence[str]
) -> AsyncIterator[bytes]:
    """RFC 4180 with a header, a chunk for each page."""
    yield (",".join(columns) + "\r\n").encode()
    async for page in pages:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerows([_cell(row[name]) for name in columns] for row in page)
        yield text.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def _quality(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
