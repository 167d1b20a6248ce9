"""No constant of this code changes what a model file that was made before says: it is refused, or it says the same.

What prediction reads lies in the file. Every constant of `shared.valuation` is changed where its module reads it, also
those that it has from elsewhere; then a file is read that was made without the change. What prediction needs of units
it reads where they are defined (`units.DAY_S`): a unit is no knob.
"""

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest

import shared.valuation
from shared.errors import IntegrityError, UnsupportedModelError
from shared.market import tiers
from shared.market.traits import TYPES
from shared.valuation import generation, training
from shared.valuation.feature_table import FEATURES, LEARNT
from shared.valuation.learners.ensemble import Ensemble
from shared.valuation.model import ValuationModel
from shared.valuation.params import Params
from tests.factories import small_market

NAME = re.compile(r"_?[A-Z][A-Z0-9_]*")


@cache
def constants() -> dict[str, tuple[ModuleType, Any]]:
    """Numbers, text and collections by `module.NAME`."""
    modules = [shared.valuation, tiers] + [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(shared.valuation.__path__, "shared.valuation.")
    ]
    return {
        f"{module.__name__.removeprefix('shared.valuation.')}.{name}": (module, value)
        for module in modules
        for name, value in vars(module).items()
        if NAME.fullmatch(name) and isinstance(value, bool | int | float | str | timedelta | tuple | dict | frozenset)
    }


