"""What a champion published of sales, while it could be served."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.database.pool import Connection

# A later sale was scored against a nowcast that had stayed for want of a newer one.
PUBLISHED_SQL = """
select o.event_seq, o.value_wei::float8 / 1e18 as value_eth
from outcomes o join sales s using (event_seq)
where o.model_id = $1 and o.track = 'champion' and o.horizon = 'latest'
  and o.event_seq = any($2::bigint[]) and s.event_time < $3
"""


async def published_values(
    connection: Connection, model_id: str, event_seqs: Sequence[int], *, before: datetime
) -> dict[int, float]:
    """By event number, the champion's newest value (ETH) published before each of these sales, up to an instant."""
    rows = await connection.fetch(PUBLISHED_SQL, model_id, list(event_seqs), before)
    return {row["event_seq"]: row["value_eth"] for row in rows}
