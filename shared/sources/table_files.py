"""Tables in Parquet, CSV and Arrow files, as other tools write them."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl

from shared.errors import InvalidInputError

# Some corrupt pages make a reader panic, which is a BaseException in Python.
_UNREADABLE: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError)
_ARROW_FILE: Final = b"ARROW1"
"""The first bytes of an Arrow file; an Arrow stream begins otherwise."""


def read_table(file: Path) -> pl.DataFrame:
    """All columns of the file; those of CSV are text, and its empty fields are null.

    Raises:
        InvalidInputError: an unreadable file, or another ending.
    """
    if file.suffix not in _READERS:
        raise InvalidInputError(f"{file}: expected a file that ends in one of {', '.join(_READERS)}")
    name, read = _READERS[file.suffix]
    try:
        return read(file)
    except _UNREADABLE as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise InvalidInputError(f"{file}: is not a readable {name} file ({reason}); fetch or write it again") from error


def _parquet(file: Path) -> pl.DataFrame:
    # Without a memory map, a file that another process truncates is an error instead of a bus error.
    return pl.read_parquet(file, memory_map=False, hive_partitioning=False, glob=False)


def _csv(file: Path) -> pl.DataFrame:
    # As text, so that an error has the row of a wrong value, and no number passes through a float.
    frame = pl.read_csv(file, infer_schema=False, null_values=[""], glob=False)
    if twice := [name for name in frame.columns if f"{name}_duplicated_0" in frame.columns and name]:
        raise ValueError(f"the column {twice[0]!r} occurs twice")
    return frame


def _arrow(file: Path) -> pl.DataFrame:
    # As bytes, not by a memory map: see above.
    body = file.read_bytes()
    return pl.read_ipc(body) if body.startswith(_ARROW_FILE) else pl.read_ipc_stream(body)


_READERS: Final[dict[str, tuple[str, Callable[[Path], pl.DataFrame]]]] = {
    ".parquet": ("Parquet", _parquet),
    ".csv": ("CSV", _csv),
    **dict.fromkeys((".arrow", ".ipc", ".feather"), ("Arrow", _arrow)),
}
