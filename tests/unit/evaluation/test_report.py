import re
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import IntegrityError
from shared.evaluation.canonical import canonical_json
from shared.evaluation.paired import DayBootstrap
from shared.evaluation.predictions import COLUMNS, FURTHER, in_order
from shared.evaluation.report import report
from shared.evaluation.rolling_conformal import MIN_RESIDUALS, global_bands
from tests.factories.predictions import FIRST, predicted, predictions

QUICK = DayBootstrap(draws=200, confidence=0.975, seed=7)


def by_hand() -> pl.DataFrame:
    """Four sales at 100 ETH over a floor of 100, valued at 96, 102, 112 and 260: premia in four segments but `mid`."""
    value = np.array([96.0, 102.0, 112.0, 260.0])
    sold = [datetime(2024, month, 10, tzinfo=UTC) for month in (1, 1, 2, 2)]
    ages = (timedelta(minutes=30, days=days) for days in (0, 3, 20, 60))
    return predicted(
        sold,
        value,
        {"50": (value - 1, value + 1), "80": (value - 5, value + 5), "90": (value - 20, value + 20)},
        floor_eth=100.0,
        data_cutoff=[instant - age for instant, age in zip(sold, ages, strict=True)],
        price_eth=100.0,
        kind=["buy", "buy", "buy", "accept_bid"],
        channel=["public_ask", "directed_ask", "public_ask", "accepted_bid"],
        dealer=[True, False, False, False],
        pass_through=[False, True, True, False],
        punk_type=["Male", "Male", "Female", "Ape"],
        last_sale_carry_eth=[90.0, 110.0, None, float("nan")],
        trait_median_eth=100.0,
        confidence=["A", "A", "B", "D"],
    )


def of_30m(frame: pl.DataFrame) -> Any:
    return report(frame, bootstrap=QUICK)["30m"]


def test_the_measures_are_those_worked_out_by_hand() -> None:
    overall = of_30m(by_hand())["overall"]
    assert overall["n"] == 4
    # Errors -4, +2, +12 and +160 %.
    assert overall["median_ape"] == pytest.approx(0.08)
    assert overall["mape"] == pytest.approx(0.445)
    assert overall["median_bias"] == pytest.approx(0.07)
    assert overall["mean_bias"] == pytest.approx(0.425)
    assert (overall["within_5"], overall["within_10"]) == (0.5, 0.5)
    # Median ratio 1.07; |ratio - 1.07| = 0.11, 0.05, 0.05, 1.53.
    assert overall["cod"] == pytest.approx(100 * 0.435 / 1.07)
    assert overall["prd"] == pytest.approx(1.0)
    assert [interval["coverage"] for interval in overall["intervals"]] == [0.0, 0.5, 0.75]


def test_every_sale_is_in_the_group_it_belongs_to() -> None:
    found = of_30m(by_hand())
    cards = {group: cards for group, cards in found.items() if group.startswith("by_")}
    assert {group: {name: card["n"] for name, card in its.items()} for group, its in cards.items()} == {
        "by_segment": {"floor_tier": 2, "mid": 1, "premium": 0, "rare": 1},
        "by_type": {"Male": 2, "Female": 1, "Ape": 1},
        "by_kind": {"buy": 3, "accept_bid": 1},
        "by_channel": {"public_ask": 2, "directed_ask": 1, "accepted_bid": 1},
        "by_dealer": {"dealer": 1, "no_dealer": 3},
        "by_pass_through": {"pass_through": 2, "direct": 2},
        "by_month": {"2024-01": 2, "2024-02": 2},
        "by_confidence": {"A": 2, "B": 1, "D": 1},
        "by_model_age": {"0-3d": 1, "3-7d": 1, "7-14d": 0, "14-28d": 1, "28-56d": 0, "56d+": 1},
    }
    assert found["by_channel"]["directed_ask"]["median_ape"] == pytest.approx(0.02)
    assert found["by_dealer"]["dealer"]["median_ape"] == pytest.approx(0.04)
    assert found["by_pass_through"]["pass_through"]["median_ape"] == pytest.approx(0.07)
    assert found["by_type"]["Ape"]["median_ape"] == pytest.approx(1.6)
    assert isnan(found["by_segment"]["premium"]["bounds_95"]["mape"]["lo"])


def test_a_baseline_is_compared_on_the_sales_it_knows_something_of() -> None:
    baselines = of_30m(by_hand())["baselines"]
    assert baselines["last_sale_carry"]["baseline"]["n"] == baselines["last_sale_carry"]["model"]["n"] == 2
    assert baselines["last_sale_carry"]["baseline"]["mape"] == pytest.approx(0.10)
    assert baselines["last_sale_carry"]["model"]["mape"] == pytest.approx(0.03)
    assert baselines["floor"]["baseline"]["mape"] == 0.0
    assert baselines["floor"]["difference"]["value"] > 0, "a floor that is the price beats any model"


