"""Event files: `events*.parquet` or `events*.csv`, with `punks.parquet` and `eth_usd_daily.parquet` next to them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import polars as pl

from shared.errors import InvalidInputError
from shared.market.events import EVENT_SCHEMA, contract_keys, empty_events, validate
from shared.market.frame_rules import check_cast, check_columns
from shared.market.reference_data import ETH_USD_SCHEMA, validate_eth_usd, validate_punks
from shared.sources.recorded import RecordedMarket

PUNKS_FILE = "punks.parquet"
ETH_USD_FILE = "eth_usd_daily.parquet"
_UNREADABLE = (pl.exceptions.PolarsError, OSError, ValueError)


@dataclass(frozen=True)
class EventFiles:
    """Validated content of a file or directory. `punks` and `eth_usd` are None without a file."""

    events: pl.DataFrame
    punks: pl.DataFrame | None
    eth_usd: pl.DataFrame | None
    paths: tuple[Path, ...]


def read_event_files(path: Path) -> EventFiles:
    """Read and validate a file, or all event files of a directory.

    Raises:
        InvalidInputError: no such file, an unreadable file, or the first broken rule with file, row and column.
    """
    return _read(path, event_paths(path))


def read_beside_pages(path: Path) -> EventFiles:
    """The event files, punks and closes, if any, in a directory with pages of raw logs.

    Raises:
        InvalidInputError: an unreadable file, or the first broken rule with file, row and column.
    """
    return _read(path, _event_files_in(path) if path.is_dir() else ())


def read_punks_file(file: Path) -> pl.DataFrame:
    """The punks (`PUNK_SCHEMA`) of a Parquet file.

    Raises:
        InvalidInputError: no such file, an unreadable file, or the first broken rule.
    """
    punks = _optional(file, validate_punks)
    if punks is None:
        raise InvalidInputError(f"{file}: there is no such file")
    return punks


def event_paths(path: Path) -> tuple[Path, ...]:
    """The event file `path`, or the event files of the directory `path`, by name.

    Raises:
        InvalidInputError: there is none.
    """
    if path.is_file():
        if path.suffix not in (".parquet", ".csv"):
            raise InvalidInputError(f"{path}: expected a .parquet or .csv file of events")
        return (path,)
    if not path.is_dir():
        raise InvalidInputError(f"{path}: there is no such file or directory")
    paths = _event_files_in(path)
    if not paths:
        raise InvalidInputError(f"{path}: holds no event files; expected events*.parquet or events*.csv")
    return paths


class EventFileSource:
    """Event files as a market source. They are read again after their size or time of change has changed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seen: tuple[object, ...] = ()
        self._market = self._load()

    async def fetch(self, after: tuple[int, int] | None, until: datetime) -> pl.DataFrame:
        return self._fresh().slice(after, until)

    async def punks(self) -> pl.DataFrame:
        return self._fresh().punks

    async def eth_usd(self, until: date) -> pl.DataFrame:
        return self._fresh().closes(until)

    async def next_event_time(self, after: tuple[int, int] | None) -> datetime | None:
        return self._fresh().next_time(after)

    def _fresh(self) -> RecordedMarket:
        if self._signature() != self._seen:
            self._market = self._load()
        return self._market

    def _load(self) -> RecordedMarket:
        seen = self._signature()
        files = read_event_files(self._directory)
        if files.punks is None:
            raise InvalidInputError(f"{self._directory / PUNKS_FILE}: is missing; a source needs the punks' attributes")
        eth_usd = pl.DataFrame(schema=ETH_USD_SCHEMA) if files.eth_usd is None else files.eth_usd
        market = RecordedMarket(files.events, files.punks, eth_usd)
        self._seen = seen
        return market

    def _signature(self) -> tuple[object, ...]:
        folder = self._directory if self._directory.is_dir() else self._directory.parent
        reference = [file for name in (PUNKS_FILE, ETH_USD_FILE) if (file := folder / name).is_file()]
        stats = [(file, file.stat()) for file in [*event_paths(self._directory), *reference]]
        return tuple((str(file), stat.st_size, stat.st_mtime_ns) for file, stat in stats)


