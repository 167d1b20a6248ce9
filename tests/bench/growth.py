"""A simulated year of nowcasts under the retention policy: sizes of database and store, and whether the past answers.

Each half hour has a generation of the champion and one of a companion, with inputs and files. Each day has sales, and
the real job with the packaged policy. `WIDTH` of the 10,000 punks are written, because a year at full width writes too
much. Rows of nowcasts count as many times as much; the rest of the database counts as it is. A sparse file of the
size of a real one stands for each file.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from shared.clock import ManualClock
from shared.database.pool import Connection
from shared.market.traits import PUNKS
from shared.storage.folder import FolderStore
from shared.storage.object_store import content_key
from shared.stores import sale_repository
from shared.stores.retention import job
from shared.stores.retention.job import Run
from shared.stores.retention.policy import load_retention
from tests.bench.measured import Measured
from tests.factories import record
from tests.factories.database import Database
from tests.factories.rows import a_sale_by, an_event
from tests.integration.api import filling
from tests.integration.api.conftest import serving

END = filling.NOW
DAYS, WIDTH = 365, 200
SALES_A_DAY = 10
ROWS_BYTES, INPUTS_BYTES, FILE_BYTES = 1_249_000, 1_060_000, 371_500
"""Of a generation of 10,000: rows with their index (docs/adr/0025), inputs, file."""
DATABASE_LIMIT, STORE_LIMIT = 6e9, 10e9

DAY_OF_GENERATIONS_SQL = """
with slots as (
    select $1::timestamptz + n * interval '30 minutes' as as_of, encode(sha256(($1::text || n)::bytea), 'hex') as inputs
    from generate_series(1, 47) n
),
snapshot as (
    insert into snapshots
    select inputs, 'nowcast', as_of, 1, 1, $2, 'f', as_of from slots
),
inputs as (
    insert into archives
    select 'snapshot', inputs, 'snapshots/' || left(inputs, 2) || '/' || inputs || '.parquet', inputs, 1060000, as_of
    from slots
)
insert into generations (role, model_id, snapshot_id, as_of, published_at, row_count, floor_wei, last_block,
                         values_sha256, merkle_root)
select m.role, m.model_id, inputs, as_of, as_of + interval '2 seconds', $2, 40e18, 1, inputs, inputs
from slots, unnest($3::text[], $4::text[]) m (role, model_id)
order by as_of
returning generation_id, as_of, snapshot_id, encode(sha256((generation_id || 'file')::bytea), 'hex') as file
"""
DAY_OF_ROWS_SQL = """
insert into nowcasts
select g, p, v * m, v * 97 / 100 * m, v * 103 / 100 * m, v * 92 / 100 * m, v * 109 / 100 * m, v * 88 / 100 * m,
       v * 114 / 100 * m, 'A'
from unnest($1::bigint[]) g, generate_series(0, $2 - 1) p,
     lateral (select 40000000 + (hashint8(g * 10000 + p)::bigint & 67108863) as v, 1000000000000::numeric as m) micro
