"""Objects as files in a folder, the store of the embedded mode."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from shared.errors import InvalidInputError
from shared.storage.object_store import (
    Listed,
    ObjectNotFoundError,
    ObjectRef,
    StoreUnavailableError,
    most_read,
    reference_for,
    refuse_excess,
    verify,
)


class FolderStore:
    """Files under `root`, written atomically."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, kind: str, body: bytes, *, extension: str) -> ObjectRef:
        reference = reference_for(kind, body, extension)
        path = self._path(reference.key)
        try:
            await asyncio.to_thread(_write, path, body, reference.sha256)
        except OSError as error:
            raise StoreUnavailableError(
                f"cannot write {path}: {error}; free some space or set PUNKCAST_HOME"
            ) from error
        return reference

    async def get(self, reference: ObjectRef) -> bytes:
        path = self._path(reference.key)
        try:
            body = await asyncio.to_thread(_read, path, reference)
        except FileNotFoundError as error:
            raise ObjectNotFoundError(f"no object {reference.key} under {self._root}") from error
        except OSError as error:
            raise StoreUnavailableError(f"cannot read {path}: {error}") from error
        return verify(reference, body)

    async def exists(self, reference: ObjectRef) -> bool:
        path = self._path(reference.key)
        try:
            status = await asyncio.to_thread(path.stat)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreUnavailableError(f"cannot read {path}: {error}") from error
        return status.st_size == reference.size

    async def listing(self, kind: str) -> AsyncIterator[Listed]:
        try:
            found = await asyncio.to_thread(_files, self._root, self._path(kind))
        except OSError as error:
            raise StoreUnavailableError(f"cannot read {self._root / kind}: {error}") from error
        for listed in found:
            yield listed

    async def delete(self, keys: Sequence[str]) -> None:
        try:
            await asyncio.to_thread(_remove, [self._path(key) for key in keys])
        except OSError as error:
            raise StoreUnavailableError(f"cannot remove objects under {self._root}: {error}") from error

    async def close(self) -> None:
        """Nothing to close."""

    def _path(self, name: str) -> Path:
        """The file of a key. Keys come from messages, so keys that lead out of the folder are refused."""
        key = PurePosixPath(name)
        if key.is_absolute() or ".." in key.parts or not key.parts:
            raise InvalidInputError(f"{name!r} is not a key of this store")
        return self._root / key


def _read(path: Path, reference: ObjectRef) -> bytes:
    with path.open("rb") as file:
        refuse_excess(reference, os.fstat(file.fileno()).st_size)
        return file.read(most_read(reference))  # not more, should the file grow meanwhile


def _write(path: Path, body: bytes, sha256: str) -> None:
    # Compare hashes, too, so that a rewrite repairs a damaged file.
    if path.exists() and path.stat().st_size == len(body) and hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
        os.utime(path)  # as if written now: a sweep of old objects without a row must not take it
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    # The rename is durable only once the folder is on disk.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _files(root: Path, folder: Path) -> list[Listed]:
    """The objects below `folder`; what a killed process was writing is none."""
    found = []
    for path in folder.rglob("*.*"):
        if path.name.startswith("."):
            continue
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        written_at = datetime.fromtimestamp(status.st_mtime, UTC)
        found.append(Listed(path.relative_to(root).as_posix(), status.st_size, written_at))
    return found


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
