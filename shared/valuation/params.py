"""How a model is fitted: chosen by `punkcast tune`, kept in params.toml, recorded in every model file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from shared.errors import InvalidInputError

PARAMS_FILE = Path(__file__).with_name("params.toml")
_PLAIN = ("rounds", "half_life_days", "learn_days")
_WHOLE = ("rounds", "learn_days")


@dataclass(frozen=True)
class Params:
    """What a fit depends on beside its data.

    Attributes:
        booster: XGBoost's own parameters.
        rounds: trees of each booster.
        half_life_days: a sale this much older weighs half.
        learn_days: sales older than this are not learnt from.
    """

    booster: dict[str, float | int | str]
    rounds: int
    half_life_days: float
    learn_days: int

    def as_dict(self) -> dict[str, Any]:
        return {"booster": dict(self.booster), **{name: getattr(self, name) for name in _PLAIN}}

    @classmethod
    def from_dict(cls, document: dict[str, Any], where: str) -> Params:
        """From the keys of params.toml.

        Raises:
            InvalidInputError: a key is missing or unknown, or a number is not positive, finite and where it counts
                something whole.
        """
        expected = {"booster", *_PLAIN}
        if set(document) != expected:
            raise InvalidInputError(f"{where}: expected exactly the keys {', '.join(sorted(expected))}")
        numbers = {name: document[name] for name in _PLAIN}
        for name, value in numbers.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
                raise InvalidInputError(f"{where}: {name} must be a number above zero (found {value!r})")
            if name in _WHOLE and not isinstance(value, int):
                raise InvalidInputError(f"{where}: {name} must be a whole number (found {value!r})")
        if not isinstance(document["booster"], dict):
            raise InvalidInputError(f"{where}: booster must be a table of XGBoost's parameters")
        return cls(booster=dict(document["booster"]), **numbers)

    @classmethod
    def load(cls, file: Path = PARAMS_FILE) -> Params:
        """Read a TOML file.

        Raises:
            InvalidInputError: no such file, or it breaks a rule of `from_dict`.
        """
        try:
            document = tomllib.loads(file.read_text())
        except (OSError, ValueError) as error:
            raise InvalidInputError(f"{file}: is no readable parameter file ({error})") from error
        return cls.from_dict(document, str(file))
