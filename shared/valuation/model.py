"""The valuation model: an ensemble, the errors that calibrate it, and one file with everything prediction reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import xgboost as xgb
from pydantic import BeforeValidator, StrictFloat, TypeAdapter, ValidationError

from shared.errors import IntegrityError, InvalidInputError, UnsupportedModelError
from shared.market.prices import DailyPrices
from shared.market.series import Floats
from shared.market.timeline import MarketTimeline
from shared.valuation.calibration import correction
from shared.valuation.calibration.calibrator import Calibrator
from shared.valuation.calibration.intervals import Calibration
from shared.valuation.calibration.residuals import Residuals
from shared.valuation.feature_table import not_computed, schema_hash
from shared.valuation.inputs import later_sales
from shared.valuation.learners.ensemble import Ensemble
from shared.valuation.params import CalibrationParams
from shared.valuation.reference import TOLERANCE, Reference

FORMAT: Final = "punkcast-valuation/7"
_UNREADABLE: Final = (
    ValueError, KeyError, TypeError, OverflowError, InvalidInputError, pl.exceptions.PolarsError,
    xgb.core.XGBoostError,
)  # fmt: skip


@dataclass(frozen=True)
class Values:
    """Fair values of n punks in ETH with their intervals. All float arrays have shape (n,)."""

    value_eth: Floats
    lo50: Floats
    hi50: Floats
    lo80: Floats
    hi80: Floats
    lo90: Floats
    hi90: Floats
    confidence: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.value_eth)

    def numbers(self) -> Floats:
        """Value and bounds, shape (7, n)."""
        return np.array([getattr(self, field.name) for field in fields(self) if field.name != "confidence"])


@dataclass(frozen=True)
class ValuationModel:
    """A fitted model, ready to value. Immutable: what is evaluated is what is deployed.

    Attributes:
        residuals: errors of the calibration fit, on sales before the cut-off that it had not seen.
        versions: the version of every feature that prediction reads.
        grades: widest 80 % interval of each confidence grade, relative to the value; None: any width.
        params: every knob of the fit, for the record only.
        reference: rows, and the model's answers where it was fitted; None until `with_reference`.
    """

    ensemble: Ensemble
    residuals: Residuals
    data_cutoff: Annotated[datetime, BeforeValidator(datetime.fromisoformat)]
    versions: Mapping[str, int]
    calibration_params: CalibrationParams
    grades: Mapping[str, StrictFloat | None]
    params: Mapping[str, Any]
    seed: int
    reference: Reference | None

    @cached_property
    def model_id(self) -> str:
        """The name, derived from the file's bytes."""
        return self.id_of(hashlib.sha256(self.to_bytes()).hexdigest())

    @staticmethod
    def id_of(artifact_sha256: str) -> str:
        """The name of the model whose file has this hash."""
        return f"m-{artifact_sha256[:16]}"

    def facts(self) -> dict[str, Any]:
        """The registry's columns that the model file determines."""
        return {
            "model_id": self.model_id,
            "artifact_format": FORMAT,
            "xgboost_version": xgb.__version__,
            "data_cutoff": self.data_cutoff,
            "feature_schema": self.feature_schema,
            "params": dict(self.params),
            "seed": self.seed,
        }

    @cached_property
    def calibration(self) -> Calibration:
        """Calibration from the errors known at fit time; for later instants see `calibrator`."""
        return self.calibrator().at(self.data_cutoff)

    @property
    def features(self) -> tuple[str, ...]:
        """The features that the learners read, in order."""
        return self.ensemble.features

    def lacking(self, frame: pl.DataFrame) -> set[str]:
        """Features that prediction reads and the frame lacks; a snapshot of an older release may lack some."""
        return self.versions.keys() - set(frame.columns)

    @property
    def feature_schema(self) -> str:
        """SHA-256 over the names and versions of the features that prediction reads."""
        return schema_hash(self.versions)

    @property
    def lowest_grade(self) -> str:
        """The grade without a limit of width."""
        (name,) = (name for name, widest in self.grades.items() if widest is None)
        return name

    def log_premium(self, frame: pl.DataFrame) -> Floats:
        """Predicted ln(price / floor) of every row, before the correction, shape (n,)."""
        return self.ensemble.predict(frame)

    def contributions(self, frame: pl.DataFrame) -> tuple[Floats, Floats]:
        """Exact additive parts of `log_premium`: per feature, shape (n, features), and the constant, shape (n,)."""
        return self.ensemble.contributions(frame)

    def predict(
        self, frame: pl.DataFrame, calibration: Calibration | None = None, predicted: Floats | None = None
    ) -> Values:
        """Value every row of a frame with `floor_eth` and the features.

        The default calibration is that of the fit. `predicted`: `log_premium` of the frame, if it is computed already.
        """
        calibration = calibration or self.calibration
        predicted = self.log_premium(frame) if predicted is None else predicted
        premium, floor = np.exp(predicted), frame["floor_eth"].to_numpy().astype(np.float64)
        value = np.exp(predicted + calibration.correction_of(premium)) * floor
        (lo50, hi50), (lo80, hi80), (lo90, hi90) = calibration.bounds(value, premium)
        width = (hi80 - lo80) / value
        grade = np.full(len(width), self.lowest_grade)
        for widest, name in sorted(((widest, name) for name, widest in self.grades.items() if widest), reverse=True):
            grade[width <= widest] = name
        grade[self.ensemble.by_index(frame)] = self.lowest_grade
        return Values(value, lo50, hi50, lo80, hi80, lo90, hi90, grade)

    def predict_forward(self, rows: pl.DataFrame, *outcomes: pl.DataFrame) -> Values:
        """Value rows of many instants (`as_of`), each by the calibration of its day; see `calibrator`."""
        predicted = self.log_premium(rows)
        own = [self._errors(some, predicted if some is rows else None) for some in outcomes]
        calibrator = self._calibrator(own)
        days = rows["as_of"].dt.truncate("1d")
        numbers, confidence = np.empty((7, rows.height)), np.full(rows.height, self.lowest_grade)
        for day in days.unique():
            mask = (days == day).to_numpy()
            values = self.predict(rows.filter(mask), calibrator.at(day), predicted[mask])
            numbers[:, mask], confidence[mask] = values.numbers(), values.confidence
        return Values(*numbers, confidence)  # type: ignore[call-arg]  # mypy cannot count the rows

    def calibrator(self, *outcomes: pl.DataFrame) -> Calibrator:
        """Calibrations by day. `outcomes`: rows as of `inputs.HORIZON_S` before each sale, whose errors count too."""
        return self._calibrator([self._errors(rows) for rows in outcomes])

    def _calibrator(self, own: Sequence[Residuals]) -> Calibrator:
        return Calibrator(self.residuals, self.data_cutoff, self.calibration_params, own, self._day_corrections)

    @cached_property
    def _day_corrections(self) -> Floats:
        return correction.day_corrections(self.residuals, self.calibration_params.correction)

    def _errors(self, rows: pl.DataFrame, predicted: Floats | None = None) -> Residuals:
        """Errors on rows as of the cut-off or later that have a floor."""
        floor = rows["floor_eth"]
        later = ((rows["as_of"] >= self.data_cutoff) & floor.is_finite() & (floor > 0)).to_numpy()
        rows = rows.filter(later)
        return Residuals.of(rows, self.log_premium(rows) if predicted is None else predicted[later])

    def calibration_at(self, timeline: MarketTimeline, prices: DailyPrices, instant: datetime) -> Calibration:
        """The calibration of a nowcast by this model as of the instant."""
        sales = later_sales(timeline, prices, data_cutoff=self.data_cutoff, instant=instant)
        return self.calibrator(sales).at(instant)

    def recorded(
        self, offsets: Sequence[Sequence[Sequence[float]]] | None, shifts: Sequence[float] | None
    ) -> Calibration | None:
        """A generation's recorded calibration; None if a part is missing or of other knobs."""
        params = self.calibration_params
        if offsets is None or shifts is None or len(shifts) != len(params.correction.knots):
            return None
        return Calibration(np.array(offsets, dtype=np.float64), np.array(shifts, dtype=np.float64), params)

    def with_reference(self, frame: pl.DataFrame) -> ValuationModel:
        """The model with some of these rows as its reference rows, from cheap to expensive."""
        rows = Reference.choose(frame, self.log_premium(frame)).select("floor_eth", *sorted(self.versions))
        inputs = rows.to_numpy().astype(np.float64).T
        return replace(self, reference=Reference(tuple(rows.columns), inputs, self._answers(rows)))

    def reference_difference(self) -> float:
        """The largest relative difference of this code's answers to the reference rows from the recorded answers.

        Raises:
            IntegrityError: there are no reference rows.
        """
        if self.reference is None:
            raise IntegrityError("a model file without reference rows: nobody can tell whether it is read rightly")
        return self.reference.difference(self._answers(self.reference.rows))

    def _answers(self, rows: pl.DataFrame) -> Floats:
        """Value and bounds by the calibration of the fit, and by that of a later day, shape (14, rows)."""
        first = np.arange(len(self.residuals)) < len(self.residuals) // 2
        earlier, own = self.residuals.where(first), self.residuals.where(~first)
        later = Calibrator(earlier, self.data_cutoff, self.calibration_params, [own]).at(self.data_cutoff)
        predicted = self.log_premium(rows)
        return np.vstack([self.predict(rows, each, predicted).numbers() for each in (self.calibration, later)])

    def to_bytes(self) -> bytes:
        """The model file: canonical JSON that contains XGBoost's UBJSON. Same model, same bytes; no pickles."""
        document = {"format": FORMAT, **_FILE.dump_python(self, mode="json")}
        return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()

    @classmethod
    def from_bytes(cls, body: bytes, *, threads: int = 2) -> ValuationModel:
        """Read a model file and answer its reference rows.

        Raises:
            IntegrityError: not a model file, or a damaged one.
            UnsupportedModelError: a sound file that this code cannot serve: another format, an unknown feature,
                feature version, learner or knob, or other answers to the reference rows.
        """
        try:
            document = json.loads(body)
            if document["format"] != FORMAT:
                raise UnsupportedModelError(f"this code reads {FORMAT!r}, not model format {document['format']!r}")
            if missing := not_computed(dict(document["versions"])):
                raise UnsupportedModelError(f"this code does not compute {', '.join(missing)}")
            model = _FILE.validate_python(document)
            model = replace(model, ensemble=replace(model.ensemble, threads=threads))
            # Hash the file as it is: this release may write more fields than the release that wrote the file.
            vars(model)["model_id"] = cls.id_of(hashlib.sha256(body).hexdigest())
            difference = model.reference_difference()
            if difference > TOLERANCE:
                raise UnsupportedModelError(
                    "this code's answers to the reference rows differ from the recorded ones by up to "
                    f"{difference:.2g} of a value; "
                    "serve the model with the release that fitted it, or train a contender with this one"
                )
        except _UNREADABLE as error:
            locations = [problem["loc"] for problem in error.errors()] if isinstance(error, ValidationError) else []
            if locations and all(path[0] == "calibration_params" and len(path) > 1 for path in locations):
                raise UnsupportedModelError(
                    f"the calibration settings in the file are not those of this code: {error}"
                ) from error
            raise IntegrityError(f"not a readable model file: {error}") from error
        return model


_FILE: Final = TypeAdapter(ValuationModel)
