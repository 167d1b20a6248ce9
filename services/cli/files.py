"""Result files: each is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, BinaryIO

from pydantic_core import to_json

from shared.errors import ConflictError, InvalidInputError

if TYPE_CHECKING:
    import polars as pl

TABLES = (".parquet", ".csv")


def require_writable(option: str, file: Path, *, force: bool = True, make_folder: bool = False) -> None:
    """Refuse a bad path before the work begins; `make_folder` makes its folder.

    Raises:
        InvalidInputError: no file can be written there.
        ConflictError: the file exists, and `force` is off.
    """
    if make_folder:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInputError(f"{option} {file}: its folder cannot be made ({error.strerror})") from error
    if file.is_dir():
        raise InvalidInputError(f"{option} {file}: is a folder; give a file name inside it")
    if not file.parent.is_dir():
        raise InvalidInputError(f"{option} {file}: there is no folder {file.parent}; make it first")
    if not os.access(file.parent, os.W_OK):
        raise InvalidInputError(f"{option} {file}: its folder cannot be written to; name another")
    if file.exists() and not force:
        raise ConflictError(f"{option} {file}: exists already; name another file, or replace it with --force")


@contextmanager
def whole(file: Path) -> Iterator[BinaryIO]:
    """A stream to a hidden file in the same folder, which replaces `file` in one step if the block succeeds."""
    descriptor, name = mkstemp(dir=file.parent, prefix=f".{file.stem}-", suffix=file.suffix)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            # mkstemp's files are readable by their owner only; a result has ordinary permissions.
            os.fchmod(descriptor, 0o666 & ~_umask())
            yield stream
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def write_frame(frame: pl.DataFrame, file: Path) -> None:
    """Parquet or CSV, by suffix."""
    with whole(file) as stream:
        if file.suffix == ".parquet":
            frame.write_parquet(stream)
        else:
            frame.write_csv(stream, datetime_format="%Y-%m-%dT%H:%M:%S%.fZ")


def write_json(file: Path, document: object) -> None:
    """Indented for reading; dataclasses as objects, and a number that is not finite as null."""
    with whole(file) as stream:
        stream.write(to_json(document, indent=2, inf_nan_mode="null") + b"\n")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
