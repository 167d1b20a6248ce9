"""Where market events come from, chosen by URL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import polars as pl

from shared.errors import InvalidInputError


class MarketSource(Protocol):
    """Market events in contract order, and what goes with them."""

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


def open_source(url: str) -> MarketSource:
    """The source that `url` names.

    `files:///dir` reads event files; `simulated://?seed=7&days=365&start=2024-01-01` plays a simulated
    market whose history begins 250 days (`history_days`) before `start`.

    Raises:
        InvalidInputError: an unknown scheme or parameter, or files that break a rule.
    """
    # Imported here because the implementations are heavier than the protocol, and a process uses only one.
    from shared.market.event_files import EventFileSource  # noqa: PLC0415
    from shared.market.simulated import SimulatedMarket  # noqa: PLC0415

    parts = urlsplit(url)
    if parts.scheme == "files":
        if parts.query or not (parts.netloc + parts.path):
            raise InvalidInputError(f"source {url!r}: expected files:///path/to/directory")
        return EventFileSource(Path(unquote(parts.netloc + parts.path)))
    if parts.scheme == "simulated":
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        known = {"seed": 7, "days": 365, "history_days": 250}
        start = options.pop("start", "2024-01-01")
        unknown = sorted(set(options) - set(known))
        if unknown or parts.netloc or parts.path.strip("/"):
            raise InvalidInputError(f"source {url!r}: only seed, days, history_days and start may be given")
        try:
            numbers = {name: int(options.get(name, default)) for name, default in known.items()}
            began = datetime.combine(date.fromisoformat(start), datetime.min.time(), tzinfo=UTC)
        except ValueError as error:
            raise InvalidInputError(f"source {url!r}: {error}") from error
        return SimulatedMarket(start=began, **numbers)
    raise InvalidInputError(f"source {url!r}: unknown scheme; use files:///path/to/directory or simulated://?seed=7")