def changes(value: Any) -> Iterator[Any]:
    """A constant as it might be instead."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value + value // 2, value // 2)
    elif isinstance(value, float | timedelta):
        yield from (value * 1.5, value / 2)
    elif isinstance(value, str):
        yield value + "x"
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from (value._replace(**{name: one}) for name in value._fields for one in changes(getattr(value, name)))
    elif isinstance(value, tuple):
        yield from (value[::-1], value[1:], value[:-1], tuple(_otherwise(one) for one in value))
    elif isinstance(value, frozenset):
        yield from (value - {min(value, key=repr)}, frozenset(_otherwise(one) for one in value))
    elif isinstance(value, dict):
        first, *rest = value
        yield {key: value[key] for key in rest}
        yield {**value, first: _otherwise(value[first])}
        yield dict(zip(value, [*list(value.values())[1:], value[first]], strict=True))
        yield {key: _otherwise(one) for key, one in value.items()}


def _otherwise(value: Any) -> Any:
    """An element of a collection; one of a kind that cannot be changed stays."""
    if isinstance(value, type):
        return value
    if dataclasses.is_dataclass(value):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **{name: _otherwise(one) for name, one in fields.items()})
    return next(iter(changes(value)), value)


def answers(model: ValuationModel, rows: pl.DataFrame, later: pl.DataFrame) -> tuple[bytes, bytes]:
    """All that a model says about some rows: predictions and contributions."""
    days = [model.data_cutoff + timedelta(days=days) for days in (3, 20, 400)]
    calibrator = model.calibrator(later)
    values = [model.predict(rows), *(model.predict(rows, calibrator.at(day)) for day in days)]
    values.append(model.predict_forward(later.tail(20), later.head(-20), later.tail(20)))
    predictions = b"".join(one.numbers().tobytes() + one.confidence.tobytes() for one in values)
    parts, constant = model.contributions(rows)
    return predictions, parts.tobytes() + constant.tobytes()


@cache
def made_before() -> tuple[bytes, pl.DataFrame, pl.DataFrame, tuple[bytes, bytes]]:
    """A small file with every kind of learner, rows of every kind of punk, later sales, what the model says of them."""
    learn, judge = small_market.inputs()
    quick = small_market.quick()
    calibration = quick.calibration.model_copy(update={"days": 12})
    params = quick.model_copy(
        update={
            "trees": quick.trees.model_copy(update={"rounds": 3}),
            "network": quick.network.model_copy(update={"hidden": 4, "epochs": 1}),
            "calibration": calibration,
            "seeds": 1,
        }
    )
    features = tuple(dict.fromkeys((*params.index_rule.features, *LEARNT[::8], LEARNT[-1])))
    model = training.fit(learn, threads=1, params=params, features=features)
    body = model.to_bytes()
    every_type = pl.concat(
        judge.frame.head(12).with_columns(type=pl.lit(code, dtype=pl.Float32)) for code in range(len(TYPES))
    )
    return body, every_type, judge.frame, answers(read(body), every_type, judge.frame)


def read(body: bytes) -> ValuationModel:
    return ValuationModel.from_bytes(body, threads=1)


def outcome() -> str:
    """What becomes of the file that was made before, with this code as it is now."""
    body, rows, later, (predictions, contributions) = made_before()
    try:
        model = read(body)
    except (UnsupportedModelError, IntegrityError):
        return "refused"
    now = answers(model, rows, later)
    if now[0] != predictions:
        return "other values"
    return "the same" if now[1] == contributions else "other reasons"


@pytest.mark.parametrize("name", constants())
def test_a_changed_constant_makes_a_file_refused_or_changes_nothing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    made_before()
    module, value = constants()[name]
    for changed in changes(value):
        with monkeypatch.context() as patch:
            patch.setattr(module, name.rpartition(".")[2], changed)
            found = outcome()
        assert found in ("refused", "the same"), (
            f"with {name} = {changed!r:.200} a model file made before gives {found}: what prediction reads must lie in "
            "the model file"
        )


def test_without_a_change_a_file_made_before_says_the_same() -> None:
    assert outcome() == "the same"


def test_the_constants_that_matter_are_among_those_changed() -> None:
    names = set(constants())
    assert {"model.FORMAT", "shared.market.tiers.BOUNDS", "calibration.intervals.LEVELS", "features.DAY_S"} <= names
    assert {"learners.ensemble.TYPES", "learners.ensemble.KINDS", "feature_table.FLAGS"} <= names
    assert {"inputs.TYPES", "confidence.LOWEST"} <= names
    assert len(names) > 80


def test_every_constant_is_changed_in_some_way() -> None:
    for name, (_, value) in constants().items():
        different = [changed for changed in changes(value) if changed != value]
        assert different or not value, name


@pytest.mark.parametrize("size", [1e-3, 1e-9])
def test_a_model_that_read_a_constant_would_be_caught(monkeypatch: pytest.MonkeyPatch, size: float) -> None:
    """The test above has teeth: a large change is refused by the reference rows, a small one seen in the values."""
    predict, before = Ensemble.predict, generation.MAX_ETH

    def reading(ensemble: Ensemble, frame: pl.DataFrame) -> np.ndarray:
        return predict(ensemble, frame) + size * (generation.MAX_ETH / before - 1.0)

    monkeypatch.setattr(Ensemble, "predict", reading)
    made_before()
    assert outcome() == "the same"
    for changed in changes(before):
        monkeypatch.setattr(generation, "MAX_ETH", changed)
        assert outcome() == ("refused" if size > 1e-6 else "other values")


def test_reasons_that_read_a_constant_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    made_before()
    contributions = Ensemble.contributions

    def tilted(ensemble: Ensemble, frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        parts, constant = contributions(ensemble, frame)
        return parts, constant + len(FEATURES)

    monkeypatch.setattr(Ensemble, "contributions", tilted)
    assert outcome() == "other reasons"


def test_the_rows_and_days_looked_at_are_of_all_kinds() -> None:
    """Every tier, every grade, values by the index, days with and without errors older than are counted."""
    body, rows, later, _ = made_before()
    model = read(body)
    values = [model.predict(rows, model.calibrator(later).at(day)) for day in later["as_of"].dt.truncate("1d").unique()]
    grades = np.concatenate([model.predict(rows).confidence, *(one.confidence for one in values)])
    assert len(set(grades)) > 1
    assert 0 < model.ensemble.by_index(rows).sum() < rows.height
    span = later["sale_time"].max() - model.data_cutoff
    assert span > timedelta(days=model.calibration_params.days)
    assert Params.load().calibration != model.calibration_params
