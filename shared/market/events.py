"""The canonical frame of market events, and the rules for the events of every source.

A frame is in contract order: strictly increasing by `(block, log_index)`. `price_wei` is exact decimal text.
`from_address` and `to_address` are the addresses in the log: seller and buyer of a sale, previous and new owner of a
transfer, and the only allowed buyer of a private listing (null for a public one).
"""

from functools import cache
from typing import Final

import numpy as np
import polars as pl

from shared.contracts.messages import EARLIEST_INSTANT
from shared.market.event_types import EVENT_TYPES, LISTED, OWNER_CHANGES, PRICED_TYPES, SALE, SALE_KINDS, ZERO_ADDRESS
from shared.market.frame_columns import INSTANT
from shared.market.frame_rules import CheckedFrame, Rule, first_true
from shared.market.traits import PUNKS

EVENT_SCHEMA: Final[dict[str, pl.DataType]] = {
    "timestamp": INSTANT,
    "block": pl.Int64(),
    "tx_index": pl.Int64(),
    "log_index": pl.Int64(),
    "punk_id": pl.Int32(),
    "event_type": pl.String(),
    "price_wei": pl.String(),
    "from_address": pl.String(),
    "to_address": pl.String(),
    "sale_kind": pl.String(),
    "tx_hash": pl.String(),
}

_LARGEST_BLOCK: Final = 2**32 - 1
_LARGEST_INDEX: Final = 2**31 - 1
ADDRESS: Final = r"^0x[0-9a-f]{40}$"
HASH: Final = r"^0x[0-9a-f]{64}$"


def empty_events() -> pl.DataFrame:
    """A frame without events."""
    return pl.DataFrame(schema=EVENT_SCHEMA)


def contract_keys(frame: pl.DataFrame) -> pl.Series:
    """`(block, log_index)` of each event as one integer that sorts in contract order (i64)."""
    return frame["block"].cast(pl.Int64) * 2**31 + frame["log_index"].cast(pl.Int64)


def contract_key(block: int, log_index: int) -> int:
    """The key of one event, comparable with `contract_keys`."""
    return block * 2**31 + log_index


def validate(frame: pl.DataFrame, where: str, *, punk_count: int = PUNKS) -> pl.DataFrame:
    """The frame in canonical columns and types, after all rules hold; `where` names the file in errors.

    Columns are converted if nothing is lost, and other columns are left out. Hexadecimal text becomes lower-case, and a
    listing to the zero address becomes public. `punk_count` bounds the punk ids; only measurements of large simulated
    markets pass another one than the platform's.

    Raises:
        InvalidInputError: everything that is wrong, with file, row (from 1) and column.
    """
    checked = CheckedFrame(frame, EVENT_SCHEMA, where)
    checked.frame = _normalised(checked.frame)
    checked.check_rows(_row_rules(punk_count))
    if not checked.wrong("", "block", "log_index"):
        _check_order(checked)
    return checked.valid()


def _normalised(frame: pl.DataFrame) -> pl.DataFrame:
    receiver = pl.col("to_address").str.to_lowercase()
    return frame.with_columns(
        pl.col("from_address", "tx_hash").str.to_lowercase(),
        pl.when((pl.col("event_type") == LISTED) & (receiver == ZERO_ADDRESS))
        .then(None)
        .otherwise(receiver)
        .alias("to_address"),
        # One text per number: the database returns "007" as "7".
        pl.col("price_wei").str.replace(r"^0+([0-9])", "$1"),
    )


@cache
def _row_rules(punk_count: int) -> list[Rule]:
    event_type, price = pl.col("event_type"), pl.col("price_wei")
    required = ("timestamp", "block", "tx_index", "log_index", "punk_id", "event_type", "tx_hash")
    largest = {"block": _LARGEST_BLOCK, "tx_index": _LARGEST_INDEX, "log_index": _LARGEST_INDEX}
    addresses, owner_required = ("from_address", "to_address"), event_type.is_in(OWNER_CHANGES)
    return [
        *((name, pl.col(name).is_null(), "must not be empty") for name in required),
        ("punk_id", ~pl.col("punk_id").is_between(0, punk_count - 1), f"must be a punk from 0 to {punk_count - 1}"),
        ("event_type", ~event_type.is_in(EVENT_TYPES), f"must be one of {', '.join(EVENT_TYPES)}"),
        ("timestamp", pl.col("timestamp") < EARLIEST_INSTANT, f"must not be before the contract ({EARLIEST_INSTANT})"),
        *((name, ~pl.col(name).is_between(0, most), f"must be from 0 to {most}") for name, most in largest.items()),
        ("price_wei", price.str.starts_with("-"), "must not be negative"),
        ("price_wei", ~price.str.contains(r"^[0-9]{1,78}$"), "must be wei as decimal text of at most 78 digits"),
        ("price_wei", event_type.is_in(PRICED_TYPES) & price.is_null(), "is required for listed, bid and sale"),
        ("sale_kind", (event_type == SALE) & pl.col("sale_kind").is_null(), "is required for a sale"),
        ("sale_kind", ~pl.col("sale_kind").is_in(SALE_KINDS), f"must be one of {', '.join(SALE_KINDS)}"),
        ("sale_kind", (event_type != SALE) & pl.col("sale_kind").is_not_null(), "belongs to sales only"),
        ("to_address", owner_required & pl.col("to_address").is_null(), "is required where the owner changes"),
        *((name, ~pl.col(name).str.contains(ADDRESS), "must be 0x and 40 hexadecimal digits") for name in addresses),
        ("tx_hash", ~pl.col("tx_hash").str.contains(HASH), "must be 0x and 64 hexadecimal digits"),
    ]


def _check_order(checked: CheckedFrame) -> None:
    frame = checked.frame
    keys = contract_keys(frame)
    unsorted = np.flatnonzero(np.diff(keys.to_numpy()) <= 0)
    if len(unsorted):
        row = int(unsorted[0]) + 1
        earlier = first_true(keys == keys[row])
        place = f"block {frame['block'][row]}, log_index {frame['log_index'][row]}"
        if earlier < row:
            checked.add("block", f"row {row + 1}: duplicates row {earlier + 1} ({place})")
        else:
            checked.add(
                "block",
                f"row {row + 1}: column 'block' is out of contract order ({place}); "
                "events must ascend by (block, log_index)",
            )
        return
    time = pl.col("timestamp")
    checked.check_rows([("timestamp", time < time.shift(), "must not be earlier than the row before")])
