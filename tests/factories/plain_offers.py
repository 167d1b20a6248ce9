"""The rule of offers by its definition: for each event that places one, search for the event that ends it."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

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
    """Every offer there was, by the event that placed it; events as `busy_market` makes them."""
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
