"""Decoding of logs that are a part of the history, with the events around them from elsewhere."""

from datetime import datetime, timedelta
from typing import Final

import polars as pl

from shared.market.events import contract_keys, empty_events
from shared.sources.ethereum.bids import StandingBids
from shared.sources.ethereum.contract import MARKET_ADDRESS
from shared.sources.ethereum.decoder import decode

NEVER_SILENT_FOR: Final = timedelta(days=7)
"""A week without events is a gap in the data: up to 2025, the market was never silent for four days."""


def decode_with_history(logs: pl.DataFrame, history: pl.DataFrame, *, market: str = MARKET_ADDRESS) -> pl.DataFrame:
    """The events (`EVENT_SCHEMA`) of these logs, decoded with the bids and owners of `history`.

    `history` (`EVENT_SCHEMA`) may overlap the logs or extend beyond them; only its events before a log and between the
    logs count. So pages from different years can be decoded together.

    Raises:
        InvalidInputError: a log that the market's contract cannot have emitted.
        MissingBidsError: an accepted bid that is neither in the logs nor in the history.
    """
    between = history.join(logs, on=["block", "log_index"], how="anti", maintain_order="left")
    # Logs with the same number of earlier events in the history form a part.
    before = contract_keys(between).search_sorted(contract_keys(logs), side="left")
    bids, applied, decoded = StandingBids(), 0, [empty_events()]
    for (count,), part in logs.group_by(before.alias("before"), maintain_order=True):
        bids.advance(between[applied:count])
        decoded.append(decode(part, bids, market=market))
        applied = int(count)
    return pl.concat(decoded)


def followed_by(history: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """Both frames (`EVENT_SCHEMA`, in contract order) as one; of `later`, only the events after `history`."""
    if history.is_empty():
        return later
    return pl.concat([history, later.filter(contract_keys(later) > contract_keys(history)[-1])])


def longest_gap(logs: pl.DataFrame, history: pl.DataFrame) -> tuple[datetime, datetime] | None:
    """Begin and end of the longest time without events between the first event and the last log.

    None if it is shorter than `NEVER_SILENT_FOR`. If a bid was raised within a gap, its acceptance gets the old price.
    """
    if logs.is_empty():
        return None
    known = pl.concat(
        [history["timestamp"].filter(contract_keys(history) < contract_keys(logs)[-1]), logs["timestamp"]]
    )
    gaps = pl.DataFrame({"end": known.sort()}).with_columns(begin=pl.col("end").shift())
    longest = gaps.filter(pl.col("end") - pl.col("begin") > NEVER_SILENT_FOR).sort(pl.col("end") - pl.col("begin"))
    return None if longest.is_empty() else (longest["begin"][-1], longest["end"][-1])
