"""The policy: every threshold that decides about a model, typed, versioned and hashed.

The code has no defaults. The packaged `policy.toml` sets every knob; a missing knob is an error.
"""

import json
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, ValidationError, model_validator

from shared.errors import InvalidInputError, problems
from shared.evaluation.canonical import canonical_json, sha256_of
from shared.evaluation.checks import Action


class PolicyError(InvalidInputError):
    """The policy leaves a knob unset, sets an unknown one, or sets one out of range."""


_Names = Annotated[frozenset[str], PlainSerializer(sorted, return_type=list[str])]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Holdout(_Section):
    min_sales: int = Field(ge=1)
    target_sales: int = Field(ge=1)
    min_days: int = Field(ge=2)

    @model_validator(mode="after")
    def _target_is_enough(self) -> Self:
        if self.target_sales < self.min_sales:
            raise ValueError("target_sales lies below min_sales, so every hold-out would be inconclusive")
        return self


class Statistics(_Section):
    confidence: float = Field(gt=0.5, lt=1)
    bootstrap_draws: int = Field(ge=200)
    seed: int


class PromotionRules(_Section):
    """`automatic`: a contender that passes every check serves at once. `shadow_first`: it runs as a shadow before.

    `first_tolerates` names checks that may be inconclusive for the first champion. It has no champion to run beside as
    a shadow, and an unpublished model is never scored. A failed check is never tolerated.
    """

    mode: Literal["automatic", "shadow_first"]
    first_tolerates: _Names


class Inconclusive(_Section):
    owner: str = Field(min_length=1, max_length=100)
    max_days: float = Field(gt=0)


class Absolute(_Section):
    """Allowed deviations, and the widest interval (`resolution`) that can still pass."""

    max_bias: float = Field(gt=0)
    bias_resolution: float = Field(gt=0)
    coverage_tolerance: float = Field(gt=0, lt=1)
    coverage_resolution: float = Field(gt=0, lt=1)
    coverage_slack: float = Field(ge=0, lt=1)

    @model_validator(mode="after")
    def _resolution_holds_the_band(self) -> Self:
        if self.bias_resolution < self.max_bias:
            raise ValueError("bias_resolution lies within max_bias, so no bias could ever pass")
        if self.coverage_resolution < self.coverage_tolerance:
            raise ValueError("coverage_resolution lies within coverage_tolerance, so no coverage could ever pass")
        return self


class NonInferiority(_Section):
    margin: float = Field(ge=0)


class UnsupportedChampion(_Section):
    """Rules while the running code cannot serve the champion: `margin` applies against its published values.

    With fewer than `min_published` of them the check only reports. `tolerates`: see `first_tolerates`.
    """

    min_published: int = Field(ge=1)
    margin: float = Field(ge=0)
    tolerates: _Names


class Slices(_Section):
    min_sales: int = Field(ge=1)
    margin: float = Field(ge=0)
    recent_days: int = Field(ge=1)


class Infra(_Section):
    golden_rows: int = Field(ge=1)
    golden_tolerance: float = Field(gt=0)
    parity_tolerance: float = Field(gt=0)
    max_latency_s: float = Field(gt=0)


class BlastLimits(_Section):
    max_mean: float = Field(gt=0)
    max_p99: float = Field(gt=0)
    max_median: float = Field(gt=0)

    @model_validator(mode="after")
    def _tail_holds_the_mean(self) -> Self:
        if self.max_p99 < self.max_mean:
            raise ValueError("max_p99 lies below max_mean")
        return self


class Sequential(_Section):
    """The paired e-process: its grid of bets, its scale R (log units) and the threshold of E."""

    grid_points: int = Field(ge=1)
    grid_low: float = Field(gt=0, lt=1)
    grid_high: float = Field(gt=0, lt=1)
    scale: float = Field(gt=0)
    threshold: float = Field(gt=1)

    @model_validator(mode="after")
    def _grid_rises(self) -> Self:
        if self.grid_low > self.grid_high:
            raise ValueError("grid_low lies above grid_high")
        return self


