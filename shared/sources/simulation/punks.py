"""Generated punks with the frequencies of types, skins and accessories of the real collection."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from shared.market.collection import ACCESSORIES, BOTH, HELD, MEN, NAMES, SKIN_COUNTS, TYPE_COUNTS, WOMEN, WORN_COUNTS
from shared.market.reference_data import PUNK_SCHEMA
from shared.market.series import Floats, Ints
from shared.market.traits import PUNKS

Codes = npt.NDArray[np.int8]

NOTHING = len(NAMES)
"""Code of an empty place."""
_CALIBRATION_ROUNDS, _CALIBRATION_PUNKS = 8, 10_000


@dataclass(frozen=True)
class Punks:
    """Attributes as codes, row = punk.

    Attributes:
        type_code: shape (n,), index into `TYPE_COUNTS`.
        skin_code: shape (n,), index into `SKIN_COUNTS`; -1 for zombies, apes and aliens.
        worn: shape (n, places), index into `NAMES`, `NOTHING` for an empty place.
        worn_count: shape (n,), number of accessories.
    """

    type_code: Codes
    skin_code: Codes
    worn: Codes
    worn_count: Codes

    def __len__(self) -> int:
        return len(self.type_code)

    def frame(self) -> pl.DataFrame:
        """As `PUNK_SCHEMA`."""
        places = [f"place{number}" for number in range(self.worn.shape[1])]
        names = pl.Series([*NAMES, None])
        return pl.DataFrame(
            {
                "punk_id": np.arange(len(self)),
                "type": pl.Series(list(TYPE_COUNTS)).gather(self.type_code.astype(np.uint32)),
                "skin": pl.Series([*SKIN_COUNTS, None]).gather(
                    (self.skin_code % (len(SKIN_COUNTS) + 1)).astype(np.uint32)
                ),
                **{place: names.gather(self.worn[:, number].astype(np.uint32)) for number, place in enumerate(places)},
            }
        ).select(
            pl.col("punk_id").cast(PUNK_SCHEMA["punk_id"]),
            "type",
            "skin",
            pl.concat_list(places).list.drop_nulls().alias("accessories"),
        )


def draw_punks(rng: np.random.Generator, count: int = PUNKS) -> Punks:
    """`count` punks. Types, skins and numbers of accessories have exactly the published shares; each accessory is
    within a few per cent of its published count."""
    type_code = rng.permutation(_shares(TYPE_COUNTS.values(), count)).astype(np.int8)
    human = type_code < 2
    skin_code = np.full(count, -1, dtype=np.int8)
    skin_code[human] = rng.permutation(_shares(SKIN_COUNTS.values(), int(human.sum())))
    worn_count = rng.permutation(_shares(WORN_COUNTS, count)).astype(np.int8)
    worn = np.full((count, len(ACCESSORIES)), NOTHING, dtype=np.int8)
    woman = type_code == 1
    for rows, kind in ((np.flatnonzero(~woman), MEN), (np.flatnonzero(woman), WOMEN)):
        worn[rows] = _dress(rng, worn_count[rows], kind, len(rows) / count)
    return Punks(type_code, skin_code, worn, worn_count)


def _dress(rng: np.random.Generator, worn_count: Codes, kind: str, share: float) -> Codes:
    """Accessories of the punks of one kind, shape (n, places); `share` is their share of all punks."""
    wanted = np.zeros((len(ACCESSORIES), len(NAMES)))
    # A punk of either kind wears the same mean number of accessories: accessories for both fill the rest.
    single, both = (sum(sum(by_kind.get(who, {}).values()) for by_kind in ACCESSORIES.values()) for who in (kind, BOTH))
    of_both = (share * sum(HELD.values()) - single) / both
    for place, by_kind in enumerate(ACCESSORIES.values()):
        for name, held in by_kind.get(kind, {}).items():
            wanted[place, NAMES.index(name)] = held
        for name, held in by_kind.get(BOTH, {}).items():
            wanted[place, NAMES.index(name)] = held * of_both
    # The k smallest exponential variables with these rates are k draws of places without replacement.
    haste = rng.exponential(size=(len(worn_count), len(ACCESSORIES)))
    rates = _calibrated(haste[:_CALIBRATION_PUNKS], worn_count[:_CALIBRATION_PUNKS], wanted.sum(axis=1))
    filled = _filled(haste, worn_count, rates)
    worn = np.full(filled.shape, NOTHING, dtype=np.int8)
    for place in range(len(ACCESSORIES)):
        here = np.flatnonzero(filled[:, place])
        if len(here):
            worn[here, place] = rng.permutation(_shares(wanted[place], len(here)))
    return worn


def _calibrated(haste: Floats, worn_count: Codes, wanted: Floats) -> Floats:
    """Rates with which the places are filled in the wanted proportions."""
    rates = np.maximum(wanted, 1e-9)
    for _ in range(_CALIBRATION_ROUNDS):
        counts = _filled(haste, worn_count, rates).sum(axis=0)
        target = wanted / wanted.sum() * counts.sum()
        rates = rates * np.where(wanted > 0, target / np.maximum(counts, 1), 1.0)
    return rates


def _filled(haste: Floats, worn_count: Codes, rates: Floats) -> npt.NDArray[np.bool_]:
    order = np.argsort(haste / rates, axis=1)
    filled = np.zeros(haste.shape, dtype=np.bool_)
    np.put_along_axis(filled, order, np.arange(haste.shape[1]) < worn_count[:, None], axis=1)
    return filled


def _shares(weights: Iterable[float], total: int) -> Ints:
    """`total` ascending codes, with counts proportional to the weights, rounded."""
    ends = np.cumsum(np.fromiter(weights, dtype=np.float64))
    counts = np.diff(np.rint(ends / ends[-1] * total).astype(np.int64), prepend=0)
    return np.repeat(np.arange(len(counts)), counts)
