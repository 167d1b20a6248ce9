"""Rules of the folder store only."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from shared.errors import IntegrityError, InvalidInputError, TransientError
from shared.storage import folder
from shared.storage.folder import FolderStore
from shared.storage.object_store import reference_for


@pytest.mark.parametrize("key", ["../secret", "models/../../secret", "/etc/hostname", ""])
async def test_a_key_that_leads_out_of_the_folder_is_refused(tmp_path: Path, key: str) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    store = FolderStore(tmp_path / "objects")
    lying = replace(reference_for("models", b"secret", "json"), key=key)
    with pytest.raises(InvalidInputError, match="is not a key of this store"):
        await store.get(lying)
    with pytest.raises(InvalidInputError):
        await store.exists(lying)


async def test_a_kind_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        await FolderStore(tmp_path / "objects").put("../models", b"x", extension="json")
    assert list(tmp_path.rglob("*")) == []


async def test_a_write_that_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    store = FolderStore(tmp_path)
    monkeypatch.setattr(folder.os, "fsync", full)
    with pytest.raises(TransientError, match="No space left"):
        await store.put("models", b"half", extension="json")
    monkeypatch.undo()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert not await store.exists(reference_for("models", b"half", "json"))
    reference = await store.put("models", b"half", extension="json")
    assert await store.get(reference) == b"half"


async def test_a_file_of_gigabytes_is_refused_before_it_is_read_and_put_right_by_a_rewrite(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    reference = await store.put("models", b"sound", extension="json")
    with (tmp_path / reference.key).open("r+b") as file:
        file.truncate(4 << 30)  # sparse: it takes up no disk
    tracemalloc.start()
    try:
        with pytest.raises(IntegrityError, match="has 4294967296 bytes, expected 5; restore it from a backup"):
            await store.get(reference)
        await store.put("models", b"sound", extension="json")
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()
    assert await store.get(reference) == b"sound"


async def test_an_unusable_folder_may_be_retried(tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("a file where the folder should be")
    store = FolderStore(tmp_path / "objects")
    reference = reference_for("models", b"x", "json")
    for attempt in (store.put("models", b"x", extension="json"), store.get(reference), store.exists(reference)):
        with pytest.raises(TransientError):
            await attempt
