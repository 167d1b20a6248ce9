"""Objects as files in a folder: the embedded mode's store."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from shared.errors import TransientError
from shared.storage.object_store import ObjectNotFoundError, ObjectRef, reference_for, verify


class FolderStore:
    """Files under `root`, written whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, kind: str, body: bytes, *, extension: str) -> ObjectRef:
        reference = reference_for(kind, body, extension)
        try:
            await asyncio.to_thread(self._write, self._root / reference.key, body)
        except OSError as error:
            raise TransientError(f"cannot write {reference.key} under {self._root}: {error}") from error
        return reference

    def _write(self, path: Path, body: bytes) -> None:
        if path.exists() and path.stat().st_size == len(body):
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

    async def get(self, reference: ObjectRef) -> bytes:
        path = self._root / reference.key
        try:
            body = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError as error:
            raise ObjectNotFoundError(f"no object {reference.key} under {self._root}") from error
        except OSError as error:
            raise TransientError(f"cannot read {reference.key} under {self._root}: {error}") from error
        return verify(reference, body)

    async def exists(self, reference: ObjectRef) -> bool:
        return await asyncio.to_thread((self._root / reference.key).exists)

    async def close(self) -> None:
        """Nothing is held open."""
