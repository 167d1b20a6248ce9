"""A whole generation as JSON, CSV or Parquet: made once, in a thread, when the first client asks for it.

CSV is a heading and the canonical lines that the Merkle root is over (docs/proofs.md). Parquet has wei as text and the
value in ETH as a float, too; its metadata names the generation.
"""

import io
import time
from collections.abc import Callable, Mapping
from itertools import islice

from services.api.documents import encode, encoded
from services.api.negotiation import Format
from services.api.nowcasts.schemas import NowcastDocument, NowcastEntry
from services.api.punks.documents import value_fields
from services.api.view.generation import Generation
from services.api.view.ready import JSON, ReadyAnswer, ready_answer
from services.api.view.records import ValueRow
from shared.units import ETH

WEI_COLUMNS = ValueRow._fields[1:-1]
AT_A_TIME = 10


def json(generation: Generation) -> bytes:
    entries, rows = [], iter(generation.rows())
    while some := list(islice(rows, AT_A_TIME)):
        entries += [encoded(NowcastEntry(punk_id=row.punk_id, **value_fields(row))) for row in some]
        time.sleep(0)  # Lets the event loop run: a busy thread keeps it waiting for up to 5 ms a turn.
    return encode(NowcastDocument(generation=generation.document, count=len(entries), punks=entries))


def csv(generation: Generation) -> bytes:
    return ",".join(ValueRow._fields).encode() + b"\n" + generation.lines


def parquet(generation: Generation) -> bytes:
    # Imported here: a gateway that makes no Parquet does without the library.
    import polars as pl  # noqa: PLC0415

    record, rows = generation.record, list(generation.rows())
    columns = dict(zip(ValueRow._fields, zip(*rows, strict=True), strict=True))
    frame = pl.DataFrame(
        {
            "generation_id": pl.Series([record.generation_id] * len(rows), dtype=pl.Int64),
            "punk_id": pl.Series(columns.pop("punk_id"), dtype=pl.Int16),
            "value_eth": pl.Series([int(row.value_wei) / ETH for row in rows], dtype=pl.Float64),
            **{name: pl.Series(column, dtype=pl.String) for name, column in columns.items()},
        }
    )
    facts = {
        "punkcast_generation": str(record.generation_id),
        "punkcast_model": record.model_id,
        "punkcast_as_of": record.as_of.isoformat(),
        "punkcast_merkle_root": record.merkle_root,
    }
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", metadata=facts)
    return buffer.getvalue()


_BODIES: Mapping[Format, Callable[[Generation], bytes]] = {"json": json, "csv": csv, "parquet": parquet}
_CONTENT_TYPES: Mapping[Format, bytes] = {
    "json": JSON,
    "csv": b"text/csv; charset=utf-8; header=present",
    "parquet": b"application/vnd.apache.parquet",
}


def whole(generation: Generation, kind: Format) -> ReadyAnswer:
    """The generation in one format."""
    number = generation.record.generation_id
    return ready_answer(
        generation.record,
        f"g{number}" if kind == "json" else f"g{number}.{kind}",
        _BODIES[kind](generation),
        media_type=_CONTENT_TYPES[kind],
        filename=None if kind == "json" else f"punkcast-nowcast-{number}.{kind}",
        compress=kind != "parquet",
        negotiated=True,
    )
