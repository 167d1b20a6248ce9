"""A snapshot: immutable inputs as of one instant, identified by the hash of its content."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl

from shared.errors import IntegrityError

Kind = Literal["nowcast", "training", "evaluation"]
_METADATA_KEY = "punkcast.snapshot"


@dataclass(frozen=True)
class Snapshot:
    """Feature rows with their keys.

    Attributes:
        as_of: all inputs are from before this instant (UTC).
        last_event_seq: number of the last included event in this database; not part of the id.
        last_block: block of the last included event.
        frame: key columns and feature columns; `shared.valuation.inputs` has the columns of each kind.
    """

    kind: Kind
    as_of: datetime
    last_event_seq: int
    last_block: int
    feature_schema: str
    frame: pl.DataFrame

    @cached_property
    def snapshot_id(self) -> str:
        """SHA-256 over kind, instant, block, schema and all values, independent of the file format."""
        header = {
            "kind": self.kind,
            "as_of": self.as_of.astimezone(UTC).isoformat(timespec="microseconds"),
            "last_block": self.last_block,
            "feature_schema": self.feature_schema,
            "columns": [(name, str(dtype)) for name, dtype in self.frame.schema.items()],
            "rows": self.frame.height,
        }
        digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
        for column in self.frame.iter_columns():
            digest.update(_canonical(column))
        return digest.hexdigest()

    def to_parquet(self) -> bytes:
        header = {
            "kind": self.kind,
            "as_of": self.as_of.isoformat(),
            "last_event_seq": self.last_event_seq,
            "last_block": self.last_block,
            "feature_schema": self.feature_schema,
        }
        buffer = io.BytesIO()
        self.frame.write_parquet(
            buffer, compression="zstd", compression_level=1, metadata={_METADATA_KEY: json.dumps(header)}
        )
        return buffer.getvalue()

    @classmethod
    def from_parquet(cls, body: bytes) -> Snapshot:
        """Read the bytes of `to_parquet`.

        Raises:
            IntegrityError: not a Parquet file, or one without a snapshot's header.
        """
        try:
            metadata = pl.read_parquet_metadata(io.BytesIO(body))
            if _METADATA_KEY not in metadata:
                raise IntegrityError("not a snapshot file: its Parquet metadata has no punkcast.snapshot header")
            header = json.loads(metadata[_METADATA_KEY])
            as_of = datetime.fromisoformat(header.pop("as_of"))
            return cls(as_of=as_of, frame=pl.read_parquet(io.BytesIO(body)), **header)
        except (pl.exceptions.PolarsError, ValueError, KeyError, TypeError) as error:
            raise IntegrityError(f"not a readable snapshot file: {error}; restore it from a backup") from error


def _canonical(column: pl.Series) -> bytes:
    if column.null_count():
        raise ValueError(f"snapshot column {column.name} has nulls; unknown numbers are NaN")
    if column.dtype == pl.String:
        texts = [text.encode() for text in column.to_list()]
        return b"".join(len(text).to_bytes(4, "little") + text for text in texts)
    if isinstance(column.dtype, pl.Datetime):
        column = column.dt.epoch("us")
    values = column.to_numpy()
    if values.dtype.kind == "f":
        # Normalise NaN, whose bit pattern depends on the operation that produced it.
        values = np.where(np.isnan(values), values.dtype.type(np.nan), values)
    return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).tobytes()
