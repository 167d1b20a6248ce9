"""Where market events come from, chosen by URL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import polars as pl

from shared.errors import InvalidInputError
from shared.market.reference_data import PUNK_COUNT


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
    market whose history begins 250 days (`history_days`) before `start`. `docs/simulated-market.md` tells its
    other parameters, `regime_break` and `bad_data`.

    Raises:
        InvalidInputError: an unknown scheme or parameter, or files that break a rule.
    """
    # Imported here because the implementations are heavier than the protocol, and a process uses only one.
    from shared.market.event_files import EventFileSource  # noqa: PLC0415

    parts = urlsplit(url)
    if parts.scheme == "files":
        if parts.query or not (parts.netloc + parts.path):
            raise InvalidInputError(f"source {url!r}: expected files:///path/to/directory")
        return EventFileSource(Path(unquote(parts.netloc + parts.path)))
    if parts.scheme == "simulated":
        return _simulated(url, parts)
    raise InvalidInputError(f"source {url!r}: unknown scheme; use files:///path/to/directory or simulated://?seed=7")


def _simulated(url: str, parts: SplitResult) -> MarketSource:
    from shared.market.simulated import SimulatedMarket  # noqa: PLC0415

    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    numbers = {"seed": 7, "days": 365, "history_days": 250, "assets": PUNK_COUNT}
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
    if numbers.pop("assets") != PUNK_COUNT:
        raise InvalidInputError(
            f"source {url!r}: the platform knows the punks 0 to {PUNK_COUNT - 1} only; markets of other sizes come "
            "from shared.market.simulation.market.generate, for measurements in memory"
        )
    return SimulatedMarket(
        start=datetime.combine(start, datetime.min.time(), tzinfo=UTC),
        regime_break=regime_break,
        bad_data=[kind for kind in options.get("bad_data", "").split(",") if kind],
        **numbers,
    )
