"""Files follow publication: whatever happens in between, they come, and hold exactly what was published."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta

import polars as pl
import pytest

from services.nowcaster.bootstrap import build
from shared.storage.object_store import ObjectRef
from shared.stores import snapshot_repository as snapshots
from tests.factories import small_market
from tests.factories.small_market import Source
from tests.factories.stand import Stand
from tests.integration.nowcaster.conftest import START, ingest, shown, tick

COLUMNS = ("value_wei", "lo50_wei", "hi50_wei", "lo80_wei", "hi80_wei", "lo90_wei", "hi90_wei")


class KilledError(BaseException):
    """What a handler never catches."""


def merkle_root(lines: list[bytes]) -> str:
    """RFC 6962, written down once more: the largest power of two goes left."""
    if len(lines) == 1:
        return hashlib.sha256(b"\x00" + lines[0]).hexdigest()
    left = 1 << ((len(lines) - 1).bit_length() - 1)
    parts = (bytes.fromhex(merkle_root(lines[:left])), bytes.fromhex(merkle_root(lines[left:])))
    return hashlib.sha256(b"\x01" + b"".join(parts)).hexdigest()


async def archived(stand: Stand) -> dict[tuple[str, str], ObjectRef]:
    rows = await stand.rows(
        "select * from archives where kind = 'generation' or id in (select snapshot_id from generations)"
    )
    return {
        (row["kind"], row["id"]): ObjectRef(row["object_key"], row["object_sha256"], row["object_bytes"])
        for row in rows
    }


async def published(stand: Stand) -> set[tuple[str, str]]:
    """Everything that should be in the store."""
    rows = await stand.rows("select generation_id::text as id, snapshot_id from generations")
    return {("generation", row["id"]) for row in rows} | {("snapshot", row["snapshot_id"]) for row in rows}


async def check_snapshots(stand: Stand) -> None:
    """Every archived snapshot reads back under its id."""
    for row in await stand.rows("select distinct snapshot_id from generations"):
        async with stand.database.connection() as connection:
            assert (await snapshots.load(connection, stand.store, row["snapshot_id"])).frame.height == 10_000


async def test_hash_and_root_can_be_recomputed_from_the_rows_and_from_the_file(stand: Stand, champion: str) -> None:
    await tick(stand)
    (generation,) = await stand.rows("select * from generations")
    columns = ", ".join(f"{name}::text" for name in ("punk_id", *COLUMNS, "confidence"))
    rows = await stand.rows(f"select {columns} from nowcasts order by nowcasts.punk_id")
    from_database = [",".join(row).encode() for row in rows]
    reference = (await archived(stand))["generation", str(generation["generation_id"])]
    frame = pl.read_parquet(io.BytesIO(await stand.store.get(reference)))
    from_file = [",".join(str(cell) for cell in row).encode() for row in frame.iter_rows()]
    for lines in (from_database, from_file):
        assert len(lines) == 10_000
        assert hashlib.sha256(b"\n".join(lines) + b"\n").hexdigest() == generation["values_sha256"]
        assert merkle_root(lines) == generation["merkle_root"]


async def test_a_published_nowcast_is_archived_with_its_snapshot(stand: Stand, champion: str) -> None:
    await stand.shadow(small_market.model(8))
    await tick(stand)
    assert set(await archived(stand)) == await published(stand)
    assert len(await published(stand)) == 3, "two generations of one snapshot"
    await check_snapshots(stand)


async def test_with_the_store_away_the_nowcast_is_published_and_archived_later(stand: Stand, champion: str) -> None:
    await tick(stand)
    stand.store.away = -1
    for _ in range(3):
        at = await tick(stand, minutes=30)
        here = await shown(stand)
        assert here is not None
        assert here[2] == at
        await ingest(stand, Source())
    assert len(await archived(stand)) == 2
    assert await stand.dead() == []
    stand.store.away = 0
    await tick(stand, minutes=30)
    assert set(await archived(stand)) == await published(stand)
    assert len(await published(stand)) == 10
    await check_snapshots(stand)


async def test_events_that_came_late_do_not_change_the_snapshot_that_is_archived_later(
    stand: Stand, champion: str
) -> None:
    """The usual case: the tick at noon values without the events of the last minutes, which are ingested after it."""
    await tick(stand)
    stand.store.away = -1
    behind = await stand.value("select max(seq) from market_events")
    await tick(stand, minutes=90)
    await ingest(stand, Source())
    late = "select count(*) from market_events where seq > $1 and event_time < $2"
    assert await stand.value(late, behind, stand.clock.now()) == 3
    await tick(stand, minutes=30)
    stand.store.away = 0
    again = stand.another()
    await again.host(build(again.platform))
    await again.services[0].drain()
    assert set(await archived(stand)) == await published(stand)
    await check_snapshots(stand)


async def test_a_process_killed_between_commit_and_archive_loses_nothing(
    stand: Stand, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: object, **__: object) -> ObjectRef:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(stand.store, "put", killed)
        with pytest.raises(KilledError):
            await tick(stand)
    assert await shown(stand) is not None
    assert await archived(stand) == {}
    await stand.bus.run_until_idle()  # the broker delivers the message again
    again = stand.another()
    await again.host(build(again.platform))
    await again.services[0].drain()
    assert set(await archived(stand)) == await published(stand)
    assert await stand.value("select count(*) from generations") == 1
    await check_snapshots(stand)


async def test_what_is_read_back_makes_the_very_file_that_was_at_hand(stand: Stand, champion: str) -> None:
    await tick(stand)
    first = await archived(stand)
    async with stand.database.transaction() as connection:
        await connection.execute("delete from archives")
    again = stand.another()
    await again.host(build(again.platform))
    await again.services[0].drain()
    assert await archived(stand) == first


async def test_a_snapshot_that_cannot_be_made_again_is_reported_and_holds_nothing_up(
    stand: Stand, champion: str
) -> None:
    stand.store.away = 0
    await tick(stand)
    async with stand.database.transaction() as connection:
        await connection.execute("delete from archives")
        # A close that was not known then changes what the instant looks like.
        await connection.execute(
            "update eth_usd_daily set close = close * 2 where date > $1", START.date() - timedelta(days=9)
        )
    again = stand.another()
    await again.host(build(again.platform))
    await again.services[0].drain()
    await tick(again, minutes=30)
    kinds = [kind for kind, _ in await archived(stand)]
    assert sorted(kinds) == ["generation", "generation", "snapshot"]


async def test_a_long_backlog_is_worked_off_a_bounded_number_at_a_time(
    stand: Stand, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.nowcaster.archive.BATCH", 2)
    await tick(stand)
    stand.store.away = -1
    for _ in range(3):
        await tick(stand, minutes=30)
    stand.store.away = 0
    await tick(stand, minutes=30)
    generations = sorted(int(identity) for kind, identity in await archived(stand) if kind == "generation")
    assert len(generations) == 3
    await tick(stand, minutes=30)
    await tick(stand, minutes=30)
    assert set(await archived(stand)) == await published(stand)
