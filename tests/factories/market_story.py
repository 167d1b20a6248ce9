"""Market events written one after the other, for tests in which who did what to whom matters."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from shared.market.events import EVENT_SCHEMA, validate

BEGAN = datetime(2024, 5, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """One event, a minute after the one before, or `after` it, or `at` this long after the beginning; events with
    the same `tx` share transaction, block and time. `eth` is the price; `accepted` a bid's acceptance."""

    kind: str
    punk: int
    eth: float | None = None
    sender: str | None = None
    receiver: str | None = None
    tx: int | None = None
    after: timedelta = timedelta(minutes=1)
    at: timedelta | None = None
    accepted: bool = False


def event_frame(*story: Event) -> pl.DataFrame:
    """The events as a valid frame with `seq` from 1."""
    rows = []
    now, block, tx = BEGAN, 20_000_000, None
    for place, event in enumerate(story):
        if event.tx is None or event.tx != tx:
            now = BEGAN + event.at if event.at is not None else now + event.after
            block += 1
        tx = event.tx
        sold = "accept_bid" if event.accepted else "buy"
        rows.append(
            {
                "timestamp": now,
                "block": block,
                "tx_index": 0,
                "log_index": place,
                "punk_id": event.punk,
                "event_type": event.kind,
                "price_wei": None if event.eth is None else str(round(event.eth * 10**9) * 10**9),
                "from_address": event.sender,
                "to_address": event.receiver,
                "sale_kind": sold if event.kind == "sale" else None,
                "tx_hash": f"0x{block:064x}",
            }
        )
    frame = validate(pl.DataFrame(rows, schema=EVENT_SCHEMA), "story")
    return frame.with_row_index("seq", offset=1).with_columns(pl.col("seq").cast(pl.Int64))
