import dataclasses
import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from shared.errors import IntegrityError, UnsupportedModelError
from shared.valuation import feature_table
from shared.valuation.calibration import intervals
from shared.valuation.feature_table import FEATURES, LEARNT, Feature
from shared.valuation.inputs import nowcast_snapshot
from shared.valuation.model import FORMAT, ValuationModel, Values
from shared.valuation.params import Params
from tests.factories import small_market
from tests.factories.small_market import END


def body() -> bytes:
    return small_market.model().to_bytes()


def read(what: bytes) -> ValuationModel:
    return ValuationModel.from_bytes(what, threads=1)


def edited(edit: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(body())
    edit(document)
    return json.dumps(document).encode()


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return small_market.nowcast().frame


def said(values: Values) -> bytes:
    return values.numbers().tobytes() + values.confidence.tobytes()


def test_a_round_trip_gives_the_same_id_and_bytes_and_all_that_it_says(frame: pl.DataFrame) -> None:
    model, again = small_market.model(), read(body())
    assert again.to_bytes() == body()
    assert again.model_id == model.model_id == f"m-{hashlib.sha256(body()).hexdigest()[:16]}"
    assert again.feature_schema == model.feature_schema
    assert (again.versions, again.params, again.seed) == (model.versions, model.params, model.seed)
    assert said(again.predict(frame)) == said(model.predict(frame))
    later = small_market.inputs()[1].frame
    for day in later["as_of"].dt.truncate("1d").unique().to_list()[::7]:
        calibrations = [one.calibrator(later).at(day) for one in (model, again)]
        assert said(again.predict(frame, calibrations[1])) == said(model.predict(frame, calibrations[0]))
    mine, its = (one.contributions(frame.head(500)) for one in (model, again))
    assert [part.tobytes() for part in mine] == [part.tobytes() for part in its]


def test_every_punk_has_a_value_intervals_around_it_and_a_grade(frame: pl.DataFrame) -> None:
    values = small_market.model().predict(frame)
    assert len(values) == 10_000
    ordered = [values.lo90, values.lo80, values.lo50, values.value_eth, values.hi50, values.hi80, values.hi90]
    assert (np.diff(ordered, axis=0) >= 0.0).all()
    assert np.isfinite(values.numbers()).all()
    assert values.numbers().shape == (7, 10_000)
    assert set(values.confidence) <= set("ABCD")


def test_columns_may_come_in_any_order_and_beside_others(frame: pl.DataFrame) -> None:
    model = small_market.model()
    turned = frame.select(reversed(frame.columns)).with_columns(further=pl.lit(1.0))
    assert said(model.predict(turned)) == said(model.predict(frame))


def test_a_file_records_every_knob_and_carries_those_that_it_predicts_by() -> None:
    document = json.loads(body())
    assert document["params"] == small_market.quick().model_dump(mode="json")
    assert document["calibration_params"] == document["params"]["calibration"]
    assert document["grades"] == {**Params.load().grades, "D": None}
    assert set(document["versions"]) == {*LEARNT, "type", *Params.load().index_rule.features}
    assert set(document["versions"].values()) == {1}
    assert document["format"] == FORMAT


def test_a_file_of_a_release_without_one_of_the_fields_keeps_its_name_and_its_values(frame: pl.DataFrame) -> None:
    model = small_market.model()
    unfloored = tuple(learner for learner in model.ensemble.learners if learner.start != "floored")
    ensemble = dataclasses.replace(model.ensemble, learners=unfloored)
    earlier = dataclasses.replace(model, ensemble=ensemble).with_reference(frame)
    document = json.loads(earlier.to_bytes())
    del document["ensemble"]["linear"]["least"]
    body = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    again = read(body)
    assert again.model_id == ValuationModel.id_of(hashlib.sha256(body).hexdigest()) != earlier.model_id
    assert said(again.predict(frame)) == said(earlier.predict(frame))


@pytest.mark.parametrize(
    "what",
    [
        b"", b"{}", b"[]", b"null", b"\x80\x04pickle", b'"punkcast"', b'{"format":"' + FORMAT.encode() + b'"}',
        b'{"format":', b"\xff\xfe",
    ],
)  # fmt: skip
def test_bytes_that_are_no_model_are_refused(what: bytes) -> None:
    with pytest.raises(IntegrityError, match="not a readable model file"):
        read(what)


@pytest.mark.parametrize("key", sorted(json.loads(body())))
def test_a_file_without_one_of_its_parts_is_damaged(key: str) -> None:
    with pytest.raises(IntegrityError, match="not a readable model file"):
        read(edited(lambda document: document.pop(key)))


def test_wherever_bytes_are_spoilt_the_file_is_refused_or_says_the_same(frame: pl.DataFrame) -> None:
    """The same: in what is only on record."""
    whole, rows, refused = body(), frame.head(200), 0
    before = said(small_market.model().predict(rows))
    for place in np.linspace(1, len(whole) - 3, 60).astype(int).tolist():
        spoilt = whole[:place] + b"!!" + whole[place + 2 :]
        try:
            assert said(read(spoilt).predict(rows)) == before
        except (IntegrityError, UnsupportedModelError):
            refused += 1
    assert refused > 50


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document["residuals"]["time"]["shape"].append(2),
        lambda document: document["residuals"].update(error=None),
        lambda document: document["ensemble"]["learners"].clear(),
        lambda document: document["ensemble"]["learners"][0].update(columns=[0]),
        lambda document: document["ensemble"]["linear"]["slope"].pop("shape"),
        lambda document: document["ensemble"].update(index_rule={"codes": ["Ape"], "features": []}),
        lambda document: document["grades"].pop("D"),
        lambda document: document["grades"].update(A="0.15"),
        lambda document: document["ensemble"]["features"].append("level"),
        lambda document: document.update(data_cutoff="yesterday"),
        lambda document: document.update(versions=None),
        lambda document: document["ensemble"]["learners"][0].update(kind=[]),
        lambda document: document["ensemble"]["linear"]["scaling"]["scale"].update(shape=[]),
        lambda document: document["ensemble"]["linear"].update(constant="0.1x"),
        lambda document: document.update(reference=None),
        lambda document: document["reference"].update(inputs="", answers=""),
        lambda document: document["reference"]["columns"].__setitem__(1, "another"),
    ],
)
def test_a_damaged_file_is_refused(spoil: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(IntegrityError):
        read(edited(spoil))


def tilted(document: dict[str, Any]) -> None:
    """Moves values by 10 % where two learners of three start from the line."""
    linear = document["ensemble"]["linear"]
    linear["constant"] = float(linear["constant"]) + np.log(1.1) * 1.5


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda document: document.update(format="punkcast-valuation/6"), "not model format 'punkcast-valuation/6'"),
        (lambda document: document.update(format="punkcast-valuation/8"), "not model format 'punkcast-valuation/8'"),
        (lambda document: document["ensemble"]["learners"][0].update(kind="forest"), "knows no learner 'forest'"),
        (
            lambda document: document["calibration_params"]["correction"].update(further=1.0),
            "the calibration settings in the file are not",
        ),
        (lambda document: document["calibration_params"].pop("days"), "the calibration settings in the file are not"),
        (tilted, "answers to the reference rows differ from the recorded ones by up to"),
    ],
)
def test_a_file_that_would_be_read_otherwise_is_unsupported(edit: Callable[[dict[str, Any]], object], why: str) -> None:
    with pytest.raises(UnsupportedModelError, match=why):
        read(edited(edit))


