"""The market's board the slow way: one dictionary per thing, one event at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from shared.market.event_types import OWNER_CHANGES
from shared.market.offers import EVENT_COLUMNS, OfferBook
from shared.market.series_rows import ACQUISITION_KINDS


@dataclass
class PlainBoard:
    """What stands strictly before an instant. Prices in ETH, times in UTC seconds.

    Attributes:
        asks: public ask and when it was placed, by punk.
        bids: standing bid, by punk.
        owners: address and how it came to the punk, by punk.
    """

    asks: dict[int, tuple[float, int]] = field(default_factory=dict)
    bids: dict[int, float] = field(default_factory=dict)
    owners: dict[int, tuple[str, int]] = field(default_factory=dict)


def plain_board(events: pl.DataFrame, as_of: int) -> PlainBoard:
    """The board just before `as_of`."""
    board, offers = PlainBoard(), OfferBook[int]()
    known = events.with_columns(pl.col("timestamp").dt.epoch("s")).filter(pl.col("timestamp") < as_of)
    for time, *event in known.select("timestamp", *EVENT_COLUMNS).iter_rows():
        offers.apply(time, *event)
        punk, kind, _, _, receiver, sale_kind = event
        if kind in OWNER_CHANGES:
            board.owners[punk] = (receiver, ACQUISITION_KINDS[sale_kind or kind])
    board.asks = {ask.punk_id: (ask.price_wei / 1e18, ask.since) for ask in offers.asks()}
    board.bids = {punk: bid.price_wei / 1e18 for punk, bid in offers.bids.items()}
    return board
