"""Event files, with the ETH/USD closes next to them: read, validated and joined.

A market of other punks than the real ones also has a file of punks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import polars as pl

from shared.errors import InvalidInputError
from shared.market.chain import FILES, MarketOrigin
from shared.market.events import EVENT_SCHEMA, contract_keys, empty_events, validate
from shared.market.reference_data import ETH_USD_SCHEMA, packaged_punks, validate_eth_usd, validate_punks
from shared.sources.market_files import ETH_USD_FILE, PUNKS_FILE, beside, event_paths, events_in
from shared.sources.recorded import RecordedMarket
from shared.sources.table_files import read_table


@dataclass(frozen=True)
class EventFiles:
    """Validated content of a file or directory.

    Attributes:
        own_punks, eth_usd: None without a file.
        paths: every file that was read.
        left_out: the columns of the event files that are no events' columns, by file name.
    """

    events: pl.DataFrame
    own_punks: pl.DataFrame | None
    eth_usd: pl.DataFrame | None
    paths: tuple[Path, ...]
    left_out: dict[str, list[str]]

    @property
    def punks(self) -> pl.DataFrame:
        """The punks of the file, else the real ones."""
        return packaged_punks() if self.own_punks is None else self.own_punks


def read_event_files(path: Path) -> EventFiles:
    """Read and validate a file, or all event files of a directory.

    Raises:
        InvalidInputError: no such file, an unreadable file, or everything that is wrong in one, with row and column.
    """
    return _read(path, event_paths(path))


def read_beside_pages(path: Path) -> EventFiles:
    """The event files, punks and closes, if any, in a directory with pages of raw logs.

    Raises:
        InvalidInputError: an unreadable file, or everything that is wrong in one, with row and column.
    """
    return _read(path, events_in(path) if path.is_dir() else ())


def read_punks_file(file: Path) -> pl.DataFrame:
    """The punks (`PUNK_SCHEMA`) of a file.

    Raises:
        InvalidInputError: no such file, an unreadable file, or everything that is wrong in it.
    """
    if not file.is_file():
        raise InvalidInputError(f"{file}: there is no such file")
    return validate_punks(read_table(file), str(file))


class EventFileSource:
    """Event files as a market source. They are read again after their size or time of change has changed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seen: tuple[object, ...] = ()
        self._market = self._load()

    @property
    def origin(self) -> MarketOrigin:
        return FILES

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
        eth_usd = pl.DataFrame(schema=ETH_USD_SCHEMA) if files.eth_usd is None else files.eth_usd
        market = RecordedMarket(files.events, files.punks, eth_usd)
        self._seen = seen
        return market

    def _signature(self) -> tuple[object, ...]:
        reference = [file for name in (PUNKS_FILE, ETH_USD_FILE) if (file := beside(self._directory, name))]
        stats = [(file, file.stat()) for file in [*event_paths(self._directory), *reference]]
        return tuple((str(file), stat.st_size, stat.st_mtime_ns) for file, stat in stats)


def _read(path: Path, paths: tuple[Path, ...]) -> EventFiles:
    tables = [(file, read_table(file)) for file in paths]
    punks, eth_usd = beside(path, PUNKS_FILE), beside(path, ETH_USD_FILE)
    others = {file.name: [name for name in table.columns if name not in EVENT_SCHEMA] for file, table in tables}
    return EventFiles(
        events=_joined([(file, validate(table, str(file))) for file, table in tables]),
        own_punks=_checked(punks, validate_punks),
        eth_usd=_checked(eth_usd, validate_eth_usd),
        paths=tuple(file for file in (*paths, punks, eth_usd) if file),
        left_out={name: columns for name, columns in others.items() if columns},
    )


def _checked(file: Path | None, check: Callable[[pl.DataFrame, str], pl.DataFrame]) -> pl.DataFrame | None:
    return None if file is None else check(read_table(file), str(file))


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
