"""Punk attributes as small integers: one trait id per type, skin, accessory and accessory count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    # The gateway reads the names of types and must not load tables.
    import polars as pl

PUNKS = 10_000
TYPES = ("Male", "Female", "Zombie", "Ape", "Alien")
RARE_TYPES = ("Zombie", "Ape", "Alien")
SKINS = ("Albino", "Light", "Mid", "Dark")


@dataclass(frozen=True)
class Traits:
    """Traits of all punks.

    Attributes:
        names: trait names such as `type:Ape` or `accessory:Hoodie`; the index is the trait id.
        members: shape (10,000, width), trait ids of each punk, padded with -1: type, skin (-1 for zombies, apes and
            aliens), accessory count, then accessories.
        type_code, skin_code: shape (10,000,), index into `TYPES` and `SKINS` (-1 without a skin).
        accessory_count: shape (10,000,).
    """

    names: tuple[str, ...]
    members: npt.NDArray[np.int64]
    type_code: npt.NDArray[np.int64]
    skin_code: npt.NDArray[np.int64]
    accessory_count: npt.NDArray[np.int64]

    @classmethod
    def from_frame(cls, punks: pl.DataFrame) -> Traits:
        """From the columns of `PUNK_SCHEMA`, one row for each of the 10,000 punks.

        Raises:
            ValueError: missing punks, or an unknown type or skin.
        """
        frame = punks.sort("punk_id")
        if frame["punk_id"].to_list() != list(range(PUNKS)):
            raise ValueError("the punk table must have each of the punks 0 to 9999 exactly once")
        types, skins = frame["type"].to_list(), frame["skin"].to_list()
        accessories = [list(names or []) for names in frame["accessories"].to_list()]
        unknown = sorted(set(types) - set(TYPES)) + sorted({s for s in skins if s} - set(SKINS))
        if unknown:
            raise ValueError(f"unknown punk types or skins: {', '.join(map(str, unknown))}")
        counts = sorted({len(names) for names in accessories})
        names = (
            [f"type:{name}" for name in TYPES]
            + [f"skin:{name}" for name in SKINS]
            + [f"count:{count}" for count in counts]
            + [f"accessory:{name}" for name in sorted({name for row in accessories for name in row})]
        )
        ids = {name: index for index, name in enumerate(names)}
        width = 3 + max(counts)
        members = np.full((PUNKS, width), -1, dtype=np.int64)
        for punk, (kind, skin, worn) in enumerate(zip(types, skins, accessories, strict=True)):
            row = [ids[f"type:{kind}"], ids[f"skin:{skin}"] if skin else -1, ids[f"count:{len(worn)}"]]
            row += [ids[f"accessory:{name}"] for name in worn]
            members[punk, : len(row)] = row
        return cls(
            names=tuple(names),
            members=members,
            type_code=np.array([TYPES.index(kind) for kind in types]),
            skin_code=np.array([SKINS.index(skin) if skin else -1 for skin in skins]),
            accessory_count=np.array([len(worn) for worn in accessories]),
        )

    @cached_property
    def trait_lists(self) -> list[list[int]]:
        """Trait ids of each punk, without padding."""
        return [[trait for trait in row if trait >= 0] for row in self.members.tolist()]

    @cached_property
    def holders(self) -> npt.NDArray[np.bool_]:
        """Shape (traits, 10,000): whether a punk has a trait."""
        held = np.zeros((len(self.names), len(self.members)), dtype=np.bool_)
        punk, column = np.nonzero(self.members >= 0)
        held[self.members[punk, column], punk] = True
        return held

    def flags(self, punks: npt.NDArray[np.int64], names: Iterable[str]) -> npt.NDArray[np.float32]:
        """Shape (punks, names): 1 if the punk has the trait, else 0; traits that no punk has are 0, too."""
        ids = {name: trait for trait, name in enumerate(self.names)}
        rows = np.array([ids.get(name, len(self.names)) for name in names], dtype=np.int64)
        return self.padded_holders[rows[:, None], punks].T.astype(np.float32)

    @cached_property
    def padded(self) -> npt.NDArray[np.int64]:
        """`members` with the number of traits instead of -1, as an index into arrays with a last entry for "none"."""
        return np.where(self.members < 0, len(self.names), self.members)

    @cached_property
    def padded_holders(self) -> npt.NDArray[np.bool_]:
        """`holders` with a last row for "no trait", which no punk has."""
        return np.vstack([self.holders, np.zeros((1, PUNKS), dtype=np.bool_)])

    @cached_property
    def common(self) -> npt.NDArray[np.float64]:
        """Shape (traits,): share of each trait among common punks: males and females whose rarest accessory is no
        rarer than the median."""
        rarest = np.where(self.members[:, 3:] >= 0, self.rarity[np.maximum(self.members[:, 3:], 0)], 0.0).max(axis=1)
        human = np.isin(self.type_code, [TYPES.index(name) for name in TYPES if name not in RARE_TYPES])
        common = human & (rarest <= np.median(rarest[human]))
        return np.asarray(self.holders[:, common].mean(axis=1), dtype=np.float64)

    @cached_property
    def rarity(self) -> npt.NDArray[np.float64]:
        """Shape (traits,): -ln(share of punks with the trait)."""
        held = np.bincount(self.members[self.members >= 0], minlength=len(self.names))
        return np.asarray(-np.log(np.maximum(held, 1) / PUNKS), dtype=np.float64)
