from dataclasses import fields, replace
from datetime import timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import IntegrityError, InvalidInputError
from shared.market.traits import PUNKS
from shared.units import as_seconds
from shared.valuation.explanation.attribution import BATCH, explained_in_batches
from shared.valuation.explanation.comparables import MarketThen
from shared.valuation.explanation.stored import BASE_VALUE, GROUPS, NOBODY, Before, Explained, Part, parts_in_eth
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.model import ValuationModel
from tests.factories import small_market
from tests.factories.small_market import END

TRAITS = small_market.timeline().traits
ROWS = 2 * BATCH + 7


def frame(hours_ago: int = 0) -> pl.DataFrame:
    return small_market.nowcast(END - timedelta(hours=hours_ago)).frame


@cache
def market_then(hours_ago: int) -> MarketThen:
    return MarketThen(small_market.timeline(), as_seconds(END - timedelta(hours=hours_ago)))


def explained(
    rows: pl.DataFrame, hours_ago: int = 0, *, model: ValuationModel | None = None, only: slice = slice(None)
) -> Explained:
    model = model or small_market.model()
    *pauses, whole = explained_in_batches(model, rows, market_then(hours_ago), small_market.calibration(model), only)
    assert pauses == [None] * -(-len(range(rows.height)[only]) // BATCH)
    return whole


@cache
def many(hours_ago: int = 0, seed: int = 7) -> Explained:
    """More than two batches."""
    return explained(frame(hours_ago).head(ROWS), hours_ago, model=small_market.model(seed))


def values(rows: pl.DataFrame) -> np.ndarray:
    model = small_market.model()
    return model.predict(rows, small_market.calibration(model)).value_eth


def reasons(rows: pl.DataFrame) -> list[tuple[Part, ...]]:
    explanation = explained(rows)
    return [explanation.reasons(row, value) for row, value in enumerate(values(rows).tolist())]


def totals(explanation: Explained) -> np.ndarray:
    """What the parts add up to, before the base value takes what rounding leaves."""
    return np.add.reduceat(explanation.log.astype(np.float64), explanation.starts[:-1])


def test_the_parts_add_up_to_the_value_less_the_floor_for_every_kind_of_punk() -> None:
    every_tenth = frame().gather_every(10)
    assert set(every_tenth["type"].unique()) == {0, 1, 2, 3, 4}
    value, floor = values(every_tenth), every_tenth["floor_eth"].to_numpy()
    assert totals(explained(every_tenth)) == pytest.approx(np.log(value / floor), abs=1e-6)
    for parts, worth, over in zip(reasons(every_tenth), value, floor, strict=True):
        assert sum(part.eth for part in parts) == pytest.approx(worth - over, abs=1e-9)
        assert sum(part.log for part in parts) == pytest.approx(np.log(worth / over), abs=1e-9)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), floor=st.floats(1e-3, 1e4), gaps=st.floats(0, 0.5))
def test_the_parts_add_up_whatever_the_features(seed: int, floor: float, gaps: float) -> None:
    """Feature values of other punks, some unknown, at any floor: the sum is a property of the method."""
    generator = np.random.default_rng(seed)
    rows = frame()[generator.integers(0, 10_000, 6).tolist()]
    mixed = {name: rows[name].to_numpy()[generator.permutation(6)].copy() for name in FEATURE_NAMES}
    for name in set(mixed) - {"type"}:
        mixed[name][generator.random(6) < gaps] = np.nan
    rows = rows.with_columns(floor_eth=pl.lit(floor), **{name: pl.Series(column) for name, column in mixed.items()})
    assert totals(explained(rows)) == pytest.approx(np.log(values(rows) / floor), abs=2e-6)


def test_the_traits_among_a_punks_reasons_are_its_own() -> None:
    for punk, parts in enumerate(reasons(frame()[:200])):
        own = {TRAITS.names[trait] for trait in TRAITS.trait_lists[punk]}
        named = {part.name for part in parts if part.group == "traits"}
        assert named <= own | {"rarity and combinations"}
        assert {name for name in own if name.startswith(("type:", "count:"))} <= named


def test_parts_come_once_each_and_in_the_order_of_the_groups() -> None:
    for parts in reasons(frame()[:50]):
        names = [part.name for part in parts]
        assert len(names) == len(set(names))
        places = [list(GROUPS).index(part.group) for part in parts]
        assert places == sorted(places)


def test_a_value_at_the_floor_has_reasons_that_cancel() -> None:
    def eth(value: float) -> list[float]:
        return [part.eth for part in parts_in_eth({BASE_VALUE: 0.0, ("traits", "type:Ape"): 0.5}, value, 8.0)]

    assert eth(8.0) == [-4.0, 4.0]
    assert eth(8.0 * (1 + 1e-12)) == pytest.approx([-4.0, 4.0])
    assert eth(16.0) == pytest.approx([8.0 - 4.0 / np.log(2), 4.0 / np.log(2)])


