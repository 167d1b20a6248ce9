"""Which files of a folder hold the market. It reads no file and imports nothing slow, so that a wrong path is told at
once.
"""

from pathlib import Path
from typing import Final

from shared.errors import InvalidInputError

TABLES: Final = (".parquet", ".csv", ".arrow", ".ipc", ".feather")
PAGES: Final = tuple(ending + packed for ending in (".json", ".ndjson", ".jsonl") for packed in ("", ".gz"))
PUNKS_FILE: Final = "punks.parquet"
ETH_USD_FILE: Final = "eth_usd_daily.parquet"


def event_paths(path: Path) -> tuple[Path, ...]:
    """The event file `path`, or the event files of the directory `path`, by name.

    Raises:
        InvalidInputError: there is none.
    """
    if path.is_file():
        if path.suffix not in TABLES:
            raise InvalidInputError(f"{path}: expected a file of events ({', '.join(TABLES)})")
        return (path,)
    require_path(path)
    paths = events_in(path)
    if not paths:
        raise InvalidInputError(f"{path}: holds no event files; expected events* with one of {', '.join(TABLES)}")
    return paths


def events_in(folder: Path) -> tuple[Path, ...]:
    """The event files of a directory, by name."""
    return tuple(sorted(file for file in folder.glob("events*") if file.suffix in TABLES and file.is_file()))


def beside(path: Path, name: str) -> Path | None:
    """The file like `name`, of any format of tables, in the directory `path` or next to the file `path`.

    Raises:
        InvalidInputError: there are several.
    """
    folder = path if path.is_dir() else path.parent
    found = [file for suffix in TABLES if (file := (folder / name).with_suffix(suffix)).is_file()]
    if len(found) > 1:
        raise InvalidInputError(f"{found[1]}: {found[0].name} is there, too; keep one of them")
    return found[0] if found else None


def page_paths(path: Path) -> tuple[Path, ...]:
    """The page of raw logs `path`, or the pages in the directory `path`, by name; empty without pages.

    Raises:
        InvalidInputError: there is no such path.
    """
    require_path(path)
    candidates = sorted(path.iterdir()) if path.is_dir() else [path]
    return tuple(file for file in candidates if file.name.lower().endswith(PAGES) and file.is_file())


def require_path(path: Path) -> None:
    """Raises InvalidInputError if there is no such file or directory."""
    if not path.exists():
        raise InvalidInputError(f"{path}: there is no such file or directory")
