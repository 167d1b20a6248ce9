"""Which market this database holds, and the ingestor's last look at its source, in PostgreSQL."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from shared.database.pool import Connection
from shared.errors import ConflictError
from shared.market.chain import Look, MarketOrigin, NodeState

# A database of an earlier release knows its chain from the cursor alone.
SELECT_ORIGIN_SQL = """
select kind, identity from market_source
union all
select 'chain', 'the market ' || market || ' on chain ' || chain_id from chain_cursor
where not exists (select from market_source)
"""
STORE_ORIGIN_SQL = """
insert into market_source (only_row, kind, identity, since) values (true, $1, $2, $3)
on conflict (only_row) do update set kind = excluded.kind, identity = excluded.identity
where (market_source.kind, market_source.identity) is distinct from (excluded.kind, excluded.identity)
"""
STORE_LOOK_SQL = """
insert into source_state as kept (only_row, looked_at, read_at, head, head_time, block_time, nodes)
values (true, $1, $1, $2, $3, $4, $5)
on conflict (only_row) do update
set looked_at = $1, read_at = $1, head = $2, head_time = $3, block_time = coalesce($4, kept.block_time), nodes = $5,
    problem = null
"""
STORE_FAILURE_SQL = """
insert into source_state as kept (only_row, looked_at, problem, failures, nodes) values (true, $1, $2, 1, $3)
on conflict (only_row) do update set looked_at = $1, problem = $2, failures = kept.failures + 1, nodes = $3
"""
SELECT_STATE_SQL = f"""
select s.*, c.block, o.kind, o.identity,
       (select count(*) from market_revisions)::integer as reorganisations
from (select true) as one(row)
left join source_state s on true left join chain_cursor c on true left join ({SELECT_ORIGIN_SQL}) o on true
"""
MISSING_CLOSES_SQL = """
    select day::date from generate_series(
        least((select min(date) from eth_usd_daily), (select min(event_time)::date from market_events)),
        $1::date, '1 day'
    ) day
    where not exists (select from eth_usd_daily where date = day::date) order by day
"""
STALE_AFTER: Final = timedelta(minutes=15)
"""Age of the last block read. Six confirmations and a tick every five minutes take half of it."""


@dataclass(frozen=True)
class SourceState:
    """The last look at the source. Fields are None before the first look, and of a source without blocks.

    Attributes:
        block, block_time: the last block read.
        looked_at, read_at: the last look, and the last successful one.
        problem: why the last look failed; None after a success.
        failures: number of failed looks of this database.
    """

    kind: str | None
    identity: str | None
    head: int | None
    head_time: datetime | None
    block: int | None
    block_time: datetime | None
    looked_at: datetime | None
    read_at: datetime | None
    problem: str | None
    failures: int
    reorganisations: int
    nodes: Sequence[NodeState]

    @property
    def lag_blocks(self) -> int | None:
        """Blocks between the newest block of the chain and the last block read."""
        return None if self.head is None or self.block is None else max(self.head - self.block, 0)

    def lag_seconds(self, now: datetime) -> int | None:
        """Age of the last block read."""
        return None if self.block_time is None else max(int((now - self.block_time).total_seconds()), 0)

    def flags(self, now: datetime) -> list[str]:
        """`source_away`: the last look failed. `source_stale`: the last block read is old. Only of a chain."""
        if self.kind != "chain":
            return []
        away, lag = self.problem is not None, self.lag_seconds(now)
        stale = lag is not None and lag > STALE_AFTER.total_seconds()
        return ["source_away"] * away + ["source_stale"] * stale


async def require(connection: Connection, origin: MarketOrigin) -> MarketOrigin:
    """The market that this database holds, or shall hold. A chain may go on where files end.

    Raises:
        ConflictError: the database holds another market.
    """
    row = await connection.fetchrow(SELECT_ORIGIN_SQL)
    stored = origin if row is None else MarketOrigin(row["kind"], row["identity"])
    if stored == origin or (stored.kind, origin.kind) == ("files", "chain"):
        return origin
    if (stored.kind, origin.kind) == ("chain", "files"):
        return stored
    raise ConflictError(
        f"this database follows {stored.identity}, not {origin.identity}; correct PUNKCAST_SOURCE_URL, or use another "
        "database (PUNKCAST_HOME or PUNKCAST_DATABASE_URL)"
    )


async def claim(connection: Connection, origin: MarketOrigin, *, at: datetime) -> None:
    """Bind the database to a market. Raises as `require`."""
    held = await require(connection, origin)
    await connection.execute(STORE_ORIGIN_SQL, held.kind, held.identity, at)


async def record(connection: Connection, look: Look, *, at: datetime) -> None:
    """Store a successful look."""
    times = [None if seconds is None else datetime.fromtimestamp(seconds, UTC) for seconds in look.times]
    await connection.execute(STORE_LOOK_SQL, at, look.head, *times, _json(look.nodes))


async def record_failure(connection: Connection, problem: str, nodes: Sequence[NodeState], *, at: datetime) -> None:
    """Store a look that failed."""
    await connection.execute(STORE_FAILURE_SQL, at, problem, _json(nodes))


async def state(connection: Connection) -> SourceState:
    """The last look at the source."""
    row = await connection.fetchrow(SELECT_STATE_SQL)
    assert row is not None
    kept = dict(row)
    del kept["only_row"]
    kept["failures"] = kept["failures"] or 0
    kept["nodes"] = [NodeState(**node) for node in json.loads(kept["nodes"] or "[]")]
    return SourceState(**kept)


async def missing_closes(connection: Connection, at: datetime) -> list[date]:
    """The days without a close, from the first close or event up to the last day that ended by `at`."""
    yesterday = at.astimezone(UTC).date() - timedelta(days=1)
    return [row["day"] for row in await connection.fetch(MISSING_CLOSES_SQL, yesterday)]


def _json(nodes: Sequence[NodeState]) -> str:
    return json.dumps([vars(node) for node in nodes])
