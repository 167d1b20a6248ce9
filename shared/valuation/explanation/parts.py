"""The parts of an explanation, and how contributions of features add up to them.

Most features belong to one part for every punk (`Feature.part`). Features of a single trait belong to that trait.
Features of several traits, like the sum of their premia, are divided over the traits. The lack of a trait belongs to
combinations.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.market.series import Floats, Ints
from shared.market.traits import Traits
from shared.valuation import feature_table as table
from shared.valuation.explanation.stored import BASE_VALUE, GROUPS, PartKey
from shared.valuation.feature_table import COMBINATIONS, FEATURES, FLAGS

LATEST: Final[PartKey] = ("market", "latest sales")
"""The correction: recent sales of similar premium went for more or less than their values."""
KINDS: Final = 3
"""Type, skin and accessory count: the columns of `Traits.members` before the accessories."""
_TYPE_PLACE, _SKIN_PLACE, _COUNT_PLACE = range(KINDS)
_PART_OF: Final = {feature.name: COMBINATIONS if feature.name in FLAGS else feature.part for feature in FEATURES}
_FIXED: Final = sorted(
    dict.fromkeys([BASE_VALUE, LATEST, COMBINATIONS, *(part for part in _PART_OF.values() if part[0] != "traits")]),
    key=lambda part: list(GROUPS).index(part[0]),
)
"""The parts of every punk, by group; the parts of its traits surround `COMBINATIONS`."""

Members = npt.NDArray[np.bool_]


class PunkParts:
    """Turns contributions of features into the parts of punks."""

    def __init__(self, traits: Traits, premia: Floats, features: Sequence[str]) -> None:
        """`premia`: see `comparables.trait_premia`; `features`: those that contribute, in order."""
        self.keys: tuple[PartKey, ...] = (*_FIXED, *(("traits", name) for name in traits.names))
        self._traits = traits
        # The order of display: type, skin and count, then combinations, then accessories, between the other groups.
        at, places = _FIXED.index(COMBINATIONS), len(_FIXED) + np.arange(traits.members.shape[1])
        before = np.where(np.arange(len(places)) < KINDS, at, at + 1)
        self._order: Ints = np.insert(np.arange(len(_FIXED)), before, places)
        self._worth = np.append(premia, 0.0)  # the last entry is for index -1: no trait
        self._columns: defaultdict[PartKey, list[int]] = defaultdict(list)
        for column, feature in enumerate(features):
            self._columns[_PART_OF[feature]].append(column)
        # The column of each trait's flag; a trait without a flag has the column of zeros after the features.
        flags = {FLAGS[feature]: column for column, feature in enumerate(features) if feature in FLAGS}
        self._flag = np.array([flags.get(name, len(features)) for name in (*traits.names, "")])

    def split(self, punks: Ints, contributions: Floats, base: Floats, correction: Floats) -> tuple[Ints, Floats]:
        """The parts of punks from the contributions of features, shape (n, features), in log units.

        `base` and `correction`, shape (n,), are further parts. Returns the index into `keys` of each part, -1
        where a punk has fewer parts than others, and the log units of each part, 0 there; both of shape (n, parts).
        A punk's log units add up to the sum of all that went in.
        """
        members = self._traits.members[punks]
        held = members >= 0
        padded = np.column_stack([contributions, np.zeros(len(punks))])
        flags = self._flag[members]
        by_place = self._divided(members, held, contributions) + np.take_along_axis(padded, flags, axis=1)
        # A flag's contribution to its trait is not counted again.
        np.put_along_axis(padded, flags, 0.0, axis=1)
        fixed = np.column_stack([padded[:, self._columns[part]].sum(axis=1) for part in _FIXED])
        fixed[:, _FIXED.index(BASE_VALUE)] = base
        fixed[:, _FIXED.index(LATEST)] = correction
        kinds = np.broadcast_to(np.arange(len(_FIXED)), fixed.shape), np.where(held, members + len(_FIXED), -1)
        return np.hstack(kinds)[:, self._order], np.hstack([fixed, by_place])[:, self._order]

    def _divided(self, members: Ints, held: Members, contributions: Floats) -> Floats:
        """Contributions of features about traits, for each of `members`."""
        amount, every, worth = np.zeros(members.shape), np.arange(len(members)), self._worth[members]
        accessories = held & (np.arange(held.shape[1]) >= KINDS)
        count = accessories.sum(axis=1)
        # Ranked as in the features. For a punk with fewer accessories, the contribution belongs to their number.
        ranked = np.argsort(np.where(accessories, -worth, np.inf), axis=1, kind="stable")
        single = {
            table.TYPE: np.full(len(members), _TYPE_PLACE),
            # A zombie, ape or alien has no skin, so the type gets the contribution.
            table.SKIN: np.where(held[:, _SKIN_PLACE], _SKIN_PLACE, _TYPE_PLACE),
            table.COUNT: np.full(len(members), _COUNT_PLACE),
            table.CHEAPEST_ACCESSORY: np.where(count > 0, ranked[every, count - 1], _COUNT_PLACE),
        }
        for rank, part in enumerate(table.DEAREST_ACCESSORIES):
            single[part] = np.where(count > rank, ranked[:, rank], _COUNT_PLACE)
        for part, place in single.items():
            amount[every, place] += contributions[:, self._columns[part]].sum(axis=1)
        accessories[count == 0, _COUNT_PLACE] = True
        for part, among in ((table.ALL_TRAITS, held), (table.ALL_ACCESSORIES, accessories)):
            for column in self._columns[part]:
                contribution = contributions[:, column]
                amount += contribution[:, None] * shares_of(contribution, worth, among)
        return amount


def shares_of(contribution: Floats, premia: Floats, among: Members) -> Floats:
    """The share of each trait in contributions, shape (n,). Shares have shape (n, places); each row adds up to one.

    `premia` and `among`, shape (n, places): the traits' premia, and the traits that take part, at least one. Shares are
    in proportion to the premia of the contribution's sign; without any, to the size of all; if all are zero, equal.
    """
    worth = np.where(among, premia, 0.0)
    pull, size = np.maximum(np.sign(contribution)[:, None] * worth, 0.0), np.abs(worth)
    weight = np.where(pull.any(axis=1, keepdims=True), pull, np.where(size.any(axis=1, keepdims=True), size, among))
    # Divide by the largest first: denormal numbers would lose digits in the sum.
    weight = weight / weight.max(axis=1, keepdims=True)
    shares: Floats = weight / weight.sum(axis=1, keepdims=True)
    return shares
