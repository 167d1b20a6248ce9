"""The predictions of a walk through history, and what must hold before any of them is scored."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from shared.errors import IntegrityError
from shared.evaluation.arrays import Floats, Ints, Mask
from shared.evaluation.metrics import Band
from shared.units import DAY_S

COLUMNS: Final = (
    "tx_hash", "log_index", "punk_id", "horizon", "as_of", "value_eth", "lo50", "hi50", "lo80", "hi80", "lo90", "hi90",
    "floor_eth", "model_id", "data_cutoff",
)  # fmt: skip
"""The first columns of a file of predictions, in order."""
FURTHER: Final = (
    "sale_time", "price_eth", "kind", "channel", "dealer", "pass_through", "punk_type", "last_sale_carry_eth",
    "trait_median_eth", "confidence",
)  # fmt: skip
BASELINES: Final = ("last_sale_carry_eth", "trait_median_eth")
"""These may be unknown for a punk (null or NaN); every row has the other columns."""
KEY: Final = ("tx_hash", "log_index", "horizon")
LEVELS: Final = (0.5, 0.8, 0.9)

Texts = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Scored:
    """Sales with their values at one horizon, by time of sale. Every array has shape (n,).

    Attributes:
        price, value, floor, last_sale_carry, trait_median: ETH; NaN where a baseline is unknown.
        bands: the intervals of `LEVELS`.
        as_of, sale_time: UTC seconds.
        model_age: days from the model's data cut-off to `as_of`.
        channel, dealer, pass_through: the labels of the sales.
    """

    price: Floats
    value: Floats
    floor: Floats
    last_sale_carry: Floats
    trait_median: Floats
    bands: tuple[Band, ...]
    as_of: Ints
    sale_time: Ints
    model_age: Floats
    month: Texts
    kind: Texts
    channel: Texts
    dealer: Mask
    pass_through: Mask
    punk_type: Texts
    confidence: Texts

    def __len__(self) -> int:
        return len(self.price)

    @property
    def day(self) -> Ints:
        """Days since 1970 (UTC) of the sales."""
        return self.sale_time // DAY_S

    def bands_of(self, rows: Mask) -> tuple[Band, ...]:
        return tuple(Band(band.level, band.low[rows], band.high[rows]) for band in self.bands)


def in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows sorted by time of sale, transaction and horizon, so that one set of rows makes one file."""
    further = [name for name in frame.columns if name not in COLUMNS]
    by_length = (pl.col("sale_time") - pl.col("as_of")).alias("_lead")
    return frame.with_columns(by_length).sort("sale_time", *KEY[:2], "_lead").select(*COLUMNS, *further)


def check(frame: pl.DataFrame) -> None:
    """Check on every row that no value could use information from its own sale.

    Raises:
        IntegrityError: a column is missing, a sale occurs twice at one horizon, a model's data reaches beyond the
            instant of its value, a value is not earlier than its sale, or a number is not finite and positive.
    """
    if missing := [name for name in (*COLUMNS, *FURTHER) if name not in frame.columns]:
        raise IntegrityError(f"the predictions lack the column(s) {', '.join(missing)}")
    numbers = ("value_eth", "price_eth", "floor_eth", "lo50", "hi50", "lo80", "hi80", "lo90", "hi90")
    positive = pl.all_horizontal((pl.col(name).is_finite() & (pl.col(name) > 0)).fill_null(False) for name in numbers)
    required = [name for name in (*COLUMNS, *FURTHER) if name not in BASELINES]
    _refuse(frame, pl.any_horizontal(pl.col(required).is_null()), "lacks a value that every row has")
    _refuse(frame, pl.struct(*KEY).is_duplicated(), "is there more than once")
    _refuse(frame, pl.col("data_cutoff") > pl.col("as_of"), "was valued by a model with data from after the instant")
    _refuse(frame, pl.col("as_of") >= pl.col("sale_time"), "was valued when the sale was over")
    _refuse(frame, ~positive, f"has a number that is not finite and positive among {', '.join(numbers)}")
    for low, high in (("lo50", "hi50"), ("lo80", "hi80"), ("lo90", "hi90")):
        _refuse(frame, pl.col(low) > pl.col(high), f"has {low} above {high}")


def horizons(frame: pl.DataFrame) -> list[str]:
    """The horizons of a frame, the shortest first."""
    lead = frame.group_by("horizon").agg(lead=(pl.col("sale_time") - pl.col("as_of")).min())
    return lead.sort("lead", "horizon")["horizon"].to_list()


def scored(frame: pl.DataFrame, horizon: str) -> Scored:
    """The rows of one horizon as arrays. The frame must have passed `check`."""
    rows = frame.filter(pl.col("horizon") == horizon).sort("sale_time", "tx_hash", "log_index")
    return Scored(
        price=_floats(rows["price_eth"]),
        value=_floats(rows["value_eth"]),
        floor=_floats(rows["floor_eth"]),
        last_sale_carry=_floats(rows["last_sale_carry_eth"]),
        trait_median=_floats(rows["trait_median_eth"]),
        bands=tuple(
            Band(level, _floats(rows[f"lo{level * 100:.0f}"]), _floats(rows[f"hi{level * 100:.0f}"]))
            for level in LEVELS
        ),
        as_of=rows["as_of"].dt.epoch("s").to_numpy().astype(np.int64),
        sale_time=rows["sale_time"].dt.epoch("s").to_numpy().astype(np.int64),
        model_age=((rows["as_of"] - rows["data_cutoff"]) / timedelta(days=1)).to_numpy().astype(np.float64),
        month=rows["sale_time"].dt.strftime("%Y-%m").to_numpy().astype(np.str_),
        kind=rows["kind"].to_numpy().astype(np.str_),
        channel=rows["channel"].to_numpy().astype(np.str_),
        dealer=rows["dealer"].to_numpy().astype(np.bool_),
        pass_through=rows["pass_through"].to_numpy().astype(np.bool_),
        punk_type=rows["punk_type"].to_numpy().astype(np.str_),
        confidence=rows["confidence"].to_numpy().astype(np.str_),
    )


def _floats(column: pl.Series) -> Floats:
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _refuse(frame: pl.DataFrame, broken: pl.Expr, what: str) -> None:
    rows = frame.filter(broken)
    if rows.height:
        first = rows.select(*KEY, "as_of", "data_cutoff").row(0, named=True)
        row = ", ".join(f"{name} {value}" for name, value in first.items())
        raise IntegrityError(f"{rows.height} row(s) of the predictions must not be scored; the first {what}: {row}")
