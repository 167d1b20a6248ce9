"""The order book as frames: where each punk stands at the end of some events, and the floor of every day."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import polars as pl

from shared.market.event_types import OWNER_CHANGES, SALE
from shared.market.offers import ASK, EVENT_COLUMNS, OfferBook
from shared.market.order_book import AskBook
from shared.units import WEI_PER_ETH

_INSTANT: Final = pl.Datetime("us", "UTC")
BOOK_SCHEMA: Final[dict[str, pl.DataType]] = {
    "punk_id": pl.Int32(),
    "owner": pl.String(),
    "owner_since": _INSTANT,
    "ask_wei": pl.String(),
    "private_ask_wei": pl.String(),
    "private_buyer": pl.String(),
    "listed_since": _INSTANT,
    "bid_wei": pl.String(),
    "bidder": pl.String(),
    "bid_since": _INSTANT,
    "last_sale_wei": pl.String(),
    "last_sale_time": _INSTANT,
    "last_sale_kind": pl.String(),
}
"""`private_ask_wei` is the price of a listing that only `private_buyer` can take, or that asks nothing (a gift)."""
FLOOR_SCHEMA: Final[dict[str, pl.DataType]] = {
    "date": pl.Date(),
    "floor_eth": pl.Float64(),
    "floor_punk": pl.Int64(),
    "active_asks": pl.Int64(),
}
"""`active_asks` counts private listings too; floor and floor punk are null without a public ask."""


def book_after(events: pl.DataFrame) -> pl.DataFrame:
    """Every punk of `events` (`EVENT_SCHEMA`, contract order) as they leave it: `BOOK_SCHEMA`, lowest ask first."""
    book: OfferBook[int] = OfferBook()
    for event in events.select(pl.col("timestamp").dt.epoch("us"), *EVENT_COLUMNS).iter_rows():
        book.apply(*event)
    listings = [
        (punk, str(price), None, None, since) if kind == ASK else (punk, None, str(price), taker, since)
        for punk, kind, price, _, taker, since in book.listings.values()
    ]
    bids = [(punk, str(price), bidder, since) for punk, _, price, bidder, _, since in book.bids.values()]
    owned = _last(events, pl.col("event_type").is_in(OWNER_CHANGES))
    sold = _last(events, pl.col("event_type") == SALE)
    parts = (
        owned.select("punk_id", owner="to_address", owner_since="timestamp"),
        _frame(listings, ("ask_wei", "private_ask_wei", "private_buyer", "listed_since")),
        _frame(bids, ("bid_wei", "bidder", "bid_since")),
        sold.select("punk_id", last_sale_wei="price_wei", last_sale_time="timestamp", last_sale_kind="sale_kind"),
    )
    punks = events.select(pl.col("punk_id").unique())
    for part in parts:
        punks = punks.join(part, on="punk_id", how="left")
    # Decimal text without leading zeros has the order of its numbers by length, then by digits.
    asked = pl.col("ask_wei")
    return punks.select(BOOK_SCHEMA.keys()).sort(asked.str.len_bytes(), asked, "punk_id", nulls_last=True)


def daily_floor(events: pl.DataFrame) -> pl.DataFrame:
    """The floor at the end of each day (UTC) from the first event to the last: `FLOOR_SCHEMA`.

    Among equal asks the lowest punk is the floor punk.
    """
    if events.is_empty():
        return pl.DataFrame(schema=FLOOR_SCHEMA)
    days = pl.date_range(events["timestamp"][0].date(), events["timestamp"][-1].date(), eager=True)
    ends = (days + timedelta(days=1)).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    counts = events["timestamp"].search_sorted(ends, side="left")
    book, asks, rows, folded = OfferBook[None](), AskBook(), [], 0
    columns = events.select(EVENT_COLUMNS)
    for day, count in zip(days, counts, strict=True):
        for event in columns[folded:count].iter_rows():
            book.apply(None, *event)
            ask = book.ask(event[0])
            asks.move(event[0], None if ask is None else ask.price_wei)
        folded = count
        floor = asks.floor()
        price, punk = (floor[0] / WEI_PER_ETH, floor[1]) if floor else (None, None)
        rows.append((day, price, punk, len(book.listings)))
    return pl.DataFrame(rows, schema=FLOOR_SCHEMA, orient="row")


def in_eth(wei: pl.Series) -> pl.Series:
    """Wei as decimal text in ETH. (Polars divides by multiplying with 1e-18, which is not the nearest float.)"""
    return pl.Series([None if text is None else int(text) / WEI_PER_ETH for text in wei.to_list()], dtype=pl.Float64)


def _last(events: pl.DataFrame, which: pl.Expr) -> pl.DataFrame:
    return events.filter(which).unique("punk_id", keep="last", maintain_order=True)


def _frame(rows: Sequence[tuple[object, ...]], names: tuple[str, ...]) -> pl.DataFrame:
    """Rows of a punk and `names`; instants are microseconds."""
    schema = {name: BOOK_SCHEMA[name] for name in ("punk_id", *names)}
    plain = {name: pl.Int64() if dtype == _INSTANT else dtype for name, dtype in schema.items()}
    return pl.DataFrame(rows, schema=plain, orient="row").cast(pl.Schema(schema))
