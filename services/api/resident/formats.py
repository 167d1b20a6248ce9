"""A generation as NDJSON, CSV, Parquet or Arrow: made once, when the first client asks for it.

CSV is a heading and the canonical lines that the Merkle root is over (docs/proofs.md). Parquet and Arrow have the
generation's facts in their metadata, wei as text and the value in ETH as a float beside it.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.api.resident.facts import Generation
from services.api.resident.values import ValueRow
from shared.merkle import canonical_line
from shared.units import ETH

WEI_COLUMNS = ("value_wei", "lo50_wei", "hi50_wei", "lo80_wei", "hi80_wei", "lo90_wei", "hi90_wei")
ARROW = "application/vnd.apache.arrow.file"


@dataclass(frozen=True)
class Rendition:
    """A body in one format."""

    body: bytes
    content_type: str
    filename: str
    compressible: bool


def amounts(row: ValueRow) -> tuple[str, ...]:
    """The row's amounts in the order of `WEI_COLUMNS`."""
    return (row.value_wei, row.lo50_wei, row.hi50_wei, row.lo80_wei, row.hi80_wei, row.lo90_wei, row.hi90_wei)


def lines(generation: Generation) -> bytes:
    """The canonical lines, one a punk, each with its line end."""
    return b"".join(
        canonical_line(row.punk_id, amounts(row), row.confidence).encode() + b"\n" for row in generation.rows
    )


def ndjson(generation: Generation) -> Rendition:
    number = generation.facts.generation_id
    body = b"".join(
        b'{"generation_id":%d,"punk_id":%d,%b}\n' % (number, punk, generation.values[punk])
        for punk in generation.by_punk
    )
    return Rendition(body, "application/x-ndjson", _name(generation, "ndjson"), compressible=True)


def csv(generation: Generation) -> Rendition:
    heading = ",".join(("punk_id", *WEI_COLUMNS, "confidence")).encode() + b"\n"
    return Rendition(
        heading + lines(generation),
        "text/csv; charset=utf-8; header=present",
        _name(generation, "csv"),
        compressible=True,
    )


def parquet(generation: Generation) -> Rendition:
    buffer = io.BytesIO()
    _frame(generation).write_parquet(buffer, compression="zstd", metadata=_facts(generation))
    return Rendition(
        buffer.getvalue(), "application/vnd.apache.parquet", _name(generation, "parquet"), compressible=False
    )


def arrow(generation: Generation) -> Rendition:
    buffer = io.BytesIO()
    _frame(generation).write_ipc(buffer, compression="zstd", compat_level=_oldest())
    return Rendition(buffer.getvalue(), ARROW, _name(generation, "arrow"), compressible=False)


FORMATS: dict[str, Callable[[Generation], Rendition]] = {
    "ndjson": ndjson,
    "csv": csv,
    "parquet": parquet,
    "arrow": arrow,
}
"""By the name that `?format=` takes. JSON is the generation's own body."""
MEDIA_TYPES: dict[str, str] = {
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "text/csv": "csv",
    "application/vnd.apache.parquet": "parquet",
    ARROW: "arrow",
}


def _frame(generation: Generation) -> Any:
    # Imported here: a gateway that nobody asks for Parquet need not hold the library.
    import polars as pl  # noqa: PLC0415

    columns = list(zip(*(amounts(row) for row in generation.rows), strict=True))
    return pl.DataFrame(
        {
            "generation_id": pl.Series([generation.facts.generation_id] * len(generation.rows), dtype=pl.Int64),
            "punk_id": pl.Series([row.punk_id for row in generation.rows], dtype=pl.Int16),
            "value_eth": pl.Series([int(row.value_wei) / ETH for row in generation.rows], dtype=pl.Float64),
            **{name: pl.Series(column, dtype=pl.String) for name, column in zip(WEI_COLUMNS, columns, strict=True)},
            "confidence": pl.Series([row.confidence for row in generation.rows], dtype=pl.String),
        }
    )


def _oldest() -> Any:
    """Arrow as every reader knows it: without string views."""
    import polars as pl  # noqa: PLC0415

    return pl.CompatLevel.oldest()


def _facts(generation: Generation) -> dict[str, str]:
    facts = generation.facts
    return {
        "punkcast_generation": str(facts.generation_id),
        "punkcast_model": facts.model_id,
        "punkcast_as_of": facts.as_of.isoformat(),
        "punkcast_merkle_root": facts.merkle_root,
    }


def _name(generation: Generation, extension: str) -> str:
    return f"punkcast-nowcast-{generation.facts.generation_id}.{extension}"
