"""The valuation model: learners of ln(price / floor), errors to calibrate them by, one self-describing file."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
import xgboost as xgb

from shared.errors import IntegrityError, InvalidInputError, UnsupportedModelError
from shared.market.series import Floats
from shared.valuation.blend import Blend, is_thin
from shared.valuation.boosters import Boosters
from shared.valuation.conformal import Calibrating, Calibration
from shared.valuation.feature_table import schema_hash
from shared.valuation.linear_forecast import LinearForecast
from shared.valuation.network import Network
from shared.valuation.params import Params
from shared.valuation.residuals import Residuals

FORMAT = "punkcast-valuation/6"
XGBOOST_VERSION: str = xgb.__version__
GRADE_WIDTHS = (("A", 0.15), ("B", 0.35), ("C", 0.80))
"""Confidence grade by the width of the 80 % interval relative to the value: A up to 15 %, B 35 %, C 80 %, else D, as
`THIN_TYPES` always are."""


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


@dataclass(frozen=True)
class ValuationModel:
    """A fitted model, ready to value. Immutable: what is evaluated is what is deployed.

    `residuals` are the errors known at the fit, on sales before the cut-off that the models then had not seen.
    """

    blend: Blend
    residuals: Residuals
    data_cutoff: datetime
    params: Params
    seed: int
    feature_schema: str

    def __post_init__(self) -> None:
        if self.feature_schema != schema_hash():
            raise UnsupportedModelError(
                f"the model was trained on feature schema {self.feature_schema[:12]}, this code computes "
                f"{schema_hash()[:12]}; train a contender with this version"
            )

    @property
    def model_id(self) -> str:
        """The name by its bytes."""
        return model_id(hashlib.sha256(self.to_bytes()).hexdigest())

    @cached_property
    def calibration(self) -> Calibration:
        """That of the fit; `shared.valuation.recalibration` has that of a later instant."""
        return Calibration.fit(self.residuals, self.data_cutoff)

    def predict(self, frame: pl.DataFrame, calibration: Calibrating | None = None) -> Values:
        """Value every row of a snapshot's frame (needs `floor_eth` and the feature columns).

        Without a `calibration`, it is that of the fit.
        """
        calibration = calibration or self.calibration
        floor = frame["floor_eth"].to_numpy().astype(np.float64)
        premium = np.exp(self.blend.predict(frame))
        value = premium * np.exp(calibration.correction_of(premium)) * floor
        (lo50, hi50), (lo80, hi80), (lo90, hi90) = calibration.bounds(value, premium)
        return Values(value, lo50, hi50, lo80, hi80, lo90, hi90, _grade((hi80 - lo80) / value, is_thin(frame)))

    def to_bytes(self) -> bytes:
        """The model file: canonical JSON around XGBoost's own UBJSON. Same model, same bytes; nothing is pickled."""
        document = {
            "format": FORMAT,
            "features": list(self.blend.features),
            "feature_schema": self.feature_schema,
            "data_cutoff": self.data_cutoff.isoformat(),
            "params": self.params.as_dict(),
            "seed": self.seed,
            "residuals": self.residuals.as_dict(),
            "linear": self.blend.linear.as_dict(),
            "networks": [network.as_dict() for network in self.blend.networks],
            "boosters": [base64.b64encode(file).decode() for file in self.blend.boosters.files],
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()

    @classmethod
    def from_bytes(cls, body: bytes, *, threads: int = 2) -> ValuationModel:
        """Read a model file.

        Raises:
            IntegrityError: not a model file. UnsupportedModelError: of another format or feature schema.
        """
        try:
            document = json.loads(body)
            if document["format"] != FORMAT:
                raise UnsupportedModelError(f"model format {document['format']!r} is not {FORMAT!r}")
            files = tuple(base64.b64decode(file, validate=True) for file in document["boosters"])
            features = tuple(document["features"])
            model = cls(
                blend=Blend(
                    Boosters(files, features, threads),
                    tuple(Network.from_dict(network, len(features)) for network in document["networks"]),
                    LinearForecast.from_dict(document["linear"], len(features)),
                ),
                residuals=Residuals.from_dict(document["residuals"]),
                data_cutoff=datetime.fromisoformat(document["data_cutoff"]),
                params=Params.from_dict(document["params"], "the model file"),
                seed=document["seed"],
                feature_schema=document["feature_schema"],
            )
            model.blend.boosters.check()
        except (ValueError, KeyError, TypeError, OverflowError, InvalidInputError, xgb.core.XGBoostError) as error:
            raise IntegrityError(f"not a readable model file: {error}") from error
        return model


def model_id(artifact_sha256: str) -> str:
    """A model is named by its bytes."""
    return f"m-{artifact_sha256[:16]}"


def _grade(relative_width: Floats, thin: npt.NDArray[np.bool_]) -> npt.NDArray[np.str_]:
    grade = np.full(len(relative_width), "D")
    for name, width in reversed(GRADE_WIDTHS):
        grade[relative_width <= width] = name
    grade[thin] = "D"
    return grade
