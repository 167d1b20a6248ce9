"""The retention policy, typed. The code has no defaults: the packaged `retention.toml` sets every key."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.errors import InvalidInputError, problems


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class NowcastRows(_Section):
    every_days: int = Field(ge=9, le=36_500)
    """A sale scores the generation of 7 days before it, and may be read a day late."""
    hourly_days: int = Field(ge=9, le=36_500)

    @model_validator(mode="after")
    def _tiers_follow(self) -> Self:
        if self.hourly_days < self.every_days:
            raise ValueError("hourly_days lies below every_days")
        return self


class Companions(_Section):
    days: int = Field(ge=2, le=36_500)
    """Guards compare a model with its own values of the last two days."""


class Inputs(_Section):
    every_days: int = Field(ge=1, le=36_500)


class RetentionPolicy(_Section):
    nowcasts: NowcastRows
    companions: Companions
    inputs: Inputs


def load_retention(path: Path | None = None) -> RetentionPolicy:
    """The policy of a file; None for the packaged one.

    Raises:
        InvalidInputError: the file cannot be read, leaves a key unset, sets an unknown one, or one out of range.
    """
    name = "retention.toml" if path is None else str(path)
    try:
        text = (files(__package__) / name if path is None else path).read_text(encoding="utf-8")
        return RetentionPolicy.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise InvalidInputError(f"{name}: {problems(error)}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInputError(f"{name}: {error}; PUNKCAST_RETENTION_FILE names a TOML file") from error
