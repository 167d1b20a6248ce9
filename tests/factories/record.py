"""A long record in little time: generations at a steady pace with their rows, roots and files, written in bulk.

Values, roots and hashes are right, so that every proof holds. Files are written without waiting for the disk.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from shared.database.pool import Connection
from shared.merkle import canonical_line, merkle_levels
from shared.storage.object_store import ObjectRef, reference_for
from shared.stores import generation_archive
from shared.valuation.generation import COLUMNS
from tests.factories import registry

FLOOR_WEI = 40 * 10**18
PACE = timedelta(minutes=30)


@dataclass(frozen=True)
class Made:
    """A generation on record."""

    generation_id: int
    role: str
    as_of: datetime
    snapshot_id: str


def file(root: Path, kind: str, body: bytes, at: datetime) -> ObjectRef:
    """Put an object as if at this instant."""
    reference = reference_for(kind, body, "parquet")
    path = root / reference.key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return reference


def value_wei(punk: int, number: int) -> int:
    """Of a punk in the generation with this number."""
    return FLOOR_WEI + punk * 10**16 + number * 10**13


def rows_of(punks: int, number: int) -> list[tuple[Any, ...]]:
    """By punk: its id, seven amounts in wei, its grade."""
    return [
        (
            punk,
            *(value_wei(punk, number) * part // 100 for part in (100, 97, 103, 92, 109, 88, 114)),
            b"ABCD"[punk % 4 :][:1],
        )
        for punk in range(punks)
    ]


def readable_file(rows: list[tuple[Any, ...]]) -> tuple[bytes, tuple[str, str]]:
    """The file of a generation; the hash and the Merkle root of its lines."""
    texts = [(punk, *map(str, wei), grade.decode()) for punk, *wei, grade in rows]
    lines = "\n".join(canonical_line(punk, wei, grade) for punk, *wei, grade in texts)
    frame = pl.DataFrame(
        texts, schema={"punk_id": pl.Int16, **dict.fromkeys((*COLUMNS, "confidence"), pl.String)}, orient="row"
    )
    root = merkle_levels(lines.encode())[-1][0].hex()
    return generation_archive.to_file(frame), (hashlib.sha256(f"{lines}\n".encode()).hexdigest(), root)


async def publish(
    connection: Connection,
    root: Path,
    models: Sequence[tuple[str, str]],
    *,
    start: datetime,
    end: datetime,
    punks: int,
    pace: timedelta = PACE,
    readable: bool = False,
) -> list[Made]:
    """Generations of each (role, model) from `start` to below `end`, archived with their snapshots under `root`.

    Only with `readable` are hashes, roots and files those of the values.
    """
    made, archives, snapshots, generations, rows = list[Made](), list[Any](), list[Any](), list[Any](), list[Any]()
    number = await connection.fetchval("select coalesce(max(generation_id), 0) from generations")
    as_of = start
    while as_of < end:
        snapshot_id = hashlib.sha256(f"nowcast {as_of}".encode()).hexdigest()
        snapshots.append((snapshot_id, "nowcast", as_of, 1, 1, punks, "f", as_of))
        inputs = file(root, "snapshots", f"inputs {as_of}".encode() * 20, as_of)
        archives.append(("snapshot", snapshot_id, inputs.key, inputs.sha256, inputs.size, as_of))
        for role, model in models:
            number += 1
            valued = rows_of(punks, number)
            body, facts = b"values %d" % number, ("v", "m")
            if readable:
                body, facts = readable_file(valued)
            published_at = as_of + timedelta(seconds=2)
            generations.append((role, model, snapshot_id, as_of, published_at, punks, FLOOR_WEI, 1, *facts))
            rows += [(number, *row) for row in valued]
            values = file(root, "generations", body, as_of)
            archives.append(("generation", str(number), values.key, values.sha256, values.size, as_of))
            made.append(Made(number, role, as_of, snapshot_id))
        as_of += pace
    await connection.copy_records_to_table(
        "snapshots",
        records=snapshots,
        columns=[
            "snapshot_id", "kind", "as_of", "last_event_seq", "last_block", "row_count", "feature_schema", "created_at",
        ],
    )  # fmt: skip
    names = (
        "role", "model_id", "snapshot_id", "as_of", "published_at", "row_count", "floor_wei", "last_block",
        "values_sha256", "merkle_root",
    )  # fmt: skip
    await connection.copy_records_to_table("generations", records=generations, columns=names)
    await connection.copy_records_to_table("nowcasts", records=rows)
    await connection.copy_records_to_table("archives", records=[(*row, None) for row in archives])
    newest = max(one.generation_id for one in made if one.role == "champion")
    await connection.execute(
        """insert into nowcast_pointer (generation_id, moved_at) values ($1, $2)
           on conflict (only_row) do update set generation_id = excluded.generation_id, moved_at = excluded.moved_at""",
        newest,
        end,
    )
    return made


async def champion(connection: Connection, at: datetime) -> str:
    """A promoted model."""
    return (await registry.promote(connection, "champion", at)).subject_model
