"""A generation's values as a Parquet file, which is read once its rows are no longer in the database."""

from __future__ import annotations

import asyncio
import hashlib
import io
from typing import TYPE_CHECKING

from shared.errors import IntegrityError
from shared.storage.object_store import ObjectRef, ObjectStore

if TYPE_CHECKING:
    import polars as pl


def to_file(rows: pl.DataFrame) -> bytes:
    """`rows` as `shared.valuation.generation.Generation` has them: ids, seven columns of wei as text, the grade."""
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd", compression_level=1)
    return buffer.getvalue()


async def read_lines(store: ObjectStore, reference: ObjectRef, values_sha256: str) -> bytes:
    """The canonical lines (docs/proofs.md) of an archived generation.

    Raises:
        ObjectNotFoundError, StoreUnavailableError: from the store.
        IntegrityError: the file is damaged, or these are not the published values.
    """
    lines = await asyncio.to_thread(_lines, await store.get(reference))
    if hashlib.sha256(lines).hexdigest() != values_sha256:
        raise IntegrityError(
            f"object {reference.key} does not hold the values that were published; restore it from a backup"
        )
    return lines


def _lines(body: bytes) -> bytes:
    # Imported here: a gateway that reads no file does without the library.
    import polars as pl  # noqa: PLC0415

    try:
        return pl.read_parquet(io.BytesIO(body)).write_csv(include_header=False).encode()
    except pl.exceptions.PolarsError as error:
        raise IntegrityError(f"not a readable generation file: {error}; restore it from a backup") from error
