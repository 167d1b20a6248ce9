"""Small valid event frames to break in tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from shared.market.events import EVENT_SCHEMA

ALICE = "0x" + "a" * 40
BOB = "0x" + "b" * 40


def event_rows(count: int = 6, *, first_block: int = 4_000_000) -> pl.DataFrame:
    """`count` events, one per block, cycling through listing, bid, sale, transfer, withdrawal, delisting."""
    kinds = ("listed", "bid", "sale", "transfer", "bid_withdrawn", "delisted")
    began = datetime(2017, 7, 1, tzinfo=UTC)
    rows = []
    for index in range(count):
        kind = kinds[index % len(kinds)]
        rows.append(
            {
                "timestamp": began + timedelta(seconds=12 * (first_block - 4_000_000 + index)),
                "block": first_block + index,
                "tx_index": index % 7,
                "log_index": 3 * index,
                "punk_id": index % 10_000,
                "event_type": kind,
                "price_wei": str(10**18 + index) if kind in ("listed", "bid", "sale", "bid_withdrawn") else None,
                "from_address": ALICE,
                "to_address": BOB if kind in ("sale", "transfer") else None,
                "sale_kind": "buy" if kind == "sale" else None,
                "tx_hash": f"0x{index:064x}",
            }
        )
    return pl.DataFrame(rows, schema=EVENT_SCHEMA)


def with_value(frame: pl.DataFrame, row: int, column: str, value: object) -> pl.DataFrame:
    """The frame with one value replaced; `row` counts from 0."""
    values = frame[column].to_list()
    values[row] = value
    return frame.with_columns(pl.Series(column, values, dtype=frame.schema[column], strict=False))
