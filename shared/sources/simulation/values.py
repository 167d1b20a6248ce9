"""Worth of each punk: floor, drifting premia of attributes, and a private premium that only its sales reveal."""

from typing import Final

import numpy as np

from shared.market.collection import ACCESSORIES, HELD, NAMES
from shared.market.series import Floats, Ints
from shared.sources.simulation.climate import Climate
from shared.sources.simulation.punks import NOTHING, Punks

BLOCKS_A_DAY: Final = 7_200

_TYPE_PREMIUM: Final = np.array([0.0, 0.03, 2.4, 3.1, 3.9])
_SKIN_PREMIUM: Final = np.array([0.07, 0.02, 0.0, 0.01, 0.0])
"""The last value is for punks without a skin tone."""
_SOUGHT: Final = {
    "Beanie": 0.9, "Pilot Helmet": 0.7, "Tiara": 0.5, "Hoodie": 0.55, "3D Glasses": 0.25, "VR": 0.2, "Top Hat": 0.25,
    "Orange Side": 0.45, "Welding Goggles": 0.5, "Choker": 0.5, "Cowboy Hat": 0.2, "Gold Chain": 0.15,
}  # fmt: skip
"""Log premia of popular accessories."""
_RARITY: Final = 0.07
"""Largest log premium per log unit of rarity beyond one in 25."""
_COUNT_PREMIUM: Final = np.array([1.3, 0.15, 0.04, 0.0, 0.015, 0.08, 0.6, 1.9])
_OWN_PREMIUM: Final = 0.02
"""Mean private log premium of a punk."""
_DRIFT_MEMORY, _DRIFT_DEVIATION = 0.992, 0.03
"""Daily autocorrelation and innovation of the log factor on each accessory's premium: a deviation of 0.24, and a
half-life of three months."""


class Values:
    """True log worth in ETH of any punk at any block of the current day.

    Attributes:
        premium: shape (n,), log premium of each punk over the cheapest kind that day.
    """

    premium: Floats

    def __init__(self, rng: np.random.Generator, punks: Punks, climate: Climate, *, break_day: int | None) -> None:
        # Separate streams, so that a break changes no other draws.
        traits, own, self._drifting, broken = rng.spawn(4)
        self._climate = climate
        self._break_day = break_day
        # One row per place, so that a day's premia are a few additions of long rows.
        self._worn = np.ascontiguousarray(punks.worn.T)
        self._lasting = (
            _TYPE_PREMIUM[punks.type_code]
            + _SKIN_PREMIUM[punks.skin_code]
            + _COUNT_PREMIUM[punks.worn_count]
            + own.exponential(_OWN_PREMIUM, len(punks))
        )
        self._accessory = _accessory_premia(traits)
        self._accessory_after = _accessory_premia(broken, shuffled=True)
        self._drift = np.zeros(NOTHING + 1)
        self._day = -1

    def start(self, day: int) -> None:
        """Start the next day; days count from 0."""
        self._day = day
        if day == self._break_day:
            self._accessory = self._accessory_after
        self._drift[:NOTHING] *= _DRIFT_MEMORY
        self._drift[:NOTHING] += self._drifting.normal(0.0, _DRIFT_DEVIATION, NOTHING)
        by_name = self._accessory * np.exp(self._drift)
        self.premium = self._lasting.copy()
        for worn in self._worn:
            self.premium += by_name[worn]

    def log_worth(self, punks: Ints, blocks: Ints | int) -> Floats:
        """Log ETH at blocks counted from the day's midnight, shape of `punks`."""
        return self.premium[punks] + self._climate.level(self._day, np.asarray(blocks), BLOCKS_A_DAY)


def _accessory_premia(rng: np.random.Generator, *, shuffled: bool = False) -> Floats:
    """Log premium by accessory, then 0 for `NOTHING`; `shuffled` changes which accessories are popular."""
    rarity = np.maximum(0.0, np.log([400.0 / HELD[name] for name in NAMES]))
    sought = np.array([_SOUGHT.get(name, 0.0) for name in NAMES])
    if shuffled:
        sought = rng.permutation(sought)
    return np.append(sought + _RARITY * rarity * rng.uniform(0.3, 1.0, NOTHING), 0.0)


def wearers(punks: Punks, accessory: int) -> Ints:
    """Punks with this accessory (index into `NAMES`), ascending."""
    place = next(
        number
        for number, by_kind in enumerate(ACCESSORIES.values())
        if any(NAMES[accessory] in names for names in by_kind.values())
    )
    return np.flatnonzero(punks.worn[:, place] == accessory).astype(np.int64)
