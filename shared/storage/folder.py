"""Objects as files in a folder: the embedded mode's store."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from pathlib import Path, PurePosixPath

from shared.errors import InvalidInputError
from shared.storage.object_store import (
    ObjectNotFoundError,
    ObjectRef,
    StoreUnavailableError,
    reference_for,
    verify,
)


class FolderStore:
    """Files under `root`, written whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, kind: str, body: bytes, *, extension: str) -> ObjectRef:
        reference = reference_for(kind, body, extension)
        path = self._path(reference)
        try:
            await asyncio.to_thread(_write, path, body, reference.sha256)
        except OSError as error:
            raise StoreUnavailableError(
                f"cannot write {path}: {error}; free some space or set PUNKCAST_HOME"
            ) from error
        return reference

    async def get(self, reference: ObjectRef) -> bytes:
        path = self._path(reference)
        try:
            body = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError as error:
            raise ObjectNotFoundError(f"no object {reference.key} under {self._root}") from error
        except OSError as error:
            raise StoreUnavailableError(f"cannot read {path}: {error}") from error
        return verify(reference, body)

    async def exists(self, reference: ObjectRef) -> bool:
        path = self._path(reference)
        try:
            found = await asyncio.to_thread(path.stat)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreUnavailableError(f"cannot look at {path}: {error}") from error
        return found.st_size == reference.size

    async def close(self) -> None:
        """Nothing is held open."""

    def _path(self, reference: ObjectRef) -> Path:
        """Keys travel in messages, so one that leads out of the folder is somebody's attempt."""
        key = PurePosixPath(reference.key)
        if key.is_absolute() or ".." in key.parts or not key.parts:
            raise InvalidInputError(f"{reference.key!r} is no key of this store")
        return self._root / key


def _write(path: Path, body: bytes, sha256: str) -> None:
    # The hash, not the size: writing again repairs a file that went bad.
    if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
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
    # The rename itself is in the folder, which has to reach the disk too.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
