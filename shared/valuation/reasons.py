"""Why a value is what it is: exact additive parts in ETH, grouped for people.

The model predicts ln(value / floor), and XGBoost's SHAP values split that into a part for each feature and a constant.
Two steps lead from there to what is shown, and neither leaves a remainder:

1. Features become parts that people know: the market's level, the type, the skin, each accessory (`reason_parts`). The
   correction by the latest sales is a part of its own.
2. Log units become ETH through the logarithmic mean L(value, floor) = (value - floor) / ln(value / floor): L times the
   parts adds up to value - floor (the LMDI decomposition: Ang, Energy Policy 32, 2004). Between two instants
   L(after, before) does the same for the moves of the floor and of each part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from shared.errors import IntegrityError, InvalidInputError
from shared.market.series import Floats
from shared.market.traits import Traits
from shared.valuation.calibration.intervals import Calibration
from shared.valuation.model import ValuationModel
from shared.valuation.reason_parts import FLOOR_MOVE, GROUPS, LATEST, USUAL, Group, Key, TraitParts

LARGEST_ROUNDING: Final = 1e-3
"""SHAP values are single precision: their sum may miss the prediction by so much (log units), and no more."""


@dataclass(frozen=True)
class Part:
    """One reason: `log` units of ln(value / floor), and the ETH that it adds."""

    group: Group
    name: str
    log: float
    eth: float


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


def reasons(
    model: ValuationModel,
    frame: pl.DataFrame,
    traits: Traits,
    premia: Floats,
    calibration: Calibration | None = None,
) -> list[Reasons]:
    """The reasons of every row of a nowcast snapshot's frame (or of some of its rows).

    `premia`: of every trait as of the snapshot's instant, see `trait_premia`. `calibration`: what
    the values were corrected by, without it that of the fit. What rounding leaves counts as usual.

    Raises:
        InvalidInputError: a row without a floor has no value, and so no reasons.
        IntegrityError: the contributions do not add up to the prediction.
    """
    floor = frame["floor_eth"].to_numpy().astype(np.float64)
    if not np.isfinite(floor).all():
        raise InvalidInputError("no other punk was for sale then: without a floor there is no value to explain")
    predicted = model.log_premium(frame)
    premium = np.exp(predicted)
    correction = (calibration or model.calibrator().at(model.data_cutoff)).correction_of(premium)
    value = premium * np.exp(correction) * floor
    contributions, constant = model.contributions(frame)
    rounding = predicted - contributions.sum(axis=1) - constant
    worst = float(np.abs(rounding).max(initial=0.0))
    if worst > LARGEST_ROUNDING:
        raise IntegrityError(f"contributions miss the prediction by {worst:.2g}: this XGBoost reads the model wrongly")
    usual, mean = constant + rounding, logarithmic_mean(value, floor)
    found = []
    for row, punk in enumerate(frame["punk_id"].to_list()):
        logs, own = {USUAL: float(usual[row]), LATEST: float(correction[row])}, TraitParts(traits, premia, punk)
        for feature, contribution in zip(model.features, contributions[row].tolist(), strict=True):
            for key, log in own.divide(feature, contribution):
                logs[key] = logs.get(key, 0.0) + log
        found.append(Reasons(punk, float(value[row]), float(floor[row]), _parts(logs, float(mean[row]))))
    return found


def changes(before: Reasons, after: Reasons) -> Changes:
    """What moved the value from one snapshot to a later one, both valued by the same model.

    Raises:
        InvalidInputError: the reasons are of two punks.
    """
    if before.punk_id != after.punk_id:
        raise InvalidInputError(f"reasons of punk {before.punk_id} cannot be compared with those of {after.punk_id}")
    moved: dict[Key, float] = {FLOOR_MOVE: float(np.log(after.floor_eth / before.floor_eth))}
    for parts, sign in ((before.parts, -1.0), (after.parts, 1.0)):
        for part in parts:
            key = (part.group, part.name)
            moved[key] = moved.get(key, 0.0) + sign * part.log
    mean = float(logarithmic_mean(np.array([after.value_eth]), np.array([before.value_eth]))[0])
    return Changes(before_eth=before.value_eth, after_eth=after.value_eth, parts=_parts(moved, mean))


def by_group(parts: tuple[Part, ...]) -> dict[Group, float]:
    """ETH of each group that has a part."""
    return {
        group: sum(part.eth for part in parts if part.group == group)
        for group in GROUPS
        if any(part.group == group for part in parts)
    }


def logarithmic_mean(one: Floats, other: Floats) -> Floats:
    """(one - other) / ln(one / other) of positive numbers, shape (n,); where they are equal, that number."""
    ratio = np.log(one / other)
    # expm1 keeps the digits of a small difference.
    return other * np.where(ratio == 0.0, 1.0, np.expm1(ratio) / np.where(ratio == 0.0, 1.0, ratio))


def _parts(logs: dict[Key, float], mean: float) -> tuple[Part, ...]:
    """In the order of `GROUPS`."""
    order = list(GROUPS)
    ordered = sorted(logs.items(), key=lambda item: order.index(item[0][0]))
    return tuple(Part(group, name, log, mean * log) for (group, name), log in ordered)