def _event_files_in(folder: Path) -> tuple[Path, ...]:
    patterns = ("events*.parquet", "events*.csv")
    return tuple(sorted(file for pattern in patterns for file in folder.glob(pattern) if file.is_file()))


def _read(path: Path, paths: tuple[Path, ...]) -> EventFiles:
    folder = path if path.is_dir() else path.parent
    return EventFiles(
        events=_joined([(file, _read_events(file)) for file in paths]),
        punks=_optional(folder / PUNKS_FILE, validate_punks),
        eth_usd=_optional(folder / ETH_USD_FILE, validate_eth_usd),
        paths=paths,
    )


def _joined(parts: list[tuple[Path, pl.DataFrame]]) -> pl.DataFrame:
    """One frame in contract order from files that follow each other."""
    filled = sorted(
        ((file, frame) for file, frame in parts if frame.height), key=lambda part: contract_keys(part[1])[0]
    )
    for (before, earlier), (file, later) in pairwise(filled):
        if contract_keys(later)[0] <= contract_keys(earlier)[-1]:
            position = f"block {later['block'][0]}, log_index {later['log_index'][0]}"
            raise InvalidInputError(
                f"{file}: row 1: {position} is not after the end of {before.name}; event files must not overlap"
            )
        if later["timestamp"][0] < earlier["timestamp"][-1]:
            raise InvalidInputError(f"{file}: row 1: column 'timestamp' is earlier than the end of {before.name}")
    return pl.concat([frame for _, frame in filled], rechunk=True) if filled else empty_events()


def _read_events(file: Path) -> pl.DataFrame:
    return validate(_read_csv(file) if file.suffix == ".csv" else _read_parquet(file), str(file))


def _read_parquet(file: Path) -> pl.DataFrame:
    try:
        # Without a memory map, a file that another process truncates is an error instead of a bus error.
        return pl.read_parquet(file, memory_map=False, hive_partitioning=False, glob=False)
    except (*_UNREADABLE, pl.exceptions.PanicException) as error:
        # Some corrupt pages make the reader panic, which is a BaseException in Python.
        reason = _first_line(error)
        raise InvalidInputError(f"{file}: is not a readable Parquet file ({reason}); fetch it again") from error


def _read_csv(file: Path) -> pl.DataFrame:
    """Reads all columns as text first, so that an error has the row of a wrong value."""
    try:
        text = pl.read_csv(file, infer_schema=False, glob=False)
    except _UNREADABLE as error:
        raise InvalidInputError(f"{file}: is not a readable CSV file ({_first_line(error)})") from error
    check_columns(text, EVENT_SCHEMA, str(file))
    columns = []
    for name, wanted in EVENT_SCHEMA.items():
        column = text[name]
        if wanted.is_integer():
            parsed = column.cast(wanted, strict=False)
        elif wanted == pl.Datetime("us", "UTC"):
            parsed = _instants(column)
        else:
            parsed = column
        check_cast(column, parsed, f"must be of type {wanted}", str(file))
        columns.append(parsed)
    return pl.DataFrame(columns)


def _instants(column: pl.Series) -> pl.Series:
    """ISO 8601 with an offset (`Z`, `+00:00`), or with the ` UTC` of polars."""
    text = column.str.replace(r"\s?(?:UTC|Z)$", "+00:00").str.replace(r"^(\d{4}-\d\d-\d\d) ", "${1}T")
    return text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", strict=False).dt.convert_time_zone("UTC")


def _optional(file: Path, check: Callable[[pl.DataFrame, str], pl.DataFrame]) -> pl.DataFrame | None:
    return check(_read_parquet(file), str(file)) if file.is_file() else None


def _first_line(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0]
