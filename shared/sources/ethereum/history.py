"""Decoding logs that are not the whole history, with events that are known from elsewhere in between."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import polars as pl

from shared.market.events import contract_keys, empty_events
from shared.sources.ethereum.bids import StandingBids
from shared.sources.ethereum.contract import MARKET_ADDRESS
from shared.sources.ethereum.decoder import decode

NEVER_SILENT_FOR: Final = timedelta(days=7)
"""The market was never silent for four days from its beginning to 2025: a week without events is a gap in the data."""


def decode_with_history(logs: pl.DataFrame, history: pl.DataFrame, *, market: str = MARKET_ADDRESS) -> pl.DataFrame:
    """The events (`EVENT_SCHEMA`) of these logs only, decoded on top of what `history` tells of the time around them.

    `history` (`EVENT_SCHEMA`) may be longer than the logs and overlap them: of its events those count that come
    before a log and are at none of the logs' places. So pages from different years can be decoded at once.

    Raises:
        InvalidInputError: a log of the market that its contract cannot have emitted.
        MissingBidsError: an accepted bid that neither the logs nor the history know.
    """
    places = ["block", "log_index"]
    between = history.join(logs, on=places, how="anti", maintain_order="left")
    # How many events of the history come before each log: where that number grows, they are followed first.
    before = contract_keys(between).search_sorted(contract_keys(logs), side="left")
    bids, followed, decoded = StandingBids(), 0, [empty_events()]
    for (count,), part in logs.group_by(before.alias("before"), maintain_order=True):
        bids.advance(between[followed:count])
        decoded.append(decode(part, bids, market=market))
        followed = int(count)
    return pl.concat(decoded)


def followed_by(history: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    """Both (`EVENT_SCHEMA`, in contract order) as one history; `later` counts from the end of `history` on."""
    if history.is_empty():
        return later
    return pl.concat([history, later.filter(contract_keys(later) > contract_keys(history)[-1])])


def longest_gap(logs: pl.DataFrame, history: pl.DataFrame) -> tuple[datetime, datetime] | None:
    """Begin and end of the longest time before the last log, and after the first event, of which nothing is known.

    None when it is shorter than `NEVER_SILENT_FOR`. A bid raised within a gap is accepted after it at the old price.
    """
    if logs.is_empty():
        return None
    known = pl.concat(
        [history["timestamp"].filter(contract_keys(history) < contract_keys(logs)[-1]), logs["timestamp"]]
    )
    gaps = pl.DataFrame({"end": known.sort()}).with_columns(begin=pl.col("end").shift())
    longest = gaps.filter(pl.col("end") - pl.col("begin") > NEVER_SILENT_FOR).sort(pl.col("end") - pl.col("begin"))
    return None if longest.is_empty() else (longest["begin"][-1], longest["end"][-1])