class Watch(_Section):
    margin: float = Field(ge=0)
    warm_up_sales: int = Field(ge=0)
    warm_up_nowcasts: int = Field(ge=0)
    confirm_sales: int = Field(ge=1)
    confirm_days: float = Field(gt=0)
    stale_after_minutes: float = Field(gt=0)
    late_tick_minutes: float = Field(gt=0)
    max_jump: float = Field(gt=0)
    nowcast_rows: int = Field(ge=1)


class RollbackRules(_Section):
    cool_down_hours: float = Field(ge=0)
    freeze_window_days: float = Field(gt=0)
    freeze_after: int = Field(ge=1)


class ShadowRules(_Section):
    margin: float = Field(ge=0)
    max_sales: int = Field(ge=1)
    max_days: float = Field(gt=0)
    max_running: int = Field(ge=1)


class Retrain(_Section):
    model_age_days: float = Field(gt=0)
    new_valid_sales: int = Field(ge=1)
    loss_tolerance: float = Field(ge=0)
    loss_cap: float = Field(gt=0)
    loss_threshold: float = Field(gt=1)
    rejections_alert: int = Field(ge=1)


class Policy(_Section):
    version: int = Field(ge=1)
    holdout: Holdout
    statistics: Statistics
    promotion: PromotionRules
    inconclusive: Inconclusive
    absolute: Absolute
    non_inferiority: NonInferiority
    unsupported_champion: UnsupportedChampion | None = None  # versions before 4 lack it: a person decides
    slices: Slices
    infra: Infra
    blast_radius: BlastLimits
    sequential: Sequential
    watch: Watch
    rollback: RollbackRules
    shadow: ShadowRules
    retrain: Retrain

    @model_validator(mode="after")
    def _has_the_sections_of_its_version(self) -> Self:
        if self.version >= 4 and self.unsupported_champion is None:
            raise ValueError("unsupported_champion is unset; a policy of version 4 or later sets it")
        return self

    @cached_property
    def body(self) -> str:
        """The canonical JSON that `policy_hash` is taken over, without a section that its version lacks."""
        unknown = {"unsupported_champion"} if self.unsupported_champion is None else None
        return canonical_json(self.model_dump(mode="json", exclude=unknown))

    @cached_property
    def policy_hash(self) -> str:
        return sha256_of(self.body)

    def patience(self, action: Action) -> timedelta | None:
        """How long a decision may leave a model undecided; None if it leaves nothing undecided."""
        if action == "start_shadow":
            return timedelta(days=self.shadow.max_days)
        return timedelta(days=self.inconclusive.max_days) if action == "none" else None


def parse_policy(text: str) -> Policy:
    """Read a policy from TOML.

    Raises:
        PolicyError: not TOML, a knob is unset, unknown or out of range; the text names it.
    """
    try:
        return _validated(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"the policy is not TOML: {error}") from error


def stored_policy(body: str) -> Policy:
    """Read a policy from its `body`, as a decision left it on record.

    Raises:
        PolicyError: this code has other knobs than the code that recorded it.
    """
    return _validated(json.loads(body))


def load_policy(path: Path | None = None) -> Policy:
    """The policy of a file (TOML); without a file, the packaged policy.

    Raises:
        PolicyError: it cannot be read, or leaves a threshold unset.
    """
    if path is None:
        return parse_policy(files("shared.evaluation").joinpath("policy.toml").read_text(encoding="utf-8"))
    try:
        return parse_policy(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"the policy {path} cannot be read: {error}") from error
    except PolicyError as error:
        raise PolicyError(f"{path}: {error}") from error


def differences(old: Mapping[str, object], new: Mapping[str, object]) -> list[tuple[str, object, object]]:
    """Knobs (`section.knob`) that differ between two policy bodies, with both values; None where it is missing."""
    left, right = _flat(old), _flat(new)
    return [
        (knob, left.get(knob), right.get(knob))
        for knob in sorted(left.keys() | right.keys())
        if left.get(knob) != right.get(knob)
    ]


def _flat(body: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in body.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _validated(body: object) -> Policy:
    try:
        return Policy.model_validate(body)
    except ValidationError as error:
        raise PolicyError(f"invalid policy: {problems(error)}") from error
