"""Which replay a database holds, and that one process alone plays it."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from lab.replay import record
from lab.replay.plan import Plan
from shared.errors import ConflictError
from shared.registry import training_requests
from shared.stores import event_repository
from tests.factories import registry
from tests.factories.database import Database
from tests.unit.market.event_rows import event_rows

NOW = datetime(2025, 2, 1, tzinfo=UTC)
PLAN = Plan(date(2025, 2, 1), date(2025, 2, 3), timedelta(hours=12))


async def test_two_processes_cannot_play_at_once(database: Database, fresh_database_url: str) -> None:
    other = await Database.connect(fresh_database_url)
    async with record.alone(database):
        with pytest.raises(ConflictError, match="another process is playing a replay"):
            async with record.alone(other):
                pass
    async with record.alone(other):
        pass
    await other.close()


async def test_it_is_resumed_where_it_was(database: Database) -> None:
    events = event_rows()
    assert await record.begin_or_resume(database, PLAN, events) == record.Record(None, 0.0, False)
    await record.advance(database, NOW, wall_s=3.5, finished=False)
    assert await record.begin_or_resume(database, PLAN, events) == record.Record(NOW, 3.5, False)


@pytest.mark.parametrize(
    "other",
    [
        Plan(PLAN.first, date(2025, 2, 4), PLAN.nowcast_every),
        Plan(date(2025, 1, 31), PLAN.last, PLAN.nowcast_every),
        Plan(PLAN.first, PLAN.last, timedelta(hours=6)),
        Plan(PLAN.first, PLAN.last, PLAN.nowcast_every, timedelta(hours=4)),
    ],
)
async def test_another_window_is_refused(database: Database, other: Plan) -> None:
    await record.begin_or_resume(database, PLAN, event_rows())
    with pytest.raises(
        ConflictError, match="already holds the replay from 2025-02-01 to 2025-02-03, a nowcast every 12"
    ):
        await record.begin_or_resume(database, other, event_rows())


async def test_other_events_are_refused_also_when_they_are_as_many(database: Database) -> None:
    events = event_rows()
    await record.begin_or_resume(database, PLAN, events)
    otherwise = events.with_columns(price_wei=pl.col("price_wei") + "0")
    with pytest.raises(ConflictError, match=f"holds a replay of other events \\({events.height} up to its end"):
        await record.begin_or_resume(database, PLAN, otherwise)


async def test_a_database_that_knows_the_future_is_refused_and_stays_as_it_is(database: Database) -> None:
    events = event_rows()
    assert events["timestamp"][-1] < PLAN.prelude
    await database.run(event_repository.append_events, events)
    early = Plan(events["timestamp"][-1].date(), PLAN.last, PLAN.nowcast_every)
    with pytest.raises(ConflictError, match="already holds models, nowcasts or events after"):
        await record.begin_or_resume(database, early, events)
    assert await database.value("select count(*) from replays") == 0
    # Events from before the window are what it would import itself.
    assert await record.begin_or_resume(database, PLAN, events) == record.Record(None, 0.0, False)


async def test_a_lease_that_a_killed_process_left_is_given_back_and_its_try_not_counted(database: Database) -> None:
    async with database.transaction() as connection:
        for reason in ("one", "two"):
            await registry.request(connection, reason, NOW)
        claimed = await training_requests.claim(connection, at=NOW, lease_s=60)
    await record.release_leases(database)
    async with database.transaction() as connection:
        rows = await connection.fetch("select status, attempts, started_at, lease_until from training_requests")
        assert {tuple(row) for row in rows} == {("queued", 0, None, None)}
        again = await training_requests.claim(connection, at=NOW, lease_s=60)
        assert (again.request_id, again.attempts) == (claimed.request_id, 1)
        assert again.lease_token != claimed.lease_token