@settings(max_examples=5)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(random: Any) -> None:
    frame = predictions(60, horizons=("30m", "24h"))
    order = list(range(frame.height))
    random.shuffle(order)
    shuffled = frame[order]
    assert canonical_json(report(shuffled, bootstrap=QUICK)) == canonical_json(report(frame, bootstrap=QUICK))
    assert in_order(shuffled).equals(in_order(frame))


def test_horizons_come_by_their_length_and_columns_in_their_order() -> None:
    frame = predictions(40, horizons=("7d", "30m", "24h"))
    assert list(report(frame, bootstrap=QUICK)) == ["30m", "24h", "7d"]
    mixed = in_order(frame.select(sorted(frame.columns)))
    assert tuple(mixed.columns[: len(COLUMNS)]) == COLUMNS
    assert set(mixed.columns) == {*COLUMNS, *FURTHER}


def test_bounds_hold_the_figure_they_are_about() -> None:
    found = of_30m(predictions(400))
    for name in ("median_ape", "mape", "median_bias", "mean_bias", "within_10"):
        bound = found["bounds_95"][name]
        assert bound["value"] == pytest.approx(found["overall"][name])
        assert bound["lo"] < bound["value"] < bound["hi"]
    assert found["bounds_95"]["coverage_90"]["value"] == found["overall"]["intervals"][2]["coverage"]


def test_intervals_that_know_the_noise_cover_what_they_say() -> None:
    covered = [interval["coverage"] for interval in of_30m(predictions(2_000))["overall"]["intervals"]]
    assert covered == pytest.approx([0.5, 0.8, 0.9], abs=0.03)


def broken(column: str, value: object, row: int = 3) -> pl.DataFrame:
    frame = predictions(20)
    other = pl.lit(value).cast(frame[column].dtype)
    return frame.with_columns(pl.when(pl.int_range(pl.len()) == row).then(other).otherwise(column).alias(column))


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (broken("data_cutoff", FIRST + timedelta(days=30)), "data from after the instant"),
        (broken("as_of", FIRST + timedelta(days=30)), "when the sale was over"),
        (pl.concat([predictions(20), predictions(20)[4:5]]), "more than once"),
        (broken("value_eth", float("nan")), "not finite and positive"),
        (broken("price_eth", 0.0), "not finite and positive"),
        (broken("lo80", 1e9), "lo80 above hi80"),
        (broken("model_id", None), "lacks a value"),
        (predictions(20).drop("data_cutoff", "kind"), "lack the column(s) data_cutoff, kind"),
    ],
    ids=["trained later", "valued later", "twice", "no number", "free", "inside out", "nobody's", "columns"],
)  # fmt: skip
def test_predictions_that_break_the_split_are_not_scored(frame: pl.DataFrame, words: str) -> None:
    with pytest.raises(IntegrityError, match=re.escape(words)):
        report(frame, bootstrap=QUICK)


def test_a_global_interval_knows_only_sales_that_were_over() -> None:
    """The first sales have none; and what happens from an instant on does not change a band of before it."""
    generator = np.random.default_rng(3)
    n = MIN_RESIDUALS + 80
    sold = np.arange(n, dtype=np.int64) * 3_600
    as_of = sold - 7_200
    price = generator.lognormal(3, 0.4, n)
    value = price * generator.lognormal(0, 0.1, n)
    (band,) = global_bands(price, value, as_of, sold, (0.8,))
    # Two hours before sale k, the sales up to k - 3 are over; the one at that very instant is not.
    assert np.flatnonzero(np.isfinite(band.low))[0] == MIN_RESIDUALS + 2
    last = np.sort(np.log(price / value)[: n - 3])
    rank = int(np.floor((len(last) + 1) * 0.1)) - 1
    assert band.low[-1] == pytest.approx(value[-1] * np.exp(last[rank]))
    (other,) = global_bands(np.where(np.arange(n) >= n - 20, 5 * price, price), value, as_of, sold, (0.8,))
    np.testing.assert_array_equal(band.low[: n - 18], other.low[: n - 18])
    assert other.high[-1] > band.high[-1]


def test_own_and_global_intervals_are_compared_on_the_same_sales() -> None:
    compared = of_30m(predictions(400))["global_conformal"]
    assert 0 < compared["n"] <= 400 - MIN_RESIDUALS
    # Errors are alike everywhere here, so the global intervals are as good.
    for own, other in zip(compared["own"], compared["global"], strict=True):
        assert other["width"] == pytest.approx(own["width"], rel=0.25)
