"""Every knob of a fit, typed. `params.toml` sets each; a model file records all and carries those of prediction."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    Strict,
    ValidationError,
    field_validator,
)

from shared.errors import InvalidInputError, problems
from shared.market.traits import TYPES

PARAMS_FILE = Path(__file__).with_name("params.toml")
Start = Literal["zero", "linear", "floored"]
Names = Annotated[tuple[str, ...], Strict(False)]
"""Tuples are not strict, because files have lists; their elements are strict."""


def _rising(values: tuple[float, ...]) -> tuple[float, ...]:
    if list(values) != sorted(set(values)):
        raise ValueError("must rise")
    return values


Rising = Annotated[tuple[PositiveFloat, ...], Strict(False), AfterValidator(_rising)]


class Section(BaseModel):
    """Read-only and strict: an unknown key, or text instead of a number, is an error."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Member(Section):
    """A learner of the ensemble: its kind (a key of `ensemble.KINDS`) and where it starts."""

    kind: str
    start: Start


class TreesParams(Section):
    """Boosted trees; further keys are XGBoost's parameters."""

    model_config = ConfigDict(extra="allow")
    leave_out: Names
    rounds: PositiveInt
    max_bin: PositiveInt

    @property
    def booster(self) -> dict[str, Any]:
        """The parameters for XGBoost."""
        return {"max_bin": self.max_bin, **(self.model_extra or {})}


class LinearParams(Section):
    least: NonNegativeFloat
    tail: float = Field(ge=0, lt=0.5)
    penalty: NonNegativeFloat
    near: PositiveFloat
    rounds: PositiveInt


class NetworkParams(Section):
    min_sales: PositiveInt
    hidden: PositiveInt
    epochs: PositiveInt
    batch: PositiveInt
    rate: PositiveFloat
    warm_up: float = Field(gt=0, lt=1)
    cool_down: float = Field(gt=0, le=1)
    averaged: float = Field(gt=0, le=1)
    near: PositiveFloat


class IndexRule(Section):
    """Punks whose value is the index's forecast: the sum of `features`."""

    types: Names
    features: Names

    @field_validator("types")
    @classmethod
    def _types_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(names) - set(TYPES):
            raise ValueError(f"there is no type {', '.join(sorted(unknown))}; there are {', '.join(TYPES)}")
        return names


class IntervalParams(Section):
    bounds: Rising
    half_life_days: PositiveFloat
    borrowed_widening: float = Field(ge=1)


class CorrectionParams(Section):
    knots: Rising = Field(min_length=2)
    half_life_days: PositiveFloat
    bandwidth: PositiveFloat
    prior_sales: NonNegativeFloat
    largest: PositiveFloat


class VolatilityParams(Section):
    half_life_days: PositiveFloat
    prior_sales: PositiveFloat
    largest: PositiveFloat


class CalibrationParams(Section):
    """The knobs of a calibration. A new knob needs a default with which older files compute the same."""

    days: PositiveInt
    sales: PositiveInt
    min_errors: PositiveInt
    intervals: IntervalParams
    correction: CorrectionParams
    volatility: VolatilityParams


class Params(Section):
    """Everything a fit depends on besides its data; `params.toml` explains each knob."""

    half_life_days: PositiveFloat
    learn_days: PositiveInt
    min_sales: PositiveInt
    seeds: PositiveInt
    learners: Annotated[tuple[Member, ...], Strict(False)] = Field(min_length=1)
    trees: TreesParams
    linear: LinearParams
    network: NetworkParams
    index_rule: IndexRule
    calibration: CalibrationParams
    grades: dict[str, PositiveFloat]

    @classmethod
    def from_dict(cls, document: object, where: str) -> Params:
        """Raises InvalidInputError: a key is missing, unknown or out of range; `where` names the file."""
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            raise InvalidInputError(f"{where}: {problems(error)}") from error

    @classmethod
    def load(cls, file: Path | None = None) -> Params:
        """Read a TOML file, by default `PARAMS_FILE`.

        Raises:
            InvalidInputError: no such file, or it breaks a rule of `from_dict`.
        """
        file = file or PARAMS_FILE
        try:
            document = tomllib.loads(file.read_text())
        except (OSError, ValueError) as error:
            raise InvalidInputError(f"{file}: is not a readable parameter file ({error})") from error
        return cls.from_dict(document, str(file))
