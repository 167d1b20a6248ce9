"""Where market events come from, chosen by URL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from urllib.parse import parse_qsl, unquote, urlsplit

import polars as pl

from shared.errors import InvalidInputError
from shared.market.chain import ChainIdentity, Cursor, Located, Scan
from shared.market.traits import PUNKS
from shared.settings import COINBASE, Settings

if TYPE_CHECKING:
    from shared.sources.ethereum.bids import StandingBids


class MarketSource(Protocol):
    """Market events in contract order, and what goes with them. What it has told stays true."""

    async def fetch(self, after: tuple[int, int] | None, until: datetime) -> pl.DataFrame:
        """Events (`EVENT_SCHEMA`) strictly after `(block, log_index)` with timestamp at or before `until`.

        `after=None` starts at the first event. Raises TransientError when the source is away for now.
        """

    async def punks(self) -> pl.DataFrame:
        """The 10,000 punks (`PUNK_SCHEMA`)."""

    async def eth_usd(self, until: date) -> pl.DataFrame:
        """ETH/USD closes (`ETH_USD_SCHEMA`) of the days up to and including `until`. May be empty."""

    async def next_event_time(self, after: tuple[int, int] | None) -> datetime | None:
        """When the first event after that place happens; None when the source knows none yet."""


@runtime_checkable
class BlockSource(Protocol):
    """A market followed block by block, on a chain whose newest blocks may be replaced by others."""

    @property
    def identity(self) -> ChainIdentity: ...

    @property
    def start_block(self) -> int:
        """Where the first read begins."""

    async def locate(self, cursor: Cursor) -> Located:
        """Where a cursor stands on the chain as it is now. Raises TransientError when the source is away or behind."""

    async def scan(self, located: Located, bids: StandingBids) -> Scan:
        """Some of the blocks after it, a bounded number; `bids` is what stood then, and follows what was read."""

    async def punks(self) -> pl.DataFrame:
        """The 10,000 punks (`PUNK_SCHEMA`)."""

    async def eth_usd(self, after: date | None, until: date) -> pl.DataFrame:
        """ETH/USD closes (`ETH_USD_SCHEMA`) of the days after `after`, up to and including `until`. May be empty."""

    async def close(self) -> None:
        """End its connections."""


def source_of(settings: Settings) -> MarketSource | BlockSource:
    """The source that the settings name. Raises InvalidInputError as `open_source` does."""
    nodes = settings.rpc_urls.get_secret_value() if settings.rpc_urls else ""
    return open_source(settings.source_url, rpc_urls=nodes, price_url=settings.price_url)


def open_source(url: str, *, rpc_urls: str = "", price_url: str = COINBASE) -> MarketSource | BlockSource:
    """The source that `url` names.

    `files:///dir` reads event files; `simulated://?seed=7&days=365&start=2024-01-01` plays a simulated
    market whose history begins 250 days (`history_days`) before `start` (`docs/simulated-market.md`
    tells its other parameters, `regime_break` and `bad_data`); `ethereum+https://host/path` follows the market through
    a node, and through those of `rpc_urls` (see `ethereum.options`).

    Raises:
        InvalidInputError: an unknown scheme or parameter, or files that break a rule.
    """
    scheme = urlsplit(url).scheme
    # Imported here because the implementations are heavier than the protocols, and a process uses only one.
    if scheme == "files":
        return _files(url)
    if scheme == "simulated":
        return _simulated(url)
    if scheme.partition("+")[0] == "ethereum":
        from shared.sources.ethereum.options import open_ethereum  # noqa: PLC0415

        return open_ethereum(url, rpc_urls=rpc_urls, price_url=price_url)
    raise InvalidInputError(
        f"source {url.partition('?')[0]!r}: unknown scheme; use files:///path/to/directory, simulated://?seed=7 or "
        "ethereum+https://host/path"
    )


def _files(url: str) -> MarketSource:
    from shared.sources.event_files import EventFileSource  # noqa: PLC0415

    parts = urlsplit(url)
    if parts.query or not (parts.netloc + parts.path):
        raise InvalidInputError(f"source {url!r}: expected files:///path/to/directory")
    return EventFileSource(Path(unquote(parts.netloc + parts.path)))


def _simulated(url: str) -> MarketSource:
    from shared.sources.simulated import SimulatedMarket  # noqa: PLC0415

    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    numbers = {"seed": 7, "days": 365, "history_days": 250, "assets": PUNKS}
    known = (*numbers, "start", "regime_break", "bad_data")
    if set(options) - set(known) or parts.netloc or parts.path.strip("/"):
        raise InvalidInputError(f"source {url!r}: only {', '.join(known[:-1])} and {known[-1]} may be given")
    try:
        numbers = {name: int(options.get(name, default)) for name, default in numbers.items()}
        start = date.fromisoformat(options.get("start", "2024-01-01"))
        broken = options.get("regime_break")
        regime_break = None if broken is None else date.fromisoformat(broken)
    except ValueError as error:
        raise InvalidInputError(f"source {url!r}: {error}") from error
    if numbers.pop("assets") != PUNKS:
        raise InvalidInputError(
            f"source {url!r}: the platform knows the punks 0 to {PUNKS - 1} only; markets of other sizes come "
            "from shared.sources.simulation.market.generate, for measurements in memory"
        )
    return SimulatedMarket(
        start=datetime.combine(start, datetime.min.time(), tzinfo=UTC),
        regime_break=regime_break,
        bad_data=[kind for kind in options.get("bad_data", "").split(",") if kind],
        **numbers,
    )
