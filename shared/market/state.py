"""The market as of any instant, straight from a frame of events, without folding them one by one.

Everything here looks strictly before its instant. It is the vectorised twin of the incremental `MarketTimeline`; a
test compares the two. Prices are compared as exact wei: decimal text without leading zeros sorts by length, then by
its digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from shared.market.event_types import ACCEPT_BID, BID, BID_WITHDRAWN, DELISTED, LISTED, OWNER_CHANGES, SALE
from shared.market.traits import Traits
from shared.units import WEI_PER_ETH

_PLACE: Final = "place"
_ENDS_LISTING: Final = (*OWNER_CHANGES, DELISTED, LISTED)

PUNK_STATE_SCHEMA: Final[dict[str, pl.DataType]] = {
    "punk_id": pl.Int32(),
    "owner": pl.String(),
    "owner_since": pl.Datetime("us", "UTC"),
    "ask_wei": pl.String(),
    "private_ask_wei": pl.String(),
    "private_buyer": pl.String(),
    "listed_since": pl.Datetime("us", "UTC"),
    "bid_wei": pl.String(),
    "bidder": pl.String(),
    "bid_since": pl.Datetime("us", "UTC"),
    "last_sale_wei": pl.String(),
    "last_sale_time": pl.Datetime("us", "UTC"),
    "last_sale_kind": pl.String(),
}
"""One row per punk that anything ever happened to. `ask_wei` is a public ask, `private_ask_wei` one that only
`private_buyer` can take, or that asks nothing (a gift); `listed_since` is when the present listing was placed."""


@dataclass(frozen=True)
class MarketState:
    """Owners, listings, bids and last sales as of `as_of` (exclusive).

    Attributes:
        punks: `PUNK_STATE_SCHEMA`, by punk.
        book: public asks ascending (equal prices by punk): `punk_id, ask_wei, ask_eth`.
    """

    as_of: datetime
    punks: pl.DataFrame
    book: pl.DataFrame

    @property
    def listings(self) -> int:
        """How many listings stand, private ones and gifts included."""
        return int(self.punks["listed_since"].count())

    def floor(self, without: int | None = None) -> tuple[int, int] | None:
        """Lowest public ask in wei and its punk, leaving out the punk `without`; None when there is none."""
        for punk, wei in self.book.select("punk_id", "ask_wei").head(2).iter_rows():
            if punk != without:
                return int(wei), punk
        return None

    def ladder(self, ranks: list[int]) -> list[float | None]:
        """The k-th lowest ask in ETH for each rank from 1; None beyond the book."""
        prices = self.book["ask_eth"]
        return [prices[rank - 1] if rank <= len(prices) else None for rank in ranks]

    def wall(self, above_floor: list[float]) -> pl.DataFrame:
        """Depth of the ask wall: for each share above the floor (0.05: up to 5 % above it), how many asks lie there
        and what they ask together: `above_floor, asks, eth`."""
        prices = self.book["ask_eth"]
        floor = prices[0] if len(prices) else 0.0
        within = [prices.filter(prices <= floor * (1.0 + share)) for share in above_floor]
        return pl.DataFrame(
            {
                "above_floor": above_floor,
                "asks": [len(part) for part in within],
                "eth": [part.sum() for part in within],
            },
            schema={"above_floor": pl.Float64, "asks": pl.Int64, "eth": pl.Float64},
        )

    def trait_floors(self, traits: Traits) -> pl.DataFrame:
        """Per trait with a public ask: `trait, asks, floor_wei, floor_punk, second_wei` (null: a single ask)."""
        held = pl.DataFrame(
            {"punk_id": range(len(traits.trait_lists)), "trait": traits.trait_lists},
            schema={"punk_id": pl.Int32, "trait": pl.List(pl.Int64)},
        ).explode("trait")
        return (
            self.book.join(held, on="punk_id", how="inner", maintain_order="left")
            .group_by("trait", maintain_order=True)
            .agg(
                asks=pl.len(),
                floor_wei=pl.col("ask_wei").first(),
                floor_punk=pl.col("punk_id").first(),
                second_wei=pl.col("ask_wei").get(1, null_on_oob=True),
            )
            .sort("trait")
        )


def state_at(events: pl.DataFrame, as_of: datetime) -> MarketState:
    """The market strictly before `as_of`, from events in contract order (`EVENT_SCHEMA`, further columns ignored)."""
    # Events are in order of time, so that what is known is a beginning of the frame.
    known = events.head(int(events["timestamp"].search_sorted(as_of, side="left"))).with_row_index(_PLACE)
    owned = _last(known, pl.col("event_type").is_in(OWNER_CHANGES)).select(
        "punk_id", owner="to_address", owner_since="timestamp"
    )
    sold = _last(known, pl.col("event_type") == SALE).select(
        "punk_id", last_sale_wei="price_wei", last_sale_time="timestamp", last_sale_kind="sale_kind"
    )
    public = is_public_ask()
    listed = (
        _last(known, pl.col("event_type").is_in(_ENDS_LISTING))
        .filter(pl.col("event_type") == LISTED)
        .select(
            "punk_id",
            ask_wei=pl.when(public).then("price_wei"),
            private_ask_wei=pl.when(~public).then("price_wei"),
            private_buyer="to_address",
            listed_since="timestamp",
        )
    )
    punks = known.select(pl.col("punk_id").unique().sort())
    for part in (owned, listed, _standing_bids(known), sold):
        punks = punks.join(part, on="punk_id", how="left", maintain_order="left")
    punks = punks.select(PUNK_STATE_SCHEMA.keys())
    asks = punks.filter(pl.col("ask_wei").is_not_null()).select("punk_id", "ask_wei")
    book = asks.sort(*exact_order("ask_wei"), "punk_id")
    return MarketState(as_of=as_of, punks=punks, book=book.with_columns(ask_eth=in_eth(book["ask_wei"])))


def is_public_ask() -> pl.Expr:
    """Whether a listing is an ask that anybody can take: one for nothing is a gift or a custody move."""
    return pl.col("to_address").is_null() & (pl.col("price_wei") != "0")


def exact_order(column: str) -> tuple[pl.Expr, pl.Expr]:
    """What to sort by for the exact order of amounts given as decimal text."""
    return pl.col(column).str.len_bytes(), pl.col(column)


def in_eth(wei: pl.Series) -> pl.Series:
    """Wei as decimal text in ETH. (Polars divides by multiplying with 1e-18, which is not the nearest float.)"""
    return pl.Series([None if text is None else int(text) / WEI_PER_ETH for text in wei.to_list()], dtype=pl.Float64)


def _last(events: pl.DataFrame, which: pl.Expr) -> pl.DataFrame:
    return events.filter(which).unique("punk_id", keep="last", maintain_order=True)


def _standing_bids(known: pl.DataFrame) -> pl.DataFrame:
    """The bid on each punk that is neither replaced, withdrawn nor accepted, and whose bidder did not get the punk
    another way."""
    bids = _last(known, pl.col("event_type") == BID).select(
        "punk_id", bid_wei="price_wei", bidder="from_address", bid_since="timestamp", bid_place=_PLACE
    )
    kind = pl.col("event_type")
    got_it = kind.is_in(OWNER_CHANGES) & (pl.col("to_address") == pl.col("bidder"))
    ended = (
        known.filter(kind.is_in((*OWNER_CHANGES, BID_WITHDRAWN)))
        .select("punk_id", "event_type", "to_address", "sale_kind", _PLACE)
        .join(bids, on="punk_id", how="inner")
        .filter(pl.col(_PLACE) > pl.col("bid_place"))
        .filter((kind == BID_WITHDRAWN) | (pl.col("sale_kind") == ACCEPT_BID) | got_it)
    )
    return bids.join(ended.select("punk_id"), on="punk_id", how="anti").drop("bid_place")