def test_a_punk_without_a_floor_has_no_reasons_but_others_have() -> None:
    rows = frame()[:2].with_columns(floor_eth=pl.Series([8.0, float("nan")]))
    with pytest.raises(InvalidInputError, match="without a floor"):
        explained(rows)
    assert explained(rows, only=slice(0, 1)).reasons(0, 10.0)


def test_contributions_that_do_not_add_up_are_not_passed_off_as_rounding() -> None:
    class Off(ValuationModel):
        def contributions(self, frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
            parts, constant = super().contributions(frame)
            return parts, constant + 0.01

    model = small_market.model()
    off = Off(**{field.name: getattr(model, field.name) for field in fields(model)})
    with pytest.raises(IntegrityError, match=r"miss the prediction by 0\.01"):
        explained(frame()[:1], model=off)


@pytest.mark.parametrize("punk", [0, 5, BATCH, ROWS - 1])
def test_each_punk_has_the_reasons_and_comparables_it_has_alone(punk: int) -> None:
    alone, among = explained(frame().head(ROWS), only=slice(punk, punk + 1)), many()
    for one, other in zip(alone.reasons(punk, 30.0), among.reasons(punk, 30.0), strict=True):
        assert (one.group, one.name) == (other.group, other.name)
        assert one.log == pytest.approx(other.log, abs=1e-6)
    assert alone.comparables(punk, str) == among.comparables(punk, str) != []
    assert alone.starts[-1] == among.starts[punk + 1] - among.starts[punk], "nobody else has parts"
    assert (np.delete(alone.near, punk, axis=0) == NOBODY).all()


def test_what_was_never_sold_has_no_sale() -> None:
    price, time = many().sold_price_eth, many().sold_time
    assert len(time) == PUNKS
    assert np.array_equal(np.isnan(price), time == 0)
    assert set(np.isnan(price)) == {True, False}


def test_it_reads_back_as_it_was_stored() -> None:
    def equal(one: object, other: object) -> bool:
        if isinstance(one, np.ndarray):
            return np.array_equal(other, one, equal_nan=one.dtype.kind == "f")  # type: ignore[arg-type]
        if hasattr(one, "__dict__"):
            return all(equal(value, vars(other)[name]) for name, value in vars(one).items())
        return one == other

    for explanation in (many(), since(many(), many(24))):
        assert equal(explanation, Explained.from_bytes(explanation.to_bytes()))


def since(late: Explained, early: Explained | None) -> Explained:
    """As the explainer compares with the generation before."""
    compared = replace(
        late, before=Before(3, END, late.model_id), before_value_micro_eth=np.arange(ROWS, dtype=np.int64)
    )
    return compared if early is None else compared.since(early)


def test_parts_move_between_two_instants_of_one_model() -> None:
    early, late = many(24), many()
    compared = since(late, early)
    assert compared.before_moved == pytest.approx(late.log - early.log)
    assert np.array_equal(compared.before_floor_eth, early.floor_eth)
    assert compared.before.generation_id == 3


def test_two_models_or_nothing_before_have_values_only() -> None:
    other_order = replace(many(24), parts=many().parts[::-1])
    for early in (many(24, seed=8), other_order, None):
        compared = since(many(), early)
        assert compared.before is not None
        assert len(compared.before_value_micro_eth) == ROWS
        assert len(compared.before_moved) == 0
        assert compared.changes(0, 31.0, 30.0) is None
    assert many().changes(0, 31.0, 30.0) is None


@settings(max_examples=25)
@given(punk=st.integers(0, 9_999), hours=st.integers(0, 200))
def test_what_changed_adds_up_to_the_difference_of_the_values(punk: int, hours: int) -> None:
    hours -= hours % 40  # few snapshots, many punks
    early, late = frame(hours)[[punk]], frame()[[punk]]
    compared = since(explained(late), explained(early, hours))
    (was,), (value,) = values(early).tolist(), values(late).tolist()
    parts = compared.changes(0, value, was)
    assert sum(part.eth for part in parts) == pytest.approx(value - was, abs=1e-9)
    moved = next(part for part in parts if part.group == "floor")
    assert moved.log == pytest.approx(np.log(late["floor_eth"][0] / early["floor_eth"][0]))
    usual = next(part for part in parts if part.group == "base value")
    assert usual.log == pytest.approx(0.0, abs=1e-5)


def test_nothing_changed_between_a_snapshot_and_itself() -> None:
    compared = since(many(), many())
    changes = [part.eth for part in compared.changes(7, 30.0, 30.0) or ()]
    assert changes == [0.0] * len(compared.reasons(7, 30.0)) + [0.0]
