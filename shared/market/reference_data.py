"""Reference data: the 10,000 punks with their attributes, and daily ETH/USD closes."""

from functools import cache
from pathlib import Path
from typing import Final

import polars as pl

from shared.market.frame_columns import TEXTS
from shared.market.frame_rules import CheckedFrame
from shared.market.traits import PUNKS, SKINS, TYPES

PUNK_SCHEMA: Final[dict[str, pl.DataType]] = {
    "punk_id": pl.Int32(),
    "type": pl.String(),
    "skin": pl.String(),
    "accessories": TEXTS,
}
"""`skin` is null for zombies, apes and aliens. `accessories` may be empty, but not null."""

ETH_USD_SCHEMA: Final[dict[str, pl.DataType]] = {"date": pl.Date(), "eth_usd": pl.Float64()}
"""One close per UTC day, in USD per ETH; known after the end of the day."""

_PACKAGED: Final = Path(__file__).with_name("punks.parquet")


@cache
def packaged_punks() -> pl.DataFrame:
    """The real punks (`PUNK_SCHEMA`) by id, from the package: on chain they never change."""
    return validate_punks(pl.read_parquet(_PACKAGED), str(_PACKAGED))


def validate_punks(frame: pl.DataFrame, where: str, *, punk_count: int = PUNKS) -> pl.DataFrame:
    """The columns of `PUNK_SCHEMA`, one row for each punk, by id. Other columns are dropped.

    `punk_count`: as in `events.validate`.

    Raises:
        InvalidInputError: everything that is wrong, with file, row (from 1) and column.
    """
    checked = CheckedFrame(frame, PUNK_SCHEMA, where)
    checked.frame = checked.frame.with_columns(pl.col("accessories").fill_null([]))
    punk, skin, names = pl.col("punk_id"), pl.col("skin"), pl.col("accessories").list
    unnamed = names.eval(pl.element().is_null() | (pl.element() == "")).list.any()
    unknown = ~pl.col("type").is_in(TYPES).fill_null(False)
    rules = [
        ("punk_id", punk.is_null() | ~punk.is_between(0, punk_count - 1), f"must be from 0 to {punk_count - 1}"),
        ("punk_id", ~punk.is_first_distinct(), "must not occur twice"),
        ("type", unknown, f"must be one of {', '.join(TYPES)}"),
        ("skin", ~skin.is_in(SKINS), f"must be empty or one of {', '.join(SKINS)}"),
        ("accessories", unnamed, "must not hold empty names"),
    ]
    checked.check_rows(rules)
    if frame.height != punk_count:
        checked.add("punk_id", f"has {frame.height} rows, expected all {punk_count} punks")
    return checked.valid().sort("punk_id")


def validate_eth_usd(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """The columns of `ETH_USD_SCHEMA`, ascending by date.

    Raises:
        InvalidInputError: everything that is wrong, with file, row (from 1) and column.
    """
    checked = CheckedFrame(frame, ETH_USD_SCHEMA, where)
    date, close = pl.col("date"), pl.col("eth_usd")
    rules = [
        ("date", date.is_null(), "must not be empty"),
        ("date", date <= date.shift(), "must ascend, each day once"),
        ("eth_usd", ~(close.is_finite() & (close > 0)).fill_null(False), "must be a price above zero"),
    ]
    checked.check_rows(rules)
    return checked.valid()
