from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from shared.errors import IntegrityError
from shared.evaluation.ablation import changes
from shared.evaluation.paired import DayBootstrap
from tests.factories.predictions import predictions

QUICK = DayBootstrap(draws=200, confidence=0.975, seed=7)


def noisier(frame: pl.DataFrame, noise: float) -> pl.DataFrame:
    factor = np.exp(np.random.default_rng(5).normal(0.0, noise, frame.height))
    values = ("value_eth", "lo50", "hi50", "lo80", "hi80", "lo90", "hi90")
    return frame.with_columns(pl.col(name) * pl.Series(factor) for name in values)


def test_leaving_out_what_the_values_need_is_proven_worse() -> None:
    frame = predictions(600, horizons=("24h", "30m"))
    found = changes(frame, noisier(frame, 0.05), bootstrap=QUICK)
    assert [change.horizon for change in found] == ["30m", "24h"]
    for change in found:
        assert change.log_error.lo > 0
        assert change.earns_its_place


def test_leaving_out_what_the_values_do_not_need_changes_nothing() -> None:
    frame = predictions(100)
    (change,) = changes(frame, frame.reverse(), bootstrap=QUICK)
    assert (change.log_error.value, change.log_error.hi, change.median_ape.value) == (0.0, 0.0, 0.0)
    assert not change.earns_its_place


def test_the_figures_are_those_worked_out_by_hand() -> None:
    full = predictions(2).with_columns(value_eth=pl.col("price_eth") * pl.Series([1.1, 1.2]))
    without = full.with_columns(value_eth=pl.col("price_eth") * pl.Series([1.3, 1.2]))
    (change,) = changes(full.pipe(widened), without.pipe(widened), bootstrap=QUICK)
    assert change.log_error.value == pytest.approx((np.log(1.3) - np.log(1.1)) / 2)
    assert change.median_ape.value == pytest.approx(0.25 - 0.15)
    assert change.log_error.n == 2


def widened(frame: pl.DataFrame) -> pl.DataFrame:
    """Intervals around whatever the value is."""
    return frame.with_columns(
        pl.col("value_eth").mul(factor).alias(f"{side}{level}")
        for level in (50, 80, 90)
        for side, factor in (("lo", 0.9), ("hi", 1.1))
    )


@pytest.mark.parametrize("change", ["other sales", "another price"])
def test_values_of_other_sales_are_not_compared(change: str) -> None:
    frame = predictions(50)
    other = frame[1:] if change == "other sales" else frame.with_columns(price_eth=pl.col("price_eth") + 1)
    with pytest.raises(IntegrityError, match="same sales"):
        changes(frame, other, bootstrap=QUICK)
