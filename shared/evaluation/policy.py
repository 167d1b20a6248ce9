"""The policy: every threshold that decides about a model, typed, versioned and hashed.

There are no defaults in code. The packaged `policy.toml` sets every knob; one that is missing is an error.
"""

from __future__ import annotations

import tomllib
from functools import cached_property
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import InvalidInputError
from shared.evaluation.canonical import canonical_json, sha256_of


class PolicyError(InvalidInputError):
    """The policy file leaves a knob unset, sets an unknown one, or sets it to nonsense."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Holdout(_Section):
    min_sales: int = Field(ge=1)
    target_sales: int = Field(ge=1)
    min_days: int = Field(ge=2)


class Statistics(_Section):
    confidence: float = Field(gt=0.5, lt=1)
    bootstrap_draws: int = Field(ge=200)
    seed: int


class Absolute(_Section):
    max_bias: float = Field(gt=0)
    coverage_tolerance: float = Field(gt=0, lt=1)


class NonInferiority(_Section):
    margin: float = Field(ge=0)


class Slices(_Section):
    min_sales: int = Field(ge=1)
    margin: float = Field(ge=0)
    recent_days: int = Field(ge=1)


class Infra(_Section):
    golden_rows: int = Field(ge=1)
    golden_tolerance: float = Field(gt=0)
    max_latency_s: float = Field(gt=0)


class BlastLimits(_Section):
    max_mean: float = Field(gt=0)
    max_p99: float = Field(gt=0)
    max_median: float = Field(gt=0)


class Sequential(_Section):
    """The paired e-process: its grid of bets, its scale R (log units) and the threshold of E."""

    grid_points: int = Field(ge=1)
    grid_low: float = Field(gt=0, lt=1)
    grid_high: float = Field(gt=0, lt=1)
    scale: float = Field(gt=0)
    threshold: float = Field(gt=1)


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
    absolute: Absolute
    non_inferiority: NonInferiority
    slices: Slices
    infra: Infra
    blast_radius: BlastLimits
    sequential: Sequential
    watch: Watch
    rollback: RollbackRules
    shadow: ShadowRules
    retrain: Retrain

    @cached_property
    def body(self) -> str:
        """Canonical JSON, what `policy_hash` is taken over."""
        return canonical_json(self.model_dump(mode="json"))

    @cached_property
    def policy_hash(self) -> str:
        return sha256_of(self.body)


def parse_policy(text: str) -> Policy:
    """Read a policy from TOML.

    Raises:
        PolicyError: not TOML, a knob is unset, unknown or out of range; the text names it.
    """
    try:
        return Policy.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"the policy is not TOML: {error}") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}" for detail in error.errors()
        )
        raise PolicyError(f"the policy sets not every threshold correctly: {problems}") from error


def load_policy() -> Policy:
    """The packaged policy. Raises PolicyError."""
    return parse_policy(files("shared.evaluation").joinpath("policy.toml").read_text(encoding="utf-8"))