def test_a_file_is_not_supported_by_code_that_answers_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "LEVELS", (0.5, 0.8, 0.95))
    with pytest.raises(UnsupportedModelError, match="serve the model with the release that fitted it"):
        read(body())


def changed(name: str, **how: Any) -> tuple[Feature, ...]:
    return tuple(dataclasses.replace(one, **how) if one.name == name else one for one in FEATURES)


@pytest.mark.parametrize(
    ("features", "has"),
    [(changed("own_age", version=2), "2"), (tuple(one for one in FEATURES if one.name != "own_age"), "none")],
)
def test_a_model_is_not_served_by_code_that_computes_a_feature_it_reads_in_another_version_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, features: tuple[Feature, ...], has: str
) -> None:
    monkeypatch.setattr(feature_table, "FEATURES", features)
    with pytest.raises(UnsupportedModelError, match=rf"does not compute own_age \(version 1; this code has {has}\)"):
        read(body())


def test_a_further_and_a_retired_feature_change_nothing(monkeypatch: pytest.MonkeyPatch, frame: pl.DataFrame) -> None:
    before = said(small_market.model().predict(frame))
    further = dataclasses.replace(FEATURES[0], name="weather", meaning="rain over New York")
    monkeypatch.setattr(feature_table, "FEATURES", (further, *reversed(changed("own_age", retired=True))))
    model = read(body())
    assert model.to_bytes() == body()
    assert said(model.predict(frame.with_columns(weather=pl.lit(0.5)))) == before


@pytest.mark.parametrize(
    ("how", "same"),
    [({"meaning": "how long ago it was sold", "unit": "hours"}, True), ({"version": 2}, False)],
    ids=["reworded", "computed otherwise"],
)
def test_a_snapshots_id_follows_its_features(monkeypatch: pytest.MonkeyPatch, how: dict[str, Any], same: bool) -> None:
    before = small_market.nowcast()
    monkeypatch.setattr(feature_table, "FEATURES", changed("own_age", **how))
    after = nowcast_snapshot(small_market.timeline(), small_market.prices(), END)
    assert (after.snapshot_id == before.snapshot_id) == (after.feature_schema == before.feature_schema) == same
    if same:
        assert said(read(body()).predict(after.frame)) == said(small_market.model().predict(before.frame))


def test_a_model_that_has_what_is_no_number_is_never_written() -> None:
    model = small_market.model()
    broken = dataclasses.replace(model.residuals, error=np.full(len(model.residuals), np.nan))
    with pytest.raises(ValueError, match="not finite"):
        dataclasses.replace(model, residuals=broken).to_bytes()


def test_grades_of_any_names_and_widths_come_from_the_model(frame: pl.DataFrame) -> None:
    model = dataclasses.replace(small_market.model(), grades={"x": 1e9, "y": 1e-9, "z": None})
    values = model.predict(frame)
    assert set(values.confidence) == {"x", "z"}
    assert set(values.confidence[model.ensemble.by_index(frame)]) == {"z"}
