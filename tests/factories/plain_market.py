"""What stands and what was offered, the slow way: one event at a time, or by searching what ends an offer."""

from dataclasses import dataclass, field
from typing import NamedTuple

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


_NEW_OWNER = ("claim", "sale", "transfer", "wrap", "unwrap")


class PlainOffer(NamedTuple):
    """`since` and `until` are sequence numbers."""

    punk_id: int
    kind: str
    price_wei: int
    maker: str | None
    taker: str | None
    since: int
    until: int | None
    ended_by: str | None


def plain_offers(events: pl.DataFrame) -> list[PlainOffer]:
    """Every offer there was, by the event that placed it; events as `market.busy_events` makes them."""
    offers = []
    rows = events.rows(named=True)
    for place, event in enumerate(rows):
        later = [one for one in rows[place + 1 :] if one["punk_id"] == event["punk_id"]]
        price, taker = int(event["price_wei"] or 0), event["to_address"]
        if event["event_type"] == "listed":
            kind = "private" if taker or not price else "ask"
            ending = (one for one in later if one["event_type"] in ("listed", "delisted", *_NEW_OWNER))
        elif event["event_type"] == "bid" and price:
            kind = "bid"
            ending = (one for one in later if _ends_bid(one, event["from_address"]))
        else:
            continue
        end = next(ending, {"seq": None, "event_type": None})
        offers.append(
            PlainOffer(
                event["punk_id"], kind, price, event["from_address"], taker, event["seq"], end["seq"], end["event_type"]
            )
        )
    return offers


def _ends_bid(event: dict[str, object], bidder: str) -> bool:
    if event["event_type"] in ("bid", "bid_withdrawn"):
        return True
    return (event["event_type"] in _NEW_OWNER and bidder == event["to_address"]) or event["sale_kind"] == "accept_bid"
