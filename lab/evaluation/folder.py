"""The folder that a command writes its results to: each file is there whole or not at all."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from services.cli.files import whole, write_frame, write_json
from shared.errors import ConflictError, InvalidInputError
from shared.evaluation.canonical import canonical_json


@dataclass(frozen=True)
class OutputFolder:
    """An existing folder that can be written to."""

    path: Path

    @classmethod
    def prepare(cls, path: Path, *, force: bool) -> OutputFolder:
        """Make the folder if need be. Found out before anything is computed.

        Raises:
            InvalidInputError: no folder can be made there, or written to.
            ConflictError: it is not empty, and may not be written over (`force`).
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInputError(f"--out {path}: cannot be made a folder ({error.strerror})") from error
        if not os.access(path, os.W_OK | os.X_OK):
            raise InvalidInputError(f"--out {path}: cannot be written to; name another folder")
        if not force and any(path.iterdir()):
            raise ConflictError(f"--out {path}: is not empty; name another folder, or write over it with --force")
        return cls(path)

    def write_frame(self, name: str, frame: pl.DataFrame) -> None:
        """`name` ends in .parquet."""
        write_frame(frame, self.path / name)

    def write_json(self, name: str, document: object) -> None:
        """Keys in the order they come in; a number that is not finite is null."""
        write_json(self.path / name, _ordered(json.loads(canonical_json(document)), document))

    def write(self, name: str, body: bytes) -> None:
        """Any other file."""
        with whole(self.path / name) as stream:
            stream.write(body)


def _ordered(plain: object, like: object) -> object:
    """`plain` with its keys in the order that those of `like` have."""
    if isinstance(plain, dict) and isinstance(like, dict):
        return {str(key): _ordered(plain[str(key)], value) for key, value in like.items()}
    if isinstance(plain, list) and isinstance(like, list | tuple):
        return [_ordered(one, other) for one, other in zip(plain, like, strict=True)]
    return plain
