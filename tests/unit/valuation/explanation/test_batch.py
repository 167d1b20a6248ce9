"""A whole generation's reasons say what a single punk's do."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest

from shared.market.traits import PUNKS
from shared.valuation.explanation.attribution import Attributor
from shared.valuation.explanation.batch import BATCH, MarketThen, compared, explained_in_batches
from shared.valuation.explanation.comparables import SoldPunks, trait_premia
from shared.valuation.explanation.stored import NOBODY, Before, Explained
from shared.valuation.inputs import as_seconds, nowcast_snapshot
from tests.factories import small_market
from tests.factories.small_market import END

ROWS = 2 * BATCH + 7


def at(hours_ago: int) -> int:
    return as_seconds(END - timedelta(hours=hours_ago))


@cache
def frame(hours_ago: int = 0) -> pl.DataFrame:
    whole = nowcast_snapshot(small_market.timeline(), small_market.prices(), END - timedelta(hours=hours_ago))
    return whole.frame.head(ROWS)


@cache
def explained(hours_ago: int = 0, seed: int = 7) -> Explained:
    then, model = MarketThen.of(small_market.timeline(), at(hours_ago)), small_market.model(seed)
    *pauses, whole = explained_in_batches(model, frame(hours_ago), then, small_market.calibration(model))
    assert pauses == [None] * 3
    assert whole is not None
    return whole


@pytest.mark.parametrize("punk", [0, 1, BATCH, ROWS - 1])
def test_each_punk_has_the_reasons_it_has_alone(punk: int) -> None:
    premia, model = trait_premia(small_market.timeline(), at(0)), small_market.model()
    attributor = Attributor(model, frame(), small_market.timeline().traits, premia, small_market.calibration(model))
    (alone,) = attributor.of(slice(punk, punk + 1)).reasons()
    logs = explained().logs(punk)
    assert list(logs) == [(part.group, part.name) for part in alone.parts]
    assert list(logs.values()) == pytest.approx([part.log for part in alone.parts], abs=1e-6)
    assert explained().floor_eth[punk] == alone.floor_eth


@pytest.mark.parametrize("punk", [0, 5, ROWS - 1])
def test_each_punk_has_the_comparables_it_has_alone(punk: int) -> None:
    alone = SoldPunks(small_market.timeline(), at(0)).nearest(punk)
    near = [sold for sold in explained().near[punk].tolist() if sold != NOBODY]
    assert near == [sale.punk_id for sale in alone]
    for place, sale in enumerate(alone):
        assert explained().similarity[punk, place] == pytest.approx(sale.similarity, abs=1e-4)
        assert explained().sold_time[sale.punk_id] == sale.time
        assert explained().sold_price_eth[sale.punk_id] == pytest.approx(sale.price_eth)
        assert explained().sold_adjusted_eth[sale.punk_id] == pytest.approx(sale.adjusted_eth)


def test_what_was_never_sold_has_no_sale() -> None:
    never = explained().sold_time == 0
    assert len(explained().sold_time) == PUNKS
    assert np.isnan(explained().sold_price_eth[never]).all()
    assert np.isfinite(explained().sold_price_eth[~never]).all()


def test_it_reads_back_as_it_was_stored() -> None:
    again = Explained.from_bytes(explained().to_bytes())
    for name, one in vars(explained()).items():
        assert np.array_equal(
            getattr(again, name), one, equal_nan=isinstance(one, np.ndarray) and one.dtype.kind == "f"
        )


def unmoved(model: str) -> Before:
    return Before.unmoved(3, model, END, np.arange(ROWS, dtype=np.int64))


def test_parts_move_between_two_instants_of_one_model() -> None:
    early, late = explained(24), explained()
    told = compared(late, early, described=unmoved(early.model_id)).before
    assert told is not None
    assert told.moved == pytest.approx(late.log - early.log)
    assert np.array_equal(told.floor_eth, early.floor_eth)
    assert told.generation_id == 3


def test_two_models_or_nothing_before_have_values_only() -> None:
    for before in (explained(24, seed=8), None):
        told = compared(explained(), before, described=unmoved("m")).before
        assert told is not None
        assert len(told.moved) == 0
