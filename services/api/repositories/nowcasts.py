"""Generations, their values and the punks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.api.resident.facts import GenerationFacts, PunkRow, ValueRow
from shared.database.pool import Connection

POINTER_SQL = """
select (select generation_id from nowcast_pointer) as generation_id,
       (select max(seq) from market_events) as last_seq,
       (select count(*) from market_revisions) as revisions,
       (select count(*) from punks) as punks
"""
GENERATION_SQL = """
select generation_id, model_id, snapshot_id, as_of, published_at, row_count,
       floor_wei::text as floor_wei, last_block, values_sha256, merkle_root
from generations
where generation_id = $1
"""
VALUES_SQL = """
select punk_id, value_wei::text, lo50_wei::text, hi50_wei::text, lo80_wei::text, hi80_wei::text,
       lo90_wei::text, hi90_wei::text, confidence::text
from nowcasts
where generation_id = $1
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


async def pointer(connection: Connection) -> Pointer:
    """One cheap question: has anything moved?"""
    row = await connection.fetchrow(POINTER_SQL)
    return Pointer(row["generation_id"], row["last_seq"] or 0, row["revisions"], row["punks"])


async def generation(connection: Connection, generation_id: int) -> tuple[GenerationFacts, Sequence[ValueRow]] | None:
    """A generation with its values (unordered); None when it, or any of its rows, is not there any more.

    The rows are written and removed whole, so a count that differs from `row_count` is a generation
    being removed.
    """
    row = await connection.fetchrow(GENERATION_SQL, generation_id)
    if row is None:
        return None
    facts = GenerationFacts(**{**row, "floor_wei": int(row["floor_wei"])})
    values = [ValueRow(*found) for found in await connection.fetch(VALUES_SQL, generation_id)]
    return (facts, values) if len(values) == facts.row_count else None


async def punks(connection: Connection) -> Sequence[PunkRow]:
    """All punks, by id."""
    rows = await connection.fetch(PUNKS_SQL)
    return [PunkRow(row["punk_id"], row["type"], row["skin"], tuple(row["accessories"])) for row in rows]
