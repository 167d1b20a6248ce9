"""Freezes, ended ones too."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from shared.database.pool import Connection
from shared.registry.freezes import Freeze

_COLUMNS = "freeze_id, actor, reason, starts_at, expires_at, lifted_at, lifted_by"
LIST_SQL = f"select {_COLUMNS} from freezes order by starts_at desc, freeze_id limit $1"
ONE_SQL = f"select {_COLUMNS} from freezes where freeze_id = $1"


async def listing(connection: Connection, *, limit: int) -> Sequence[Freeze]:
    """Newest first."""
    return [Freeze(**dict(row)) for row in await connection.fetch(LIST_SQL, limit)]


async def one(connection: Connection, freeze_id: UUID) -> Freeze | None:
    row = await connection.fetchrow(ONE_SQL, freeze_id)
    return None if row is None else Freeze(**dict(row))
