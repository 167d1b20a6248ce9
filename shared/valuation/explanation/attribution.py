"""Exact additive parts of values: which of them adds how much, in log units and ETH.

The model predicts ln(value / floor), and its contributions split that into a part for each feature and a constant
(SHAP values: Lundberg et al., Nature Machine Intelligence 2, 2020). Features become parts that people know: the
market's level, the type, the skin, each accessory (`parts`). The correction by the latest sales is a part of its own.
Neither this step nor the one from log units to ETH (`stored.parts_in_eth`) leaves a remainder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from shared.errors import IntegrityError, InvalidInputError
from shared.market.series import Floats, Ints
from shared.market.traits import Traits
from shared.valuation.calibration import Calibration
from shared.valuation.explanation.parts import PunkParts
from shared.valuation.explanation.stored import FLOOR_MOVE, Part, PartKey, parts_in_eth
from shared.valuation.model import ValuationModel

LARGEST_ROUNDING: Final = 1e-3
"""SHAP values are single precision: their sum may miss the prediction by so much (log units), and no more."""


@dataclass(frozen=True)
class Attribution:
    """The parts of the values of n punks.

    Attributes:
        keys: group and name of every kind of part.
        punk_id, value_eth, floor_eth: shape (n,).
        kind, log: shape (n, parts): which of `keys`, -1 for none, and its log units of ln(value / floor).
    """

    keys: tuple[PartKey, ...]
    punk_id: Ints
    value_eth: Floats
    floor_eth: Floats
    kind: Ints
    log: Floats

    @classmethod
    def joined(cls, batches: Sequence[Attribution]) -> Attribution:
        """One after the other, of one `Attributor`."""
        columns = [name for name in cls.__dataclass_fields__ if name != "keys"]
        return cls(batches[0].keys, *(np.concatenate([getattr(one, name) for one in batches]) for name in columns))

    def reasons(self) -> list[Reasons]:
        """The same punk by punk, with ETH."""
        found = []
        columns = (self.punk_id, self.value_eth, self.floor_eth, self.kind, self.log)
        for punk, value, floor, kinds, amounts in zip(*(column.tolist() for column in columns), strict=True):
            logs = {self.keys[kind]: log for kind, log in zip(kinds, amounts, strict=True) if kind >= 0}
            found.append(Reasons(punk, value, floor, parts_in_eth(logs, value, floor)))
        return found


@dataclass(frozen=True)
class Reasons:
    """Why a punk has its value: parts by group, whose ETH add up to value - floor."""

    punk_id: int
    value_eth: float
    floor_eth: float
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Changes:
    """What moved a punk's value between two snapshots, by one model; the parts' ETH add up to after - before."""

    before_eth: float
    after_eth: float
    parts: tuple[Part, ...]


class Attributor:
    """Attributes the values of a nowcast snapshot, some of its rows at a time.

    All rows are valued at once: a matrix product of one row may differ from that of many in its last bit, and what is
    explained has to be the value that was published.
    """

    def __init__(
        self, model: ValuationModel, frame: pl.DataFrame, traits: Traits, premia: Floats, calibration: Calibration
    ) -> None:
        """`premia`: of every trait as of the snapshot's instant, shape (traits,), see `comparables.trait_premia`;
        `calibration`: what the values are corrected by."""
        self._model, self._frame = model, frame
        self._parts = PunkParts(traits, premia, model.features)
        self._floor: Floats = frame["floor_eth"].to_numpy().astype(np.float64)
        self._log_premium = model.log_premium(frame)
        self._correction = calibration.correction_of(np.exp(self._log_premium))
        self._value: Floats = np.exp(self._log_premium + self._correction) * self._floor

    def of(self, rows: slice) -> Attribution:
        """The parts of the values of these rows. What rounding leaves counts as usual.

        Raises:
            InvalidInputError: a row without a floor has no value, and so no parts.
            IntegrityError: the contributions do not add up to the prediction.
        """
        frame, floor = self._frame[rows], self._floor[rows]
        if not np.isfinite(floor).all():
            raise InvalidInputError("no other punk was for sale then: without a floor there is no value to explain")
        contributions, constant = self._model.contributions(frame)
        rounding = self._log_premium[rows] - contributions.sum(axis=1) - constant
        worst = float(np.abs(rounding).max(initial=0.0))
        if worst > LARGEST_ROUNDING:
            raise IntegrityError(
                f"contributions miss the prediction by {worst:.2g}: a learner attributes what it does not predict"
            )
        punks = frame["punk_id"].to_numpy().astype(np.int64)
        kind, log = self._parts.split(punks, contributions, constant + rounding, self._correction[rows])
        return Attribution(self._parts.keys, punks, self._value[rows], floor, kind, log)


def changes(before: Reasons, after: Reasons) -> Changes:
    """What moved the value from one snapshot to a later one, both valued by the same model.

    Raises:
        InvalidInputError: the reasons are of two punks.
    """
    if before.punk_id != after.punk_id:
        raise InvalidInputError(f"reasons of punk {before.punk_id} cannot be compared with those of {after.punk_id}")
    # One model gives one punk the same parts in the same order.
    pairs = zip(before.parts, after.parts, strict=True)
    moved = {(late.group, late.name): late.log - early.log for early, late in pairs}
    moved[FLOOR_MOVE] = float(np.log(after.floor_eth / before.floor_eth))
    return Changes(before.value_eth, after.value_eth, parts_in_eth(moved, after.value_eth, before.value_eth))
