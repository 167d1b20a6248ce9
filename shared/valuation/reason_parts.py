"""Which part of the reasons each feature's contribution belongs to.

Most features have one part for every punk (`PART_OF`). Those about single traits go to that trait, and what belongs to
several traits at once, like the sum of their premia, is divided over them (`TraitParts`). That a punk lacks a trait is
no trait's: it counts as combinations.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from shared.market.series import Floats, Ints
from shared.market.traits import Traits
from shared.valuation.feature_table import ACCESSORY_PREMIA, FEATURES, FLAGS, Feature

Group = Literal["usual", "market", "liquidity", "traits", "asks and bids", "own history", "owner", "floor"]
Key = tuple[Group, str]
"""A part: its group and its name."""

GROUPS: Final[dict[Group, str]] = {
    "usual": "what the sales that the model learnt from had over their floors on average",
    "market": "where the market stands and where it is going, against its floor",
    "liquidity": "how much is offered near the floor and how often punks change hands",
    "traits": "what the punk is",
    "asks and bids": "what others ask and bid, for punks worth as much",
    "own history": "what this punk itself was sold for, and when",
    "owner": "who holds it, and how such owners sell",
    "floor": "the move of the floor itself (in changes)",
}
USUAL: Final[Key] = ("usual", "usual premium")
LATEST: Final[Key] = ("market", "latest sales")
"""The correction: sales of about the same premium went for more or less than their values lately."""
FLOOR_MOVE: Final[Key] = ("floor", "move of the floor")
COMBINATIONS: Final[Key] = ("traits", "rarity and combinations")
_ASKS_AND_BIDS: Final[Key] = ("asks and bids", "other punks' asks and bids")
_BY_GROUP: Final[dict[str, Key]] = {
    "market": ("market", "market level"),
    "traits": COMBINATIONS,
    "asks": _ASKS_AND_BIDS,
    "bids": _ASKS_AND_BIDS,
    "own history": ("own history", "own history"),
    "owner": ("owner", "owner"),
    "trait flags": COMBINATIONS,
}
_LIQUIDITY: Final = ("asks", "wall_", "fresh_asks", "floor_age", "sales_", "accepted_", "floor_sale_age")


def _part_of(feature: Feature) -> Key:
    if feature.group == "market" and feature.name.startswith("implied_"):
        # Asks brought to the punk's own premium: what punks worth as much are offered for.
        return _ASKS_AND_BIDS
    if feature.group == "market" and feature.name.startswith(_LIQUIDITY):
        return "liquidity", "liquidity"
    return _BY_GROUP[feature.group]


_FLAG_OF: Final[dict[str, str]] = {trait: feature for feature, trait in FLAGS.items()}
PART_OF: Final[dict[str, Key]] = {feature.name: _part_of(feature) for feature in FEATURES}


class TraitParts:
    """The traits of one punk among which contributions are divided."""

    def __init__(self, traits: Traits, premia: Floats, punk: int) -> None:
        """`premia`: of every trait, shape (traits,), see `trait_premia`."""
        self._names, self._premia = traits.names, premia
        members = traits.members[punk]
        kind, skin, count = members[:3, None]
        accessories = members[3:][members[3:] >= 0]
        # As the features rank them. Who has fewer has that from the count of accessories.
        ranked = accessories[np.argsort(-premia[accessories], kind="stable")]
        places = [ranked[place : place + 1] if place < len(ranked) else count for place in range(ACCESSORY_PREMIA)]
        # A zombie, ape or alien has no skin because of its type.
        skin = skin if skin[0] >= 0 else kind
        self._concerned: dict[str, Ints] = {
            "type": kind,
            "type_premium": kind,
            "skin": skin,
            "skin_premium": skin,
            "accessories": count,
            "count_premium": count,
            "premium": members[members >= 0],
            "accessory_premium_sum": ranked if len(ranked) else count,
            "accessory_premium_min": ranked[-1:] if len(ranked) else count,
            **{f"accessory_premium_{place + 1}": concerned for place, concerned in enumerate(places)},
            **{
                _FLAG_OF[name]: np.array([trait])
                for trait in traits.trait_lists[punk]
                if (name := traits.names[trait]) in _FLAG_OF
            },
        }

    def divide(self, feature: str, contribution: float) -> list[tuple[Key, float]]:
        """The parts that a contribution goes to, and how much of it to each; they add up to it."""
        concerned = self._concerned.get(feature)
        if concerned is None:
            return [(PART_OF[feature], contribution)]
        shares = shares_of(contribution, self._premia[concerned]).tolist()
        return [
            (("traits", self._names[trait]), contribution * share)
            for trait, share in zip(concerned.tolist(), shares, strict=True)
        ]


def shares_of(contribution: float, premia: Floats) -> Floats:
    """How a contribution is divided over traits with these premia: shares that add up to one, shape (traits,).

    In proportion to the premia that pull its way; where none does, to the size of all; equally where all are zero.
    """
    pull = np.maximum(np.sign(contribution) * premia, 0.0)
    weight = next(weight for weight in (pull, np.abs(premia), np.ones(len(premia))) if weight.any())
    # Divided by the largest first: the smallest numbers there are would lose their digits in the sum.
    weight = weight / weight.max()
    shares: Floats = weight / weight.sum()
    return shares
