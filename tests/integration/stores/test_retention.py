"""What the retention policy keeps, and that a run may be killed anywhere."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest

from shared.clock import ManualClock
from shared.storage.object_store import StoreUnavailableError
from shared.stores.retention import job, objects, partitions, thinning
from shared.stores.retention.job import RetentionBusyError, Run
from shared.stores.retention.policy import Companions, Inputs, NowcastRows, RetentionPolicy
from tests.factories import record, registry
from tests.factories.database import Database
from tests.factories.harness import Store
from tests.factories.record import Made
from tests.factories.rows import NOW, a_sale_by, an_event, insert

PUNKS = 5
DAYS = 16
EVERY, HOURLY, COMPANION, INPUTS = 9, 12, 3, 2
POLICY = RetentionPolicy(
    nowcasts=NowcastRows(every_days=EVERY, hourly_days=HOURLY),
    companions=Companions(days=COMPANION),
    inputs=Inputs(every_days=INPUTS),
)
START = NOW - timedelta(days=DAYS)


class KilledError(BaseException):
    """What nothing catches."""


class Platform:
    """A record of sixteen days with a champion, in the last five with its fallback and a shadow, and the job."""

    def __init__(self, database: Database, root: Path) -> None:
        self.database, self.root = database, root
        self.store = Store(root)
        self.made: list[Made] = []

    async def fill(self) -> None:
        async with self.database.transaction() as connection:
            await record.champion(connection, START - timedelta(days=3))
            await registry.promote(connection, "second", START - timedelta(days=2))
            await registry.start_shadow(connection, "third", START - timedelta(days=1))
            second = ("champion", registry.model_id("second"))
            standby = [("previous", registry.model_id("champion")), ("shadow", registry.model_id("third"))]
            for models, start, end in (
                ([second], START, NOW - timedelta(days=5)),
                ([second, *standby], NOW - timedelta(days=5), NOW + record.PACE),
            ):
                self.made += await record.publish(connection, self.root, models, start=start, end=end, punks=PUNKS)

    async def run(self, at: datetime = NOW) -> Run:
        login = await self.database.of("nowcaster")
        return await job.run(database=login, store=self.store, clock=ManualClock(at), policy=POLICY)

    async def with_rows(self) -> set[int]:
        """Generations with all their rows."""
        rows = await self.database.rows("select generation_id from nowcasts group by 1 having count(*) = $1", PUNKS)
        return {row["generation_id"] for row in rows}

    def files(self, kind: str) -> set[str]:
        return {path.relative_to(self.root).as_posix() for path in (self.root / kind).rglob("*.parquet")}

    async def state(self) -> object:
        """Everything that a run changes."""
        tables = [
            await self.database.rows(f"select * from {table} order by 1, 2")
            for table in ("nowcasts", "thinned_generations", "archives")
        ]
        return tables, self.files("generations"), self.files("snapshots")


@pytest.fixture
async def platform(database: Database, tmp_path: Path) -> Platform:
    platform = Platform(database, tmp_path / "objects")
    await platform.fill()
    return platform


def kept(made: list[Made], days_of: Callable[[Made], float]) -> set[int]:
    """The rule of docs/operations.md, written down once more."""
    champions = [one for one in made if one.role == "champion"]
    last_of_hour = {one.as_of.strftime("%Y%m%d%H"): one.generation_id for one in champions}
    last_of_day = {one.as_of.date(): one.generation_id for one in champions}
    stay = {
        one.generation_id
        for one in champions
        if days_of(one) <= EVERY
        or (days_of(one) <= HOURLY and one.generation_id in last_of_hour.values())
        or one.generation_id in last_of_day.values()
    }
    return stay | {one.generation_id for one in made if one.role != "champion" and days_of(one) <= COMPANION}


async def test_the_policy_keeps_every_generation_for_a_while_then_one_an_hour_then_one_a_day(
    platform: Platform,
) -> None:
    run = await platform.run()
    expected = kept(platform.made, lambda one: (NOW - one.as_of) / timedelta(days=1))
    assert await platform.with_rows() == expected
    assert run.generations == len(platform.made) - len(expected)
    assert run.rows == run.generations * PUNKS
    assert await platform.database.value("select count(*) from generations") == len(platform.made), "records stay"


async def test_files_of_published_generations_stay_and_those_of_companions_and_old_inputs_go(
    platform: Platform,
) -> None:
    await platform.run()
    live = await platform.database.rows("select object_key from archives where removed_at is null")
    assert platform.files("generations") | platform.files("snapshots") == {row["object_key"] for row in live}
    left = await platform.database.rows(
        """select g.generation_id from generations g
           join archives a on a.kind = 'generation' and a.id = g.generation_id::text and a.removed_at is null"""
    )
    recent = {one.generation_id for one in platform.made if NOW - one.as_of <= timedelta(days=COMPANION)}
    champions = {one.generation_id for one in platform.made if one.role == "champion"}
    assert {row["generation_id"] for row in left} == champions | recent
    inputs = await platform.database.rows(
        """select as_of from snapshots join archives on id = snapshot_id
           where snapshots.kind = 'nowcast' and removed_at is null"""
    )
    days = {row["as_of"].date() for row in inputs if NOW - row["as_of"] > timedelta(days=INPUTS)}
    assert len(inputs) == len(days) + INPUTS * 48 + 1, "one a day before the last days"


async def test_a_second_run_finds_nothing_to_do(platform: Platform) -> None:
    await platform.run()
    before = await platform.state()
    again = await platform.run()
    assert (again.generations, again.rows, again.rewritten, again.removed.objects) == (0, 0, [], 0)
    assert await platform.state() == before


@pytest.mark.parametrize(
    ("module", "step"),
    [(partitions, "prepare"), (thinning, "thin"), (partitions, "reclaim"), (objects, "forget"), (objects, "sweep")],
)
async def test_a_run_that_is_killed_is_continued_by_the_next_one(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, module: object, step: str
) -> None:
    real: Callable[..., Awaitable[object]] = getattr(module, step)
    calls = []

    async def killed(*arguments: object, **options: object) -> object:
        done = await real(*arguments, **options)
        calls.append(done)
        if len(calls) == (3 if step == "thin" else 1):
            raise KilledError
        return done

    with monkeypatch.context() as patch:
        patch.setattr(module, step, killed)
        with pytest.raises(KilledError):
            await platform.run()
    await platform.run()
    assert await platform.with_rows() == kept(platform.made, lambda one: (NOW - one.as_of) / timedelta(days=1))
    live = await platform.database.rows("select object_key from archives where removed_at is null")
    assert platform.files("generations") | platform.files("snapshots") == {row["object_key"] for row in live}


async def test_with_the_store_away_rows_go_and_files_follow_later(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = platform.files("generations")

    async def away(_: object) -> None:
        raise StoreUnavailableError("the store is away")

    with monkeypatch.context() as patch:
        patch.setattr(platform.store, "delete", away)
        with pytest.raises(StoreUnavailableError):
            await platform.run()
    assert len(await platform.with_rows()) < len(platform.made)
    assert platform.files("generations") == before
    assert (await platform.run()).removed.objects > 0


async def test_what_is_not_archived_keeps_its_rows(platform: Platform) -> None:
    oldest = min(one.generation_id for one in platform.made if one.role == "champion")
    await platform.database.execute("delete from archives where kind = 'generation' and id = $1", str(oldest))
    await platform.run()
    assert oldest in await platform.with_rows()


async def test_the_pointers_generation_and_the_last_of_each_standby_model_stay_however_old(platform: Platform) -> None:
    await platform.run(NOW + timedelta(days=400))
    newest = {role: max(one.generation_id for one in platform.made if one.role == role) for role in
              ("champion", "previous", "shadow")}  # fmt: skip
    assert set(newest.values()) <= await platform.with_rows()
    ended = "update shadows set ended_at = $1, outcome = 'expired'"
    await platform.database.execute(ended, NOW)
    await platform.run(NOW + timedelta(days=401))
    assert newest["shadow"] not in await platform.with_rows(), "nothing needs an ended shadow's values"


async def test_the_value_of_a_sale_stays_whether_the_sale_is_valid_or_not(platform: Platform) -> None:
    """Outcomes of excluded sales are computed when they are asked for."""
    sold_at = START + timedelta(days=8, minutes=20)
    async with platform.database.transaction() as connection:
        for punk, valid in ((1, True), (2, False)):
            seq = await an_event(connection, log_index=punk, event_type="sale", punk_id=punk, event_time=sold_at)
            await a_sale_by(connection, seq, log_index=punk, punk_id=punk, event_time=sold_at, valid=valid,
                            exclusion=None if valid else "wash")  # fmt: skip
    await platform.run(NOW + timedelta(days=30))
    left = await platform.database.rows(
        """select g.published_at, n.punk_id from nowcasts n join generations g using (generation_id)
           join thinned_generations using (generation_id) order by 1, 2"""
    )
    scored = [
        max(one.as_of for one in platform.made if one.as_of + timedelta(seconds=2) < sold_at - lag)
        + timedelta(seconds=2)
        for lag in (timedelta(days=7), timedelta(days=1), timedelta())
    ]
    assert [tuple(row) for row in left] == [(at, punk) for at in scored for punk in (1, 2)]


async def test_values_above_an_ask_of_the_day_stay_for_the_backtest(platform: Platform) -> None:
    day = START.replace(hour=0) + timedelta(days=2)
    async with platform.database.transaction() as connection:
        for punk, eth, hours in ((1, 1, 5), (2, 1, 40), (3, 10_000, 5)):
            seq = await an_event(connection, log_index=punk, punk_id=punk, event_time=day, price_wei=eth * 10**18)
            await insert(
                connection, "offers", since_seq=seq, punk_id=punk, kind="ask", price_wei=eth * 10**18, maker="0x1",
                since_block=1, since_time=day, until_seq=seq + 100, until_time=day + timedelta(hours=hours),
                ended_by="delisted",
            )  # fmt: skip
    await platform.run(NOW + timedelta(days=30))
    left = await platform.database.rows(
        """select g.as_of::date - $1::date as day, n.punk_id, count(*) as n
           from nowcasts n join generations g using (generation_id) join thinned_generations using (generation_id)
           group by 1, 2 order by 1, 2""",
        day,
    )
    assert [tuple(row) for row in left] == [(0, 1, 47), (0, 2, 47), (1, 2, 47)]


async def test_orphans_go_after_a_day_and_a_file_that_two_records_share_stays(platform: Platform) -> None:
    old = record.file(platform.root, "generations", b"crashed before its row", NOW - timedelta(days=2))
    young = record.file(platform.root, "generations", b"its row follows", NOW - timedelta(hours=2))
    model = record.file(platform.root, "models", b"models are not swept", NOW - timedelta(days=99))
    companion = min(one.generation_id for one in platform.made if one.role == "shadow")
    champion = max(one.generation_id for one in platform.made if one.role == "champion")
    shared = await platform.database.value("select object_key from archives where id = $1", str(companion))
    await platform.database.execute("update archives set object_key = $1 where id = $2", shared, str(champion))
    await platform.run()
    left = platform.files("generations") | platform.files("models")
    assert {young.key, model.key, shared} <= left
    assert old.key not in left


async def test_a_second_run_at_the_same_time_is_refused(platform: Platform) -> None:
    async with platform.database.connection() as connection:
        await connection.fetchval(job.TRY_ALONE_SQL)
        with pytest.raises(RetentionBusyError):
            await platform.run()
        await connection.fetchval(job.RELEASE_SQL)
    assert (await platform.run()).generations > 0


async def test_sizes_are_those_of_the_database_and_the_store(platform: Platform) -> None:
    run = await platform.run()
    for kind in ("generations", "snapshots"):
        paths = list((platform.root / kind).rglob("*.parquet"))
        assert (run.sizes.store[kind].objects, run.sizes.store[kind].bytes) == (
            len(paths), sum(path.stat().st_size for path in paths),
        )  # fmt: skip
    assert 0 < run.sizes.nowcasts < run.sizes.database
    assert await platform.database.run(job.last_run) == (NOW, run)


async def test_partitions_are_made_ahead_and_a_publication_needs_none(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "WIDTH", 500)
    newest = max(one.generation_id for one in platform.made)
    rows = await platform.database.rows("select * from nowcasts order by 1, 2")
    async with platform.database.connection() as connection:
        await partitions.prepare(connection)
        made = await partitions.partitions(connection)
        await partitions.prepare(connection)
        assert await partitions.partitions(connection) == made, "nothing more to make"
    assert made[0].first is None and made[-1].end is None
    assert all(one.end == other.first for one, other in pairwise(made))
    assert made[-1].first is not None and made[-1].first > newest + 500
    assert await platform.database.rows("select * from nowcasts order by 1, 2") == rows
    # Long after the last run of the job, the open partition takes what is published.
    far = made[-1].first + 100_000
    await platform.database.execute("insert into nowcasts select $1, punk_id, 1, 1, 1, 1, 1, 1, 1, 'A' from "
                                    "(select distinct punk_id from nowcasts) p", far)  # fmt: skip
    assert await platform.database.value("select count(*) from nowcasts where generation_id = $1", far) == PUNKS
    with pytest.raises(asyncpg.PostgresError):
        await platform.database.execute("update nowcasts set value_wei = 2 where generation_id = $1", far)


async def test_a_thinned_partition_is_rewritten_and_returns_its_space(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "WIDTH", 500)
    async with platform.database.connection() as connection:
        await partitions.prepare(connection)
        oldest, *_ = await partitions.partitions(connection)
        # So that the next generations belong to a later partition.
        await connection.execute(
            "select setval(pg_get_serial_sequence('generations', 'generation_id'), $1)", oldest.end
        )
    async with platform.database.transaction() as connection:
        await registry.generation(connection, "second", NOW + timedelta(hours=1), punks=PUNKS, rows=PUNKS)
    size = "select pg_total_relation_size($1::text::regclass)"
    before = await platform.database.value(size, oldest.name)
    run = await platform.run()
    assert run.rewritten == [oldest.name]
    assert await platform.database.value(size, oldest.name) < before * 0.75
    assert await platform.with_rows() >= kept(platform.made, lambda one: (NOW - one.as_of) / timedelta(days=1))
    assert await platform.database.value("select bool_and(space_returned) from thinned_generations")
    with pytest.raises(asyncpg.PostgresError):
        await platform.database.execute("update nowcasts set value_wei = value_wei + 1 where punk_id = 1")


async def test_readers_do_not_wait_for_a_table_in_use_and_the_run_leaves_the_change_for_later(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "_LOCK_TRIES", 1)
    monkeypatch.setattr(partitions, "LOCK_WAIT_SQL", "set local lock_timeout = '50ms'")
    async with platform.database.transaction() as reader:
        await reader.fetchval("select count(*) from nowcasts")
        run = await platform.run()
        assert run.generations > 0
        assert await reader.fetchval("select count(*) from nowcasts") > 0
    async with platform.database.connection() as connection:
        assert len(await partitions.partitions(connection)) == 1
        await partitions.prepare(connection)
        assert len(await partitions.partitions(connection)) > 1
