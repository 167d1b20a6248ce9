"""Small valid event frames to break in tests."""

from datetime import UTC, datetime, timedelta

import polars as pl

from shared.market.events import EVENT_SCHEMA

ALICE = "0x" + "a" * 40
BOB = "0x" + "b" * 40


def event_rows(count: int = 6, *, first_block: int = 4_000_000) -> pl.DataFrame:
    """`count` events, one per block, cycling through listing, bid, sale, transfer, withdrawal, delisting."""
    kinds = [("listed", "bid", "sale", "transfer", "bid_withdrawn", "delisted")[row % 6] for row in range(count)]
    began = datetime(2017, 7, 1, tzinfo=UTC) + timedelta(seconds=12 * (first_block - 4_000_000))
    rows = [
        (
            began + timedelta(seconds=12 * row), first_block + row, row % 7, 3 * row, row % 10_000, kind,
            None if kind in ("transfer", "delisted") else str(10**18 + row), ALICE,
            BOB if kind in ("sale", "transfer") else None, "buy" if kind == "sale" else None, f"0x{row:064x}",
        )
        for row, kind in enumerate(kinds)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row")


def with_value(frame: pl.DataFrame, row: int, column: str, value: object) -> pl.DataFrame:
    """The frame with one value replaced; `row` counts from 0."""
    values = frame[column].to_list()
    values[row] = value
    return frame.with_columns(pl.Series(column, values, dtype=frame.schema[column], strict=False))
