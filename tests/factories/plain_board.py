"""The market's board told the slow way: one dictionary per thing, one event at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from shared.market.marks import WAYS


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
    board, bidders = PlainBoard(), dict[int, str]()
    for event in events.filter(pl.col("timestamp").dt.epoch("s") < as_of).iter_rows(named=True):
        punk, kind, receiver = event["punk_id"], event["event_type"], event["to_address"]
        eth = None if event["price_wei"] is None else int(event["price_wei"]) / 1e18
        if kind in ("listed", "delisted"):
            board.asks.pop(punk, None)
            if kind == "listed" and receiver is None and eth:
                board.asks[punk] = (eth, int(event["timestamp"].timestamp()))
        elif kind == "bid":
            board.bids.pop(punk, None)
            bidders[punk] = event["from_address"]
            if eth:
                board.bids[punk] = eth
        elif kind == "bid_withdrawn":
            board.bids.pop(punk, None)
            bidders.pop(punk, None)
        else:
            board.asks.pop(punk, None)
            board.owners[punk] = (receiver, WAYS[event["sale_kind"] or kind])
            if event["sale_kind"] == "accept_bid" or bidders.get(punk) == receiver:
                board.bids.pop(punk, None)
                bidders.pop(punk, None)
    return board
