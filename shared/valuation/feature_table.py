"""Every feature, declared once: what it means, what it is made of, its unit, and what it may know.

The model's input order, the schema hash, the ablation's groups and docs/features.md follow from this table.
Every feature of (punk, as_of) reads only what happened strictly before as_of, never an ask or bid on the punk itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from shared.market.collection import NAMES, WORN_COUNTS
from shared.market.traits import SKINS, TYPES

Group = Literal["market", "traits", "asks", "bids", "own history", "owner", "trait flags"]

SALES: Final = "valid sales"
ASKS: Final = "public asks of other punks"
BIDS: Final = "standing bids on other punks"
OWNERS: Final = "owners"
CLOSES: Final = "ETH/USD closes"
PUNKS_TABLE: Final = "punks"

KNOWN_AT: Final[dict[str, str]] = {
    SALES: "the sale's block",
    ASKS: "the block of the listing; ends with delisting, sale, transfer or wrap",
    BIDS: "the block of the bid; ends with withdrawal or acceptance",
    OWNERS: "the block of the change",
    CLOSES: "the end of the day (UTC)",
    PUNKS_TABLE: "always",
}


@dataclass(frozen=True)
class Feature:
    """One input of the model.

    Attributes:
        group: what it tells about; reasons and the ablation are by group.
        source: where it comes from, a key of `KNOWN_AT`.
        unit: log ratio, log count, days, log hours, share, count, code or flag.
        version: rises whenever the computation changes. A model names the versions that it was fitted on; code that
            computes another version does not serve the model. To let a live model go on, leave its feature as it is and
            give the new computation a name of its own.
        retired: still computed for live models, no longer learnt from.
    """

    name: str
    group: Group
    meaning: str
    source: str
    unit: str
    version: int = 1
    retired: bool = False

    @property
    def known_at(self) -> str:
        return KNOWN_AT[self.source]


def _market() -> list[Feature]:
    rows = [
        ("level", "ln(index level / floor)", SALES, "log ratio"),
        ("asks", "ln(number of asks)", ASKS, "log count"),
        ("wall_5", "asks up to 5 % (log) above the floor", ASKS, "log count"),
        ("wall_10", "asks up to 10 % (log) above the floor", ASKS, "log count"),
        ("fresh_asks", "of those, placed within a day", ASKS, "log count"),
        ("floor_age", "since the floor ask was placed", ASKS, "log hours"),
    ]
    rows += [(f"ladder_{rank}", f"ln(ask number {rank} / floor)", ASKS, "log ratio") for rank in LADDER]
    rows += [
        (f"implied_{rank}", f"number {rank} of asks less their premia, with the punk's premium, over the floor", ASKS,
         "log ratio") for rank in IMPLIED
    ]  # fmt: skip
    rows += [
        (f"floor_change_{name}", f"ln(floor / floor {name} before)", ASKS, "log ratio") for name in FLOOR_CHANGES_S
    ]
    rows += [
        (f"level_change_{days}d", f"change of the index level over {days} days", SALES, "log ratio")
        for days in LEVEL_CHANGES_DAYS
    ]
    rows += [(f"sales_{days}d", f"valid sales in {days} days", SALES, "log count") for days in SALES_DAYS]
    rows += [
        (f"surprise_{count}", f"mean forecast error of the index over the last {count} sales", SALES, "log ratio")
        for count in SURPRISE_SALES
    ]
    rows += [
        (f"accepted_{count}", f"share of accepted bids among the last {count} sales", SALES, "share")
        for count in ACCEPTED_SALES
    ]
    rows += [
        (f"floor_sale_{place}", f"ln(price of the floor-tier sale number {place} from the end / floor)", SALES,
         "log ratio") for place in FLOOR_SALES
    ]  # fmt: skip
    rows += [
        ("floor_sales_median", f"ln(median price of the last {MEDIAN_SALES} floor-tier sales / floor)", SALES,
         "log ratio"),
        ("floor_sales_ratio", f"median ln(price / floor then) of the last {RATIO_SALES} floor-tier sales", SALES,
         "log ratio"),
        ("floor_sale_age", "since the last floor-tier sale", SALES, "log hours"),
    ]  # fmt: skip
    rows += [
        (f"eth_usd_change_{days}d", f"change of ETH/USD over {days} days to the last close", CLOSES, "log ratio")
        for days in ETH_USD_DAYS
    ]
    return [Feature(name, "market", meaning, source, unit) for name, meaning, source, unit in rows]


LADDER: Final = (2, 3, 5, 10, 20, 50)
IMPLIED: Final = (1, 5, 10, 30)
FLOOR_CHANGES_S: Final = {
    "1h": 3_600, "6h": 21_600, "1d": 86_400, "3d": 259_200, "7d": 604_800, "30d": 2_592_000,
}  # fmt: skip
LEVEL_CHANGES_DAYS: Final = (1, 3, 7, 30, 90)
SALES_DAYS: Final = (1, 3, 7, 30)
SURPRISE_SALES: Final = (5, 20, 60)
ACCEPTED_SALES: Final = (10, 40)
FLOOR_SALES: Final = (1, 2, 3)
MEDIAN_SALES: Final = 8
RATIO_SALES: Final = 12
ETH_USD_DAYS: Final = (1, 7, 30)
ACCESSORY_PREMIA: Final = 3
ACCESSORY_FLOORS: Final = 2

_TRAITS = [
    Feature("type", "traits", "male, female, zombie, ape, alien", PUNKS_TABLE, "code"),
    Feature("skin", "traits", "albino to dark, -1 without", PUNKS_TABLE, "code"),
    Feature("accessories", "traits", "number of accessories", PUNKS_TABLE, "count"),
    Feature("rarity_sum", "traits", "sum of -ln(share of punks) over accessories", PUNKS_TABLE, "nats"),
    Feature("rarity_max", "traits", "largest -ln(share of punks) of an accessory", PUNKS_TABLE, "nats"),
    Feature("premium", "traits", "sum of the trait premia by the index", SALES, "log ratio"),
    Feature("premium_doubt", "traits", "sum of the variances of level and premia", SALES, "log ratio squared"),
    Feature("type_premium", "traits", "premium of the type", SALES, "log ratio"),
    Feature("skin_premium", "traits", "premium of the skin", SALES, "log ratio"),
    Feature("count_premium", "traits", "premium of the number of accessories", SALES, "log ratio"),
    *[
        Feature(f"accessory_premium_{place}", "traits", f"accessory premium number {place} from above", SALES,
                "log ratio") for place in range(1, ACCESSORY_PREMIA + 1)
    ],
    Feature("accessory_premium_min", "traits", "lowest accessory premium", SALES, "log ratio"),
    Feature("accessory_premium_sum", "traits", "sum of the accessory premia", SALES, "log ratio"),
]  # fmt: skip
_ASKS = [
    Feature("better_ask", "asks", "ln(lowest ask of a punk with at least the same premium / floor)", ASKS, "log ratio"),
    Feature("nearly_better_ask", "asks", "the same, with a premium at most 0.05 lower", ASKS, "log ratio"),
    Feature("clearly_better_ask", "asks", "the same, with a premium at least 0.1 higher", ASKS, "log ratio"),
    Feature("peer_ask_1", "asks", "lowest of the 24 asks nearest in premium, less its premium, plus the punk's, over "
            "the floor", ASKS, "log ratio"),
    Feature("peer_ask_3", "asks", "the third lowest of them", ASKS, "log ratio"),
    Feature("peer_ask_6", "asks", "the sixth lowest of them", ASKS, "log ratio"),
    Feature("peer_spread", "asks", "range of premium that they span", ASKS, "log ratio"),
    Feature("type_floor", "asks", "ln(floor of the type / floor)", ASKS, "log ratio"),
    Feature("skin_floor", "asks", "ln(floor of the skin / floor)", ASKS, "log ratio"),
    Feature("count_floor", "asks", "ln(floor of the number of accessories / floor)", ASKS, "log ratio"),
    *[
        Feature(f"accessory_floor_{place}", "asks", f"ln(accessory floor number {place} from above / floor)", ASKS,
                "log ratio") for place in range(1, ACCESSORY_FLOORS + 1)
    ],
]  # fmt: skip
_BIDS = [
    Feature("lesser_bid", "bids", "ln(highest bid on a punk with at most the same premium / floor)", BIDS, "log ratio"),
    Feature("implied_bid", "bids", "highest bid less the premium of its punk, over the floor", BIDS, "log ratio"),
    Feature("bids", "bids", "bids from 20 % (log) under the floor", BIDS, "log count"),
]
_OWN = [
    Feature("own_carry", "own history", "last price, carried by the index level, over the floor", SALES, "log ratio"),
    Feature("own_mean_carry", "own history", "decayed mean of its prices, so carried", SALES, "log ratio"),
    Feature("own_effect", "own history", "shrunk mean forecast error of its sales", SALES, "log ratio"),
    Feature("own_weight", "own history", "decayed number of its sales", SALES, "count"),
    Feature("own_sales", "own history", "number of its sales", SALES, "count"),
    Feature("own_age", "own history", "since its last sale", SALES, "days"),
    Feature("held", "own history", "since its last change of owner", OWNERS, "days"),
]
_OWNER = [
    Feature("owner_holds", "owner", "punks its owner holds", OWNERS, "log count"),
    Feature("owner_way", "owner", "how the owner came to it: bought, accepted, transferred, wrapped", OWNERS, "code"),
    Feature("owner_sold", "owner", "shrunk mean forecast error of the owner's sales", SALES, "log ratio"),
    Feature("owner_sales", "owner", "number of the owner's sales", SALES, "log count"),
    Feature("owner_bought", "owner", "shrunk mean forecast error of the owner's purchases", SALES, "log ratio"),
    Feature("owner_purchases", "owner", "number of the owner's purchases", SALES, "log count"),
    Feature("owner_asks", "owner", "the owner's asks on other punks", ASKS, "log count"),
    Feature("owner_ask", "owner", "lowest of them less its premium, over the floor", ASKS, "log ratio"),
]


def _slug(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_")


FLAGS: Final[dict[str, str]] = {
    **{f"is_{_slug(name)}": f"type:{name}" for name in TYPES},
    **{f"skin_is_{_slug(name)}": f"skin:{name}" for name in SKINS},
    **{f"wears_{count}": f"count:{count}" for count in range(len(WORN_COUNTS))},
    **{f"has_{_slug(name)}": f"accessory:{name}" for name in sorted(NAMES)},
}
"""The feature that tells of each trait whether a punk has it, and the trait as `Traits` names it."""


def _flag(name: str, trait: str) -> Feature:
    kind, _, value = trait.partition(":")
    meaning = {"type": f"a {value}", "skin": f"{value} skin", "count": f"{value} accessories"}.get(kind, value)
    return Feature(name, "trait flags", meaning, PUNKS_TABLE, "flag")


_FLAGS = [_flag(name, trait) for name, trait in FLAGS.items()]

FEATURES: Final[tuple[Feature, ...]] = (*_market(), *_TRAITS, *_ASKS, *_BIDS, *_OWN, *_OWNER, *_FLAGS)
FEATURE_NAMES: Final[tuple[str, ...]] = tuple(feature.name for feature in FEATURES)
"""Columns of a snapshot, in order."""
GROUPS: Final[dict[str, Group]] = {feature.name: feature.group for feature in FEATURES}
LEARNT: Final[tuple[str, ...]] = tuple(feature.name for feature in FEATURES if not feature.retired)
"""What a new model learns from, in order."""


def versions(names: Iterable[str] | None = None) -> dict[str, int]:
    """The version of each of these features that this code computes, by default of all."""
    computed = {feature.name: feature.version for feature in FEATURES}
    return computed if names is None else {name: computed[name] for name in names}


def not_computed(wanted: Mapping[str, int]) -> list[str]:
    """Which of these features (name and version) this code does not compute, in words."""
    computed = versions()
    return [
        f"{name} (version {version}; this code has {computed.get(name, 'none')})"
        for name, version in wanted.items()
        if computed.get(name) != version
    ]


def schema_hash(features: Mapping[str, int] | None = None) -> str:
    """SHA-256 over names and versions, in the order of the names; by default of all that this code computes."""
    named = versions() if features is None else features
    lines = "\n".join(f"{name}@{version}" for name, version in sorted(named.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
