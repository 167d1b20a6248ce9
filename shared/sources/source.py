"""Market sources, chosen by URL."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from urllib.parse import parse_qsl, unquote, urlsplit

import polars as pl

from shared.errors import InvalidInputError
from shared.market.chain import ChainIdentity, Checkpoint, Cursor, Located, MarketOrigin, NodeState, Place, Scan
from shared.settings import COINBASE, Settings
from shared.urls import redacted, split

if TYPE_CHECKING:
    from shared.sources.ethereum.bids import StandingBids


class MarketSource(Protocol):
    """Market events in contract order, with reference data. Delivered events never change."""

    @property
    def origin(self) -> MarketOrigin:
        """Which market it is."""

    async def fetch(self, after: tuple[int, int] | None, until: datetime) -> pl.DataFrame:
        """Events (`EVENT_SCHEMA`) strictly after `(block, log_index)` with timestamp at or before `until`.

        `after=None` starts at the first event. Raises TransientError if the source is unavailable.
        """

    async def punks(self) -> pl.DataFrame:
        """The 10,000 punks (`PUNK_SCHEMA`)."""

    async def eth_usd(self, until: date) -> pl.DataFrame:
        """ETH/USD closes (`ETH_USD_SCHEMA`) of the days up to and including `until`. May be empty."""

    async def next_event_time(self, after: tuple[int, int] | None) -> datetime | None:
        """Time of the first event after `(block, log_index)`; None if the source has none yet."""


@runtime_checkable
class BlockSource(Protocol):
    """A market on a chain whose newest blocks may be replaced, followed block by block."""

    @property
    def identity(self) -> ChainIdentity: ...

    @property
    def origin(self) -> MarketOrigin:
        """Which market it is."""

    @property
    def nodes(self) -> Sequence[NodeState]:
        """The nodes as their last requests showed them."""

    @property
    def start_block(self) -> int:
        """First block of the first read."""

    async def locate(self, cursor: Cursor) -> Located:
        """Position of a cursor on the current chain. Raises TransientError if the source is unavailable or behind."""

    def heads(self) -> AsyncGenerator[None]:
        """Yields at the start and whenever there may be another newest block; ends at once if only ticks pull."""

    async def scan(self, located: Located, bids: StandingBids) -> Scan:
        """A bounded number of blocks after `located`. `bids`: standing bids there; updated with the events read."""

    @property
    def checkpoints(self) -> Sequence[Checkpoint]:
        """Known events of the market, ascending."""

    def places_between(self, first: int, last: int) -> AsyncGenerator[tuple[int, set[Place]]]:
        """Places of the events in final blocks, read again, in parts: the last block of each, and its places."""

    async def proven_places(self, block: int) -> set[Place]:
        """Places of the events in one block, proven to be all of them."""

    async def punks(self) -> pl.DataFrame:
        """The 10,000 punks (`PUNK_SCHEMA`)."""

    async def eth_usd(self, after: date | None, until: date) -> pl.DataFrame:
        """ETH/USD closes (`ETH_USD_SCHEMA`) of the days after `after`, up to and including `until`. May be empty."""

    async def close(self) -> None:
        """Close its connections."""


def source_of(settings: Settings) -> MarketSource | BlockSource:
    """The source in the settings. Raises InvalidInputError as `open_source` does."""
    nodes = settings.rpc_urls.get_secret_value() if settings.rpc_urls else ""
    return open_source(settings.source_url, rpc_urls=nodes, price_url=settings.price_url)


def chain_of(settings: Settings) -> BlockSource:
    """The chain in the settings.

    Raises:
        InvalidInputError: the settings name another kind of source; otherwise as `open_source`.
    """
    # Looked at first, because other sources take seconds to open.
    source = source_of(settings) if settings.source_url.startswith("ethereum") else None
    if not isinstance(source, BlockSource):
        raise InvalidInputError(
            "only a chain is read piece by piece: set PUNKCAST_SOURCE_URL to ethereum+https://host/path; files are for "
            "`punkcast import`"
        )
    return source


def open_source(url: str, *, rpc_urls: str = "", price_url: str = COINBASE) -> MarketSource | BlockSource:
    """The source with this URL.

    - `files:///dir` reads event files.
    - `simulated://?seed=7&days=365&start=2024-01-01` simulates a market; docs/simulated-market.md has all parameters.
    - `ethereum+https://host/path` follows the market through a node, and the nodes of `rpc_urls`; docs/market.md has
      its parameters. A ws:// or wss:// URL in `rpc_urls` announces new blocks.

    Raises:
        InvalidInputError: an unknown scheme or parameter, or files that break a rule.
    """
    scheme = split(url, "PUNKCAST_SOURCE_URL").scheme
    # Imported here, because the implementations are slow to import and a process uses one of them.
    if scheme == "files":
        return _files(url)
    if scheme == "simulated":
        return _simulated(url)
    if scheme.partition("+")[0] == "ethereum":
        from shared.sources.ethereum.options import open_ethereum  # noqa: PLC0415

        return open_ethereum(url, rpc_urls=rpc_urls, price_url=price_url)
    raise InvalidInputError(
        f"source {redacted(url)}: unknown scheme; use files:///path/to/directory, simulated://?seed=7 or "
        "ethereum+https://host/path"
    )


def _files(url: str) -> MarketSource:
    from shared.sources.event_files import EventFileSource  # noqa: PLC0415

    parts = urlsplit(url)
    if parts.query or not (parts.netloc + parts.path):
        raise InvalidInputError(f"source {redacted(url)}: expected files:///path/to/directory")
    return EventFileSource(Path(unquote(parts.netloc + parts.path)))


def _simulated(url: str) -> MarketSource:
    from shared.sources.simulated import SimulatedMarket  # noqa: PLC0415

    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    numbers = {"seed": 7, "days": 365, "history_days": 250}
    known = (*numbers, "start", "regime_break", "bad_data")
    if set(options) - set(known) or parts.netloc or parts.path.strip("/"):
        raise InvalidInputError(f"source {redacted(url)}: only {', '.join(known[:-1])} and {known[-1]} may be given")
    try:
        numbers = {name: int(options.get(name, default)) for name, default in numbers.items()}
        start = date.fromisoformat(options.get("start", "2024-01-01"))
        break_day = options.get("regime_break")
        regime_break = None if break_day is None else date.fromisoformat(break_day)
    except ValueError as error:
        raise InvalidInputError(f"source {url!r}: {error}") from error
    return SimulatedMarket(
        start=datetime.combine(start, datetime.min.time(), tzinfo=UTC),
        regime_break=regime_break,
        bad_data=[kind for kind in options.get("bad_data", "").split(",") if kind],
        **numbers,
    )
