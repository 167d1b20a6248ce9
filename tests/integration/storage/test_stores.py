"""One suite for every object store: a folder, and an S3 API over HTTP."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest

from shared.errors import IntegrityError
from shared.storage.object_store import ObjectNotFoundError, ObjectRef, ObjectStore, reference_for
from shared.storage.opening import open_store

PREFIX = "some/prefix"


@dataclass(frozen=True)
class Medium:
    """A store, and a way behind its back."""

    store: ObjectStore
    reopen: Callable[[], ObjectStore]
    overwrite: Callable[[ObjectRef, bytes], None]
    keys: Callable[[], list[str]]


@pytest.fixture(params=["folder", "s3"])
async def medium(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Medium]:
    if request.param == "folder":
        root = tmp_path / "objects"
        url = f"folder://{root}"

        def overwrite(reference: ObjectRef, body: bytes) -> None:
            (root / reference.key).write_bytes(body)

        def keys() -> list[str]:
            return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    else:
        bucket_url: str = request.getfixturevalue("s3_url")
        parts = urlsplit(bucket_url)
        url = bucket_url.replace("?", f"/{PREFIX}?")
        client = boto3.client("s3", endpoint_url=parts.query.removeprefix("endpoint_url="), region_name="us-east-1")

        def overwrite(reference: ObjectRef, body: bytes) -> None:
            client.put_object(Bucket=parts.netloc, Key=f"{PREFIX}/{reference.key}", Body=body)

        def keys() -> list[str]:
            listed = client.list_objects_v2(Bucket=parts.netloc).get("Contents", [])
            return sorted(each["Key"].removeprefix(f"{PREFIX}/") for each in listed)

    opened: list[ObjectStore] = []

    def reopen() -> ObjectStore:
        opened.append(open_store(url, tmp_path))
        return opened[-1]

    yield Medium(reopen(), reopen, overwrite, keys)
    for store in opened:
        await store.close()


async def test_another_store_reads_a_stored_object(medium: Medium) -> None:
    body = bytes(range(256)) * 4096
    reference = await medium.store.put("snapshots", body, extension="parquet")
    assert reference == reference_for("snapshots", body, "parquet")
    assert await medium.reopen().get(reference) == body
    assert await medium.store.exists(reference)


async def test_an_empty_object_is_an_object(medium: Medium) -> None:
    reference = await medium.store.put("notes", b"", extension="txt")
    assert await medium.store.get(reference) == b""
    assert await medium.store.exists(reference)


async def test_putting_twice_keeps_one_object(medium: Medium) -> None:
    first = await medium.store.put("models", b"the same", extension="json")
    second = await medium.reopen().put("models", b"the same", extension="json")
    assert first == second
    assert medium.keys() == [first.key]


async def test_many_writers_of_the_same_object_leave_one_whole_object(medium: Medium) -> None:
    body = b"contended" * 50_000
    puts: list[Awaitable[ObjectRef]] = [medium.store.put("models", body, extension="json") for _ in range(8)]
    assert len(set(await asyncio.gather(*puts))) == 1
    assert medium.keys() == [reference_for("models", body, "json").key]
    assert await medium.store.get(reference_for("models", body, "json")) == body


async def test_a_missing_object_is_named(medium: Medium) -> None:
    absent = reference_for("models", b"never stored", "json")
    assert not await medium.store.exists(absent)
    with pytest.raises(ObjectNotFoundError, match=absent.key):
        await medium.store.get(absent)


@pytest.mark.parametrize("damage", [b"", b"the contenu", b"the content and more"])
async def test_damaged_bytes_are_never_returned(medium: Medium, damage: bytes) -> None:
    reference = await medium.store.put("models", b"the content", extension="json")
    medium.overwrite(reference, damage)
    with pytest.raises(IntegrityError, match=hashlib.sha256(damage).hexdigest()):
        await medium.store.get(reference)


async def test_putting_again_repairs_a_damaged_object(medium: Medium) -> None:
    reference = await medium.store.put("models", b"the content", extension="json")
    medium.overwrite(reference, b"the contenu")
    await medium.store.put("models", b"the content", extension="json")
    assert await medium.store.get(reference) == b"the content"


async def test_closing_twice_is_harmless(medium: Medium) -> None:
    await medium.store.put("models", b"x", extension="json")
    await medium.store.close()
    await medium.store.close()


async def test_a_listing_has_every_object_of_a_kind_with_its_size_and_time(medium: Medium) -> None:
    began = datetime.now(UTC) - timedelta(seconds=2)  # S3 tells seconds
    put = {await medium.store.put("snapshots", b"x" * size, extension="parquet") for size in (0, 10, 2000)}
    await medium.store.put("models", b"of another kind", extension="json")
    listed = [each async for each in medium.store.listing("snapshots")]
    assert {(each.key, each.size) for each in listed} == {(each.key, each.size) for each in put}
    assert all(began <= each.written_at <= datetime.now(UTC) + timedelta(seconds=2) for each in listed)
    assert [each async for each in medium.store.listing("generations")] == []


async def test_removed_objects_are_gone_and_removing_them_again_is_no_error(medium: Medium) -> None:
    kept, *gone = [await medium.store.put("snapshots", b"%d" % n, extension="parquet") for n in range(4)]
    for _ in range(2):
        await medium.store.delete([each.key for each in gone])
    await medium.store.delete([])
    assert medium.keys() == [kept.key]
