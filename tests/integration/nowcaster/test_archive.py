"""Files follow publication: whatever happens in between, they come, and hold exactly what was published."""

import hashlib
import io
from datetime import timedelta

import polars as pl
import pytest

from services.nowcaster.bootstrap import build
from shared.storage.object_store import ObjectRef
from shared.stores import snapshot_repository as snapshots
from tests.factories import small_market
from tests.factories.harness import Harness
from tests.factories.small_market import Source
from tests.integration.nowcaster.conftest import START, ingest, shown, tick

pytestmark = pytest.mark.usefixtures("champion")
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


async def archived(harness: Harness) -> dict[tuple[str, str], ObjectRef]:
    rows = await harness.rows(
        "select * from archives where kind = 'generation' or id in (select snapshot_id from generations)"
    )
    return {
        (row["kind"], row["id"]): ObjectRef(row["object_key"], row["object_sha256"], row["object_bytes"])
        for row in rows
    }


async def published(harness: Harness) -> set[tuple[str, str]]:
    """Everything that should be in the store."""
    rows = await harness.rows("select generation_id::text as id, snapshot_id from generations")
    return {("generation", row["id"]) for row in rows} | {("snapshot", row["snapshot_id"]) for row in rows}


async def check_archive(harness: Harness) -> None:
    """Everything published is in the store, and every snapshot reads back under its id."""
    assert set(await archived(harness)) == await published(harness)
    for row in await harness.rows("select distinct snapshot_id from generations"):
        snapshot = await harness.run(snapshots.load, harness.store, row["snapshot_id"])
        assert snapshot.frame.height == 10_000


async def catch_up(harness: Harness) -> Harness:
    """A nowcaster that has just started archives what is missing."""
    again = await harness.another(build)
    await again.services[0].drain()
    return again


async def test_hash_and_root_can_be_recomputed_from_the_rows_and_from_the_file(harness: Harness) -> None:
    await tick(harness)
    (generation,) = await harness.rows("select * from generations")
    columns = ", ".join(f"{name}::text" for name in ("punk_id", *COLUMNS, "confidence"))
    rows = await harness.rows(f"select {columns} from nowcasts order by nowcasts.punk_id")
    from_database = [",".join(row).encode() for row in rows]
    reference = (await archived(harness))["generation", str(generation["generation_id"])]
    frame = pl.read_parquet(io.BytesIO(await harness.store.get(reference)))
    from_file = [",".join(str(cell) for cell in row).encode() for row in frame.iter_rows()]
    for lines in (from_database, from_file):
        assert len(lines) == 10_000
        assert hashlib.sha256(b"\n".join(lines) + b"\n").hexdigest() == generation["values_sha256"]
        assert merkle_root(lines) == generation["merkle_root"]


async def test_a_published_nowcast_is_archived_with_its_snapshot(harness: Harness) -> None:
    await harness.shadow(small_market.model(8))
    await tick(harness)
    await check_archive(harness)
    assert len(await published(harness)) == 3, "two generations of one snapshot"


async def test_with_the_store_away_the_nowcast_is_published_and_archived_later(harness: Harness) -> None:
    await tick(harness)
    harness.store.away = -1
    for _ in range(3):
        at = await tick(harness, minutes=30)
        assert (await shown(harness)).as_of == at
        await ingest(harness, Source())
    assert len(await archived(harness)) == 2
    assert await harness.dead() == []
    harness.store.away = 0
    await tick(harness, minutes=30)
    await check_archive(harness)
    assert len(await published(harness)) == 10


async def test_events_that_came_late_do_not_change_the_snapshot_that_is_archived_later(harness: Harness) -> None:
    """The usual case: the tick at noon values without the events of the last minutes, which are ingested after it."""
    await tick(harness)
    harness.store.away = -1
    behind = await harness.value("select max(seq) from market_events")
    await tick(harness, minutes=90)
    await ingest(harness, Source())
    late = "select count(*) from market_events where seq > $1 and event_time < $2"
    assert await harness.value(late, behind, harness.clock.now()) == 3
    await tick(harness, minutes=30)
    harness.store.away = 0
    await catch_up(harness)
    await check_archive(harness)


async def test_a_process_killed_between_commit_and_archive_loses_nothing(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: object, **__: object) -> ObjectRef:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(harness.store, "put", killed)
        with pytest.raises(KilledError):
            await tick(harness)
    assert await shown(harness) is not None
    assert await archived(harness) == {}
    await harness.bus.run_until_idle()  # the broker delivers the message again
    await catch_up(harness)
    await check_archive(harness)
    assert await harness.value("select count(*) from generations") == 1


async def test_what_is_read_back_makes_the_very_file_that_was_at_hand(harness: Harness) -> None:
    await tick(harness)
    first = await archived(harness)
    await harness.execute("delete from archives")
    await catch_up(harness)
    assert await archived(harness) == first


async def test_a_snapshot_that_cannot_be_made_again_is_reported_and_holds_nothing_up(harness: Harness) -> None:
    harness.store.away = 0
    await tick(harness)
    await harness.execute("delete from archives")
    # A close that was not known then changes what the instant looks like.
    await harness.execute(
        "update eth_usd_daily set close = close * 2 where date > $1", START.date() - timedelta(days=9)
    )
    await tick(await catch_up(harness), minutes=30)
    kinds = [kind for kind, _ in await archived(harness)]
    assert sorted(kinds) == ["generation", "generation", "snapshot"]


async def test_a_long_backlog_is_worked_off_a_bounded_number_at_a_time(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.nowcaster.archive.BATCH", 2)
    await tick(harness)
    harness.store.away = -1
    for _ in range(3):
        await tick(harness, minutes=30)
    harness.store.away = 0
    await tick(harness, minutes=30)
    generations = sorted(int(identity) for kind, identity in await archived(harness) if kind == "generation")
    assert len(generations) == 3
    await tick(harness, minutes=30)
    await tick(harness, minutes=30)
    assert set(await archived(harness)) == await published(harness)
