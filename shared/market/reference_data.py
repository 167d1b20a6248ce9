"""What goes with the events: the 10,000 punks and their attributes, and daily ETH/USD closes."""

from __future__ import annotations

from typing import Final

import polars as pl

from shared.errors import InvalidInputError

PUNK_COUNT: Final = 10_000
PUNK_TYPES: Final = ("Male", "Female", "Zombie", "Ape", "Alien")
SKINS: Final = ("Albino", "Light", "Mid", "Dark")

PUNK_SCHEMA: Final[dict[str, pl.DataType]] = {
    "punk_id": pl.Int32(),
    "type": pl.String(),
    "skin": pl.String(),
    "accessories": pl.List(pl.String()),
}
"""`skin` is null for zombies, apes and aliens; `accessories` may be empty, never null."""

ETH_USD_SCHEMA: Final[dict[str, pl.DataType]] = {"date": pl.Date(), "eth_usd": pl.Float64()}
"""One close per UTC day, in USD per ETH; known only after the day has ended."""


def validate_punks(frame: pl.DataFrame, where: str, *, punk_count: int = PUNK_COUNT) -> pl.DataFrame:
    """The columns of `PUNK_SCHEMA`, each punk 0 to 9999 once, by id. Other columns are left out.

    `punk_count`: as in `events.validate`.

    Raises:
        InvalidInputError: names the file, the row (from 1) and the rule.
    """
    frame = _select(frame, PUNK_SCHEMA, where).with_columns(accessories=pl.col("accessories").fill_null([]))
    punk, skin = pl.col("punk_id"), pl.col("skin")
    _refuse(
        frame,
        punk.is_null() | ~punk.is_between(0, punk_count - 1),
        where,
        "punk_id",
        f"must be from 0 to {punk_count - 1}",
    )
    _refuse(frame, ~punk.is_first_distinct(), where, "punk_id", "must not occur twice")
    known = pl.col("type").is_in(PUNK_TYPES).fill_null(False)
    _refuse(frame, ~known, where, "type", f"must be one of {', '.join(PUNK_TYPES)}")
    _refuse(frame, ~skin.is_in(SKINS), where, "skin", f"must be empty or one of {', '.join(SKINS)}")
    unnamed = pl.col("accessories").list.eval(pl.element().is_null() | (pl.element() == "")).list.any()
    _refuse(frame, unnamed, where, "accessories", "must not hold empty names")
    if frame.height != punk_count:
        raise InvalidInputError(f"{where}: has {frame.height} rows, expected all {punk_count} punks")
    return frame.sort("punk_id")


def validate_eth_usd(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """The columns of `ETH_USD_SCHEMA`, ascending by date.

    Raises:
        InvalidInputError: names the file, the row (from 1) and the rule.
    """
    frame = _select(frame, ETH_USD_SCHEMA, where)
    date, close = pl.col("date"), pl.col("eth_usd")
    _refuse(frame, date.is_null(), where, "date", "must not be empty")
    _refuse(frame, date <= date.shift(), where, "date", "must ascend, each day once")
    positive = (close.is_finite() & (close > 0)).fill_null(False)
    _refuse(frame, ~positive, where, "eth_usd", "must be a price above zero")
    return frame


def _select(frame: pl.DataFrame, schema: dict[str, pl.DataType], where: str) -> pl.DataFrame:
    for name, wanted in schema.items():
        if name not in frame.columns:
            raise InvalidInputError(f"{where}: column {name!r} is missing; expected {', '.join(schema)}")
        dtype = frame[name].dtype
        if dtype == wanted or (dtype.is_integer() and wanted.is_integer()) or dtype == pl.Null():
            continue
        raise InvalidInputError(f"{where}: column {name!r} has type {dtype}, expected {wanted}")
    # A value too large for its type becomes null here, and the rules that follow refuse it.
    return frame.select(pl.col(name).cast(wanted, strict=False) for name, wanted in schema.items())


def _refuse(frame: pl.DataFrame, broken: pl.Expr, where: str, column: str, rule: str) -> None:
    row = frame.select(broken=broken.fill_null(False))["broken"].arg_true()
    if len(row):
        found = frame[column][row[0]]
        raise InvalidInputError(f"{where}: row {row[0] + 1}: column {column!r} {rule} (found {found!r})")
