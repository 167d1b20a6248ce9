"""Postgres has a snapshot's metadata, the object store its bytes. Loading needs both, and checks them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from shared.database.pool import Connection
from shared.errors import IntegrityError, NotFoundError
from shared.storage.folder import FolderStore
from shared.storage.object_store import ObjectRef
from shared.stores import snapshot_repository as repository
from shared.stores.snapshot_repository import Archived
from shared.valuation.snapshot import Snapshot

AT = datetime(2025, 1, 1, tzinfo=UTC)
FRAME = pl.DataFrame({"punk_id": pl.Series([0, 1], dtype=pl.Int16), "x": [1.5, float("nan")], "name": ["a", "é"]})
SNAPSHOT = Snapshot("nowcast", AT, 7, 9, "schema", FRAME)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


async def save(connection: Connection, store: FolderStore, snapshot: Snapshot = SNAPSHOT) -> Archived:
    archived = await repository.upload(store, snapshot)
    await repository.record(connection, snapshot, at=AT)
    await repository.record_archive(connection, archived, at=AT)
    return archived


async def point_to(connection: Connection, reference: ObjectRef) -> None:
    """Let the archive's row name another object."""
    await connection.execute("delete from archives where id = $1", SNAPSHOT.snapshot_id)
    await repository.record_archive(connection, Archived("snapshot", SNAPSHOT.snapshot_id, reference), at=AT)


async def test_a_snapshot_is_loaded_as_it_was_saved(connection: Connection, store: FolderStore) -> None:
    await save(connection, store)
    loaded = await repository.load(connection, store, SNAPSHOT.snapshot_id)
    assert loaded.snapshot_id == SNAPSHOT.snapshot_id
    assert loaded.frame.equals(FRAME)
    assert replace(loaded, frame=FRAME) == SNAPSHOT
    row = await connection.fetchrow("select * from snapshots where snapshot_id = $1", SNAPSHOT.snapshot_id)
    assert (row["kind"], row["as_of"], row["row_count"], row["last_event_seq"]) == ("nowcast", AT, 2, 7)
    assert (row["last_block"], row["feature_schema"], row["created_at"]) == (9, "schema", AT)


async def test_saving_twice_is_saving_once(connection: Connection, store: FolderStore) -> None:
    first = await save(connection, store)
    assert await save(connection, store, replace(SNAPSHOT, last_event_seq=8)) != first, "the file says how it was made"
    assert await connection.fetchval("select count(*) from snapshots") == 1
    assert await repository.archive_reference(connection, "snapshot", SNAPSHOT.snapshot_id) == first.reference


async def test_the_error_for_an_unarchived_snapshot_says_when_it_comes(
    connection: Connection, store: FolderStore
) -> None:
    await repository.record(connection, SNAPSHOT, at=AT)
    with pytest.raises(NotFoundError, match="with its next cycle"):
        await repository.load(connection, store, SNAPSHOT.snapshot_id)


async def test_a_file_that_is_gone_is_not_found(connection: Connection, store: FolderStore, tmp_path: Path) -> None:
    archived = await save(connection, store)
    (tmp_path / archived.reference.key).unlink()
    with pytest.raises(NotFoundError, match=archived.reference.key):
        await repository.load(connection, store, SNAPSHOT.snapshot_id)


@pytest.mark.parametrize("place", [0, 100, -1])
async def test_a_file_with_a_flipped_bit_is_refused(
    connection: Connection, store: FolderStore, tmp_path: Path, place: int
) -> None:
    path = tmp_path / (await save(connection, store)).reference.key
    body = bytearray(path.read_bytes())
    body[place] ^= 1
    path.write_bytes(body)
    with pytest.raises(IntegrityError, match="restore it from a backup"):
        await repository.load(connection, store, SNAPSHOT.snapshot_id)


async def test_a_file_that_holds_another_snapshot_is_refused(connection: Connection, store: FolderStore) -> None:
    """Its bytes are sound; it is the content that is not the recorded one."""
    await save(connection, store)
    other = replace(SNAPSHOT, frame=FRAME.with_columns(x=pl.Series([1.5, 2.0])))
    await point_to(connection, (await repository.upload(store, other)).reference)
    with pytest.raises(IntegrityError, match=f"{SNAPSHOT.snapshot_id} reads back as {other.snapshot_id}"):
        await repository.load(connection, store, SNAPSHOT.snapshot_id)


@pytest.mark.parametrize("body", [b"", b"PAR1", b"no parquet at all", SNAPSHOT.to_parquet()[:-20]])
async def test_a_file_without_a_snapshot_is_refused(connection: Connection, store: FolderStore, body: bytes) -> None:
    await save(connection, store)
    await point_to(connection, await store.put("snapshots", body, extension="parquet"))
    with pytest.raises(IntegrityError, match="not a readable snapshot"):
        await repository.load(connection, store, SNAPSHOT.snapshot_id)


async def test_the_newest_archived_nowcast_is_neither_unarchived_nor_of_another_kind(
    connection: Connection, store: FolderStore
) -> None:
    assert await repository.newest_archived_nowcast(connection) is None
    await save(connection, store)
    await save(connection, store, replace(SNAPSHOT, as_of=AT - timedelta(hours=1)))
    await save(connection, store, replace(SNAPSHOT, kind="evaluation", as_of=AT + timedelta(hours=1)))
    await repository.record(connection, replace(SNAPSHOT, as_of=AT + timedelta(hours=2)), at=AT)
    assert await repository.newest_archived_nowcast(connection) == SNAPSHOT.snapshot_id