"""
DAY_OF_FILES_SQL = """
insert into archives
select 'generation', g::text, 'generations/' || left(f, 2) || '/' || f || '.parquet', f, 371500, a
from unnest($1::bigint[], $2::text[], $3::timestamptz[]) t (g, f, a)
"""


@dataclass(frozen=True)
class Year:
    """After the last run; `proofs` and `histories` were asked for and right."""

    run: Run
    generations: int
    bytes_of_rows: float
    proofs: int
    days_of_history: int


async def growth(url: str, home: Path, _events: Path) -> list[Measured]:
    """Sizes beside the limits that the policy is made for, in GB."""
    database = await Database.connect(url)
    try:
        year = await simulate(database, home / "growth", days=DAYS, width=WIDTH)
    finally:
        await database.close()
    scaled = PUNKS / WIDTH
    sizes = year.run.sizes
    rest = sizes.database - sizes.nowcasts
    return [
        Measured("database after a simulated year", (sizes.nowcasts * scaled + rest) / 1e9, "GB", DATABASE_LIMIT / 1e9),
        Measured("store after it", sum(kind.bytes for kind in sizes.store.values()) / 1e9, "GB", STORE_LIMIT / 1e9),
        Measured("rows of a kept generation", year.bytes_of_rows * scaled / 1e6, "MB", ROWS_BYTES / 1e6),
        Measured("proofs that held after it", year.proofs, "", 12),
    ]


async def simulate(database: Database, root: Path, *, days: int, width: int, run_every: int = 1) -> Year:
    """Live through `days` with the packaged policy, then ask a gateway about them."""
    start = END.replace(hour=0) - timedelta(days=days)
    store, policy = FolderStore(root), load_retention()
    async with database.transaction() as connection:
        await filling.fill_punks(connection, width)
        await filling.fill_model(connection, 1, champion=True)
        await filling.fill_model(connection, 2, champion=False)
    run = None
    for day in range(days):
        async with database.transaction() as connection:
            await _day(connection, root, start + timedelta(days=day), day, width)
        if day % run_every == run_every - 1 or day == days - 1:
            clock = ManualClock(start + timedelta(days=day + 1))
            run = await job.run(database=database, store=store, clock=clock, policy=policy)
    assert run is not None
    return await _asked(database, store, run, start, days)


async def _day(connection: Connection, root: Path, midnight: datetime, day: int, width: int) -> None:
    """48 slots. The first generation of the day is a readable one, to prove values of; then sales."""
    champion, companion = filling.model_id(1), filling.model_id(2)
    await record.publish(
        connection,
        root,
        [("champion", champion)],
        start=midnight,
        end=midnight + record.PACE,
        punks=width,
        readable=True,
    )
    rows = await connection.fetch(
        DAY_OF_GENERATIONS_SQL, midnight, width, ["champion", "previous"], [champion, companion]
    )
    ids = [row["generation_id"] for row in rows]
    await connection.execute(DAY_OF_ROWS_SQL, ids, width)
    await connection.execute(DAY_OF_FILES_SQL, ids, [row["file"] for row in rows], [row["as_of"] for row in rows])
    for row in rows:
        _sparse(root / content_key("generations", row["file"], "parquet"), FILE_BYTES, row["as_of"])
        _sparse(root / content_key("snapshots", row["snapshot_id"], "parquet"), INPUTS_BYTES, row["as_of"])
    await connection.execute(
        """update nowcast_pointer
           set generation_id = (select max(generation_id) from generations where role = 'champion')"""
    )
    sold = []
    for number in range(SALES_A_DAY):
        at = midnight + timedelta(hours=2 * number, minutes=17)
        punk = (day * SALES_A_DAY + number) % width
        facts = {"block": day * 100 + number + 1, "event_time": at, "punk_id": punk, "price_wei": 45 * 10**18}
        sold.append(
            await an_event(connection, event_type="sale", tx_hash=f"0x{day}-{number}", sale_kind="buy", **facts)
        )
        await a_sale_by(connection, sold[-1], tx_hash=f"0x{day}-{number}", floor_wei=40 * 10**18, **facts)
    await sale_repository.score(connection, sold, at=midnight + timedelta(days=1))


def _sparse(path: Path, size: int, at: datetime) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    os.utime(path, (at.timestamp(), at.timestamp()))


async def _asked(database: Database, store: FolderStore, run: Run, start: datetime, days: int) -> Year:
    """What a gateway answers about the past."""
    counted = await database.rows(
        """select count(*) as all, count(*) filter (where t.generation_id is null) as kept
           from generations left join thinned_generations t using (generation_id)"""
    )
    async with serving(database, store=store) as served:
        await served.until(lambda: served.gateway.current.view is not None)
        proofs = 0
        for month in range(12):
            at = start + timedelta(days=days * month // 12)
            root = await database.value("select merkle_root from generations where as_of = $1", at)
            number = await database.value("select generation_id from generations where as_of = $1", at)
            proof = await served.json(f"/v1/nowcasts/{number}/proof/3")
            assert proof["root"] == root, proof
            proofs += 1
        shown = await served.json(
            f"/v1/nowcasts/current?as_of={start + timedelta(days=1, minutes=5):%Y-%m-%dT%H:%M:%SZ}"
        )
        assert shown["generation"]["as_of"].startswith(f"{start + timedelta(days=1):%Y-%m-%d}")
        history = await served.json("/v1/punks/3/history")
        performance = await served.client.get("/v1/performance")
        assert performance.status_code == 200
    sales = await database.value("select count(*) from outcomes where track = 'champion' and horizon = 'latest'")
    assert sales == days * SALES_A_DAY
    return Year(
        run=run,
        generations=counted[0]["all"],
        bytes_of_rows=run.sizes.nowcasts / counted[0]["kept"],
        proofs=proofs,
        days_of_history=len({point["as_of"][:10] for point in history["values"]}),
    )
