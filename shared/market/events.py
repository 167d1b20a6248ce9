"""The canonical frame of market events, and the rules every source's events must satisfy.

A frame is in contract order: strictly increasing by `(block, log_index)`. `price_wei` is exact decimal text.
`from_address` and `to_address` are what the log says: seller and buyer of a sale, holder and new holder of a
transfer, the only allowed buyer of a private listing (null: public).
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import polars as pl

from shared.contracts.messages import EARLIEST_INSTANT
from shared.errors import InvalidInputError
from shared.market.event_types import EVENT_TYPES, LISTED, OWNER_CHANGES, PRICED_TYPES, SALE, SALE_KINDS, ZERO_ADDRESS
from shared.market.reference_data import PUNK_COUNT

EVENT_SCHEMA: Final[dict[str, pl.DataType]] = {
    "timestamp": pl.Datetime("us", "UTC"),
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
_ADDRESS: Final = r"^0x[0-9a-f]{40}$"
_HASH: Final = r"^0x[0-9a-f]{64}$"


def empty_events() -> pl.DataFrame:
    """A frame without events."""
    return pl.DataFrame(schema=EVENT_SCHEMA)


def contract_keys(frame: pl.DataFrame) -> pl.Series:
    """`(block, log_index)` of each event as one integer that sorts in contract order (i64)."""
    return frame["block"].cast(pl.Int64) * 2**31 + frame["log_index"].cast(pl.Int64)


def contract_key(block: int, log_index: int) -> int:
    """The key of one place in contract order, comparable with `contract_keys`."""
    return block * 2**31 + log_index


def validate(frame: pl.DataFrame, where: str, *, punk_count: int = PUNK_COUNT) -> pl.DataFrame:
    """The frame in canonical columns and types, once every rule holds; `where` names the file in errors.

    `punk_count` bounds the punk ids. Only measurements of large simulated markets give another than the platform's.

    Integer columns of other widths are cast, hexadecimal is lowered, a listing to the zero address becomes
    public. Rows are counted from 1.

    Raises:
        InvalidInputError: the first rule that is broken, with file, row and column.
    """
    frame = _normalised(_typed(frame, where))
    rules = _row_rules(punk_count)
    # One pass decides whether any rule is broken; only then is the first broken one looked for.
    if frame.select(pl.any_horizontal(broken.any() for _, broken, _ in rules)).item():
        for column, broken, rule in rules:
            _refuse_first(frame, broken, where, column, rule)
    _check_order(frame, where)
    return frame


def check_columns(frame: pl.DataFrame, schema: dict[str, pl.DataType], where: str) -> None:
    """Raises InvalidInputError unless the frame has exactly the columns of `schema`, in any order."""
    missing = [name for name in schema if name not in frame.columns]
    if missing:
        raise InvalidInputError(f"{where}: column {missing[0]!r} is missing; expected {', '.join(schema)}")
    extra = [name for name in frame.columns if name not in schema]
    if extra:
        raise InvalidInputError(f"{where}: column {extra[0]!r} is unknown; expected {', '.join(schema)}")


def _typed(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    check_columns(frame, EVENT_SCHEMA, where)
    columns = []
    for name, wanted in EVENT_SCHEMA.items():
        column = frame[name]
        if column.dtype == wanted:
            columns.append(column)
            continue
        if column.null_count() == len(column):
            columns.append(column.cast(wanted, strict=False))
            continue
        if not (wanted.is_integer() and column.dtype.is_integer()):
            raise InvalidInputError(f"{where}: column {name!r} has type {column.dtype}, expected {wanted}")
        cast = column.cast(wanted, strict=False)
        lost = cast.is_null() & column.is_not_null()
        if lost.any():
            row = _first(lost)
            raise InvalidInputError(
                f"{where}: row {row + 1}: column {name!r} must fit {wanted} (found {column[row]!r})"
            )
        columns.append(cast)
    return pl.DataFrame(columns)


def _normalised(frame: pl.DataFrame) -> pl.DataFrame:
    receiver = pl.col("to_address").str.to_lowercase()
    return frame.with_columns(
        pl.col("from_address", "tx_hash").str.to_lowercase(),
        pl.when((pl.col("event_type") == LISTED) & (receiver == ZERO_ADDRESS))
        .then(None)
        .otherwise(receiver)
        .alias("to_address"),
        # One number, one text: "007" would differ from the 7 that the database gives back.
        pl.col("price_wei").str.replace(r"^0+([0-9])", "$1"),
    )


@cache
def _row_rules(punk_count: int) -> list[tuple[str, pl.Expr, str]]:
    """(column, expression that is true where the rule is broken, the rule in words)."""
    event_type, price = pl.col("event_type"), pl.col("price_wei")
    required = ("timestamp", "block", "tx_index", "log_index", "punk_id", "event_type", "tx_hash")
    rules = [(name, pl.col(name).is_null(), "must not be empty") for name in required]
    rules += [
        (
            "punk_id",
            ~pl.col("punk_id").is_between(0, punk_count - 1),
            f"must be a punk from 0 to {punk_count - 1}",
        ),
        ("event_type", ~event_type.is_in(EVENT_TYPES), f"must be one of {', '.join(EVENT_TYPES)}"),
        (
            "timestamp",
            pl.col("timestamp") < EARLIEST_INSTANT,
            f"must not be before the contract ({EARLIEST_INSTANT})",
        ),
        ("block", ~pl.col("block").is_between(0, _LARGEST_BLOCK), f"must be from 0 to {_LARGEST_BLOCK}"),
        (
            "tx_index",
            ~pl.col("tx_index").is_between(0, _LARGEST_INDEX),
            f"must be from 0 to {_LARGEST_INDEX}",
        ),
        (
            "log_index",
            ~pl.col("log_index").is_between(0, _LARGEST_INDEX),
            f"must be from 0 to {_LARGEST_INDEX}",
        ),
        ("price_wei", price.str.starts_with("-"), "must not be negative"),
        (
            "price_wei",
            ~price.str.contains(r"^[0-9]{1,78}$"),
            "must be wei as decimal text of at most 78 digits",
        ),
        (
            "price_wei",
            event_type.is_in(PRICED_TYPES) & price.is_null(),
            "is required for listed, bid and sale",
        ),
        ("sale_kind", (event_type == SALE) & pl.col("sale_kind").is_null(), "is required for a sale"),
        ("sale_kind", ~pl.col("sale_kind").is_in(SALE_KINDS), f"must be one of {', '.join(SALE_KINDS)}"),
        ("sale_kind", (event_type != SALE) & pl.col("sale_kind").is_not_null(), "belongs to sales only"),
        (
            "to_address",
            event_type.is_in(OWNER_CHANGES) & pl.col("to_address").is_null(),
            "is required where the owner changes",
        ),
        (
            "from_address",
            ~pl.col("from_address").str.contains(_ADDRESS),
            "must be 0x and 40 hexadecimal digits",
        ),
        ("to_address", ~pl.col("to_address").str.contains(_ADDRESS), "must be 0x and 40 hexadecimal digits"),
        ("tx_hash", ~pl.col("tx_hash").str.contains(_HASH), "must be 0x and 64 hexadecimal digits"),
    ]
    return rules


def _check_order(frame: pl.DataFrame, where: str) -> None:
    keys = contract_keys(frame)
    unsorted = np.flatnonzero(np.diff(keys.to_numpy()) <= 0)
    if len(unsorted):
        row = int(unsorted[0]) + 1
        earlier = _first(keys == keys[row])
        place = f"block {frame['block'][row]}, log_index {frame['log_index'][row]}"
        if earlier < row:
            raise InvalidInputError(f"{where}: row {row + 1}: duplicates row {earlier + 1} ({place})")
        raise InvalidInputError(
            f"{where}: row {row + 1}: column 'block' is out of contract order ({place}); "
            "events must ascend by (block, log_index)"
        )
    time = pl.col("timestamp")
    _refuse_first(frame, time < time.shift(), where, "timestamp", "must not be earlier than the row before")


def _refuse_first(frame: pl.DataFrame, broken: pl.Expr, where: str, column: str, rule: str) -> None:
    flags = frame.select(broken=broken.fill_null(False))["broken"]
    if flags.any():
        row = _first(flags)
        raise InvalidInputError(f"{where}: row {row + 1}: column {column!r} {rule} (found {frame[column][row]!r})")


def _first(flags: pl.Series) -> int:
    row = flags.arg_max()
    assert row is not None
    return row
