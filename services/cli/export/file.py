"""Writing a frame to a file that is there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkstemp

import polars as pl

from shared.errors import ConflictError, InvalidInputError

SUFFIXES = (".parquet", ".csv")


def require_writable(file: Path, *, force: bool) -> None:
    """Found out before anything is read.

    Raises:
        InvalidInputError: another suffix, or a place where no file can be written.
        ConflictError: the file exists, and it is not to be replaced.
    """
    if file.suffix not in SUFFIXES:
        raise InvalidInputError(f"--out {file}: expected a name ending in {' or '.join(SUFFIXES)}")
    if file.is_dir():
        raise InvalidInputError(f"--out {file}: is a folder; name a file in it")
    if not file.parent.is_dir():
        raise InvalidInputError(f"--out {file}: there is no folder {file.parent}; make it first")
    if not os.access(file.parent, os.W_OK):
        raise InvalidInputError(f"--out {file}: its folder cannot be written to; name another")
    if file.exists() and not force:
        raise ConflictError(f"--out {file}: exists already; name another file, or replace it with --force")


def write(frame: pl.DataFrame, file: Path) -> None:
    """Write Parquet or CSV by suffix, beside the file first; then it takes the file's place in one step."""
    descriptor, name = mkstemp(dir=file.parent, prefix=f".{file.stem}-", suffix=file.suffix)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            # mkstemp's files are for their owner alone; an export is an ordinary file.
            os.fchmod(descriptor, 0o666 & ~_umask())
            if file.suffix == ".parquet":
                frame.write_parquet(stream)
            else:
                frame.write_csv(stream, datetime_format="%Y-%m-%dT%H:%M:%S%.fZ")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
