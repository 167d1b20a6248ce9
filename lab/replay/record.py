"""The row of a replay: its options and its progress; and the lock that lets one process play it."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from lab.replay.plan import Plan
from shared.database.pool import Connection, Database
from shared.errors import ConflictError

NAME = "replay"
LOCK_SQL = "select pg_try_advisory_lock(hashtextextended('punkcast.replay', 0))"
LOAD_REPLAY_SQL = "select config::text, cursor_at, wall_s, finished from replays where name = $1"
START_REPLAY_SQL = "insert into replays (name, config) values ($1, $2::jsonb)"
ADVANCE_REPLAY_SQL = "update replays set cursor_at = $2, wall_s = $3, finished = $4 where name = $1"
IN_USE_SQL = """
select exists (select from models) or exists (select from generations)
    or exists (select from market_events where event_time >= $1)
"""
# The holder of these leases was killed, because only this process plays. Its attempt does not count.
RELEASE_LEASES_SQL = """
update training_requests
set status = 'queued', attempts = attempts - 1, started_at = null, lease_token = null, lease_until = null
where status = 'running'
"""
SO_FAR_SQL = """
select (select count(*) from generations where role = 'champion') as nowcasts,
       (select count(*) from outcomes where track = 'champion' and horizon = 'latest') as scored
"""

_TRIES = 30
"""Tries to get the lock, a tenth of a second apart, because the connection of a killed process ends a little later."""


@dataclass(frozen=True)
class Record:
    """The progress of a replay. `cursor`: everything up to this simulated instant is done."""

    cursor: datetime | None
    wall_s: float
    finished: bool


@asynccontextmanager
async def alone(database: Database) -> AsyncIterator[None]:
    """Be the only replay on this database.

    Raises:
        ConflictError: another process is playing.
    """
    async with database.connection() as connection:
        for _ in range(_TRIES):
            if await connection.fetchval(LOCK_SQL):
                break
            await asyncio.sleep(0.1)
        else:
            raise ConflictError(
                "another process is playing a replay in this PUNKCAST_HOME; wait for its end, or set PUNKCAST_HOME to "
                "an empty folder for another"
            )
        yield  # the pool gives the lock back with the connection


async def begin_or_resume(database: Database, plan: Plan, events: pl.DataFrame) -> Record:
    """The record of the replay of `plan` over `events` (all of them up to the window's end).

    Raises:
        ConflictError: the database holds another replay, or something that is no replay.
    """
    config = _config(plan, events)
    async with database.transaction() as connection:
        row = await connection.fetchrow(LOAD_REPLAY_SQL, NAME)
        if row is None:
            await _require_unused(connection, plan)
            await connection.execute(START_REPLAY_SQL, NAME, json.dumps(config, sort_keys=True))
            return Record(None, 0.0, False)
    _require_same(json.loads(row["config"]), config)
    return Record(row["cursor_at"], row["wall_s"], row["finished"])


async def advance(database: Database, cursor: datetime, *, wall_s: float, finished: bool) -> None:
    async with database.connection() as connection:
        await connection.execute(ADVANCE_REPLAY_SQL, NAME, cursor, wall_s, finished)


async def release_leases(database: Database) -> None:
    """Queue running trainings again: leases run in simulated time, which stood still meanwhile."""
    async with database.connection() as connection:
        await connection.execute(RELEASE_LEASES_SQL)


async def counts(database: Database) -> tuple[int, int]:
    """(nowcasts published, sales scored) so far."""
    async with database.connection() as connection:
        row = await connection.fetchrow(SO_FAR_SQL)
    assert row is not None
    return row["nowcasts"], row["scored"]


def _config(plan: Plan, events: pl.DataFrame) -> dict[str, object]:
    return {
        "from": plan.first.isoformat(),
        "to": plan.last.isoformat(),
        "nowcast_every_s": plan.nowcast_every.total_seconds(),
        "watch_every_s": plan.watch_every.total_seconds(),
        "events": events.height,
        "events_sha256": _fingerprint(events),
    }


def _fingerprint(events: pl.DataFrame) -> str:
    digest = hashlib.sha256()
    for name in ("timestamp", "block", "log_index", "punk_id"):
        digest.update(events[name].to_physical().to_numpy().tobytes())
    for name in ("event_type", "price_wei"):
        digest.update("\n".join(events[name].fill_null("")).encode())
    return digest.hexdigest()


async def _require_unused(connection: Connection, plan: Plan) -> None:
    if await connection.fetchval(IN_USE_SQL, plan.prelude):
        raise ConflictError(
            f"the database already holds models, nowcasts or events after {plan.prelude:%Y-%m-%d %H:%M}, which a "
            "replay must not know; set PUNKCAST_HOME to an empty folder for it"
        )


def _require_same(stored: dict[str, object], requested: dict[str, object]) -> None:
    if stored == requested:
        return
    options = {key: value for key, value in requested.items() if not key.startswith("events")}
    if any(stored.get(key) != value for key, value in options.items()):
        raise ConflictError(
            f"this PUNKCAST_HOME already holds the replay {_in_words(stored)}; give the same options to resume it, "
            "or set PUNKCAST_HOME to an empty folder for another"
        )
    raise ConflictError(
        f"this PUNKCAST_HOME holds a replay of other events ({stored.get('events')} up to its end, these are "
        f"{requested['events']}); give the same files to resume it, or set PUNKCAST_HOME to an empty folder"
    )


def _in_words(config: dict[str, object]) -> str:
    every = timedelta(seconds=float(str(config.get("nowcast_every_s", 0))))
    hours = every / timedelta(hours=1)
    watch = float(str(config.get("watch_every_s", 3600))) / 3600
    return f"from {config.get('from')} to {config.get('to')}, a nowcast every {hours:g} h, watched every {watch:g} h"
