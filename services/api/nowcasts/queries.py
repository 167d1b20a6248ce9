"""Generations, their values and the punks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from services.api.view.records import GenerationRecord, PunkRow
from shared.database.pool import Connection
from shared.registry.unsupported import IS_OPEN_FOR_CHAMPION
from shared.storage.object_store import ObjectRef

POINTER_SQL = f"""
select (select generation_id from nowcast_pointer) as generation_id,
       (select max(seq) from market_events) as last_seq,
       (select count(*) from market_revisions) as revisions,
       (select count(*) from punks) as punks,
       (select e.generation_id from explanations e join nowcast_pointer using (generation_id)) as explained,
       exists (select from unsupported_models where {IS_OPEN_FOR_CHAMPION}) as champion_unsupported
"""
GENERATION_SQL = """
select generation_id, model_id, snapshot_id, as_of, published_at, row_count,
       floor_wei::text as floor_wei, last_block, values_sha256, merkle_root
from generations
where generation_id = $1
"""
PUBLISHED_SQL = """
select generation_id, model_id, snapshot_id, as_of, published_at, row_count,
       floor_wei::text as floor_wei, last_block, values_sha256, merkle_root
from generations
where role = 'champion' and ($1::timestamptz is null or (published_at, generation_id) < ($1, $2::bigint))
order by published_at desc, generation_id desc
limit $3
"""
ARCHIVED_SQL = """
select g.generation_id, g.model_id, g.snapshot_id, g.as_of, g.published_at, g.row_count,
       g.floor_wei::text as floor_wei, g.last_block, g.values_sha256, g.merkle_root,
       a.object_key, a.object_sha256, a.object_bytes
from generations g
join archives a on a.kind = 'generation' and a.id = g.generation_id::text and a.removed_at is null
where g.generation_id = $1
"""
ROLE_SQL = "select role from generations where generation_id = $1"
IN_FORCE_SQL = """
select generation_id from generations
where role = 'champion' and published_at <= $1
order by published_at desc, generation_id desc limit 1
"""
EXPLANATION_SQL = "select body from explanations where generation_id = $1"
VALUES_SQL = """
select punk_id, value_wei::text, lo50_wei::text, hi50_wei::text, lo80_wei::text, hi80_wei::text,
       lo90_wei::text, hi90_wei::text, confidence::text
from nowcasts
where generation_id = $1
order by punk_id
"""
PUNKS_SQL = "select punk_id, type, skin, accessories from punks order by punk_id"


@dataclass(frozen=True)
class Pointer:
    """Where the platform is: `generation_id` is None before the first nowcast, `last_seq` 0 before the first
    event. `revisions` counts the reorganisations that replaced events."""

    generation_id: int | None
    last_seq: int
    revisions: int
    punks: int
    explained: int | None
    """The shown generation, once its reasons are there."""
    champion_unsupported: bool
    """The running code cannot serve the champion, so that the generation shown stays."""


async def pointer(connection: Connection) -> Pointer:
    """One cheap question: has anything moved?"""
    row = await connection.fetchrow(POINTER_SQL)
    return Pointer(**{**row, "last_seq": row["last_seq"] or 0})


async def generation(connection: Connection, generation_id: int) -> tuple[GenerationRecord, bytes] | None:
    """A generation with its canonical lines in punk order; None when it, or any of its rows, is not there any more.

    Retention leaves single rows, so a count that differs from `row_count` is a generation without its rows. The rows
    come as one text, which costs the loop that also answers requests next to nothing.
    """
    row = await connection.fetchrow(GENERATION_SQL, generation_id)
    if row is None:
        return None
    record = _record(row)
    lines = BytesIO()
    await connection.copy_from_query(VALUES_SQL, generation_id, output=lines, format="csv")
    found = lines.getvalue()
    return (record, found) if found.count(b"\n") == record.row_count else None


async def archived(connection: Connection, generation_id: int) -> tuple[GenerationRecord, ObjectRef] | None:
    """A generation with the reference of its file; None when there is none."""
    row = await connection.fetchrow(ARCHIVED_SQL, generation_id)
    if row is None:
        return None
    *record, key, sha256, size = row.items()
    return _record(dict(record)), ObjectRef(key[1], sha256[1], size[1])


async def published(
    connection: Connection, *, before: tuple[datetime, int] | None, limit: int
) -> Sequence[GenerationRecord]:
    """Published generations, newest first, behind the key (published_at, generation_id)."""
    return [_record(row) for row in await connection.fetch(PUBLISHED_SQL, *(before or (None, None)), limit)]


async def role(connection: Connection, generation_id: int) -> str | None:
    """`champion` for a published generation; None when there is none of that number."""
    found: str | None = await connection.fetchval(ROLE_SQL, generation_id)
    return found


async def in_force(connection: Connection, as_of: datetime) -> int | None:
    """The generation that readers saw at an instant; None before the first."""
    found: int | None = await connection.fetchval(IN_FORCE_SQL, as_of)
    return found


async def explanation(connection: Connection, generation_id: int) -> bytes | None:
    """What explains a generation, as `shared.valuation.explanation.stored` writes it; None when it is not there."""
    body: bytes | None = await connection.fetchval(EXPLANATION_SQL, generation_id)
    return body


def _record(row: Mapping[str, Any]) -> GenerationRecord:
    return GenerationRecord(**{**row, "floor_wei": int(row["floor_wei"])})


async def punks(connection: Connection) -> Sequence[PunkRow]:
    """All punks, by id."""
    rows = await connection.fetch(PUNKS_SQL)
    return [PunkRow(row["punk_id"], row["type"], row["skin"], tuple(row["accessories"])) for row in rows]
