"""Every feature, declared once: its meaning, source, unit, and when its source is known.

The model's input order, the schema hash, the groups, the parts of an explanation and docs/features.md follow
from this table.
A feature of (punk, as_of) reads only events strictly before as_of, and never an ask or bid on the punk itself.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from shared.market.collection import NAMES, WORN_COUNTS
from shared.market.traits import SKINS, TYPES
from shared.valuation.explanation.stored import PartKey

Group = Literal["market", "traits", "asks", "bids", "own history", "owner", "trait flags"]

SALES: Final = "valid sales"
ASKS: Final = "public asks of other punks"
BIDS: Final = "standing bids on other punks"
OWNERS: Final = "owners"
CLOSES: Final = "ETH/USD closes"
PUNKS_TABLE: Final = "punks"

KNOWN_AT: Final[dict[str, str]] = {
    SALES: "the sale's block",
    ASKS: "the block of the listing",
    BIDS: "the block of the bid",
    OWNERS: "the block of the change",
    CLOSES: "the end of the day (UTC)",
    PUNKS_TABLE: "always",
}

MARKET_LEVEL: Final[PartKey] = ("market", "market level")
LIQUIDITY: Final[PartKey] = ("liquidity", "liquidity")
COMBINATIONS: Final[PartKey] = ("traits", "rarity and combinations")
ASKS_AND_BIDS: Final[PartKey] = ("asks and bids", "other punks' asks and bids")
OWN_HISTORY: Final[PartKey] = ("own history", "own history")
OWNER_PART: Final[PartKey] = ("owner", "owner")
# The traits that share a contribution; `explanation.parts` divides it among them.
TYPE: Final[PartKey] = ("traits", "type")
SKIN: Final[PartKey] = ("traits", "skin")
COUNT: Final[PartKey] = ("traits", "number of accessories")
DEAREST_ACCESSORIES: Final[tuple[PartKey, ...]] = tuple(
    ("traits", f"accessory of the {rank} premium") for rank in ("highest", "second highest", "third highest")
)
CHEAPEST_ACCESSORY: Final[PartKey] = ("traits", "accessory of the lowest premium")
ALL_ACCESSORIES: Final[PartKey] = ("traits", "all its accessories")
ALL_TRAITS: Final[PartKey] = ("traits", "all its traits")


@dataclass(frozen=True)
class Feature:
    """One input of the model.

    Attributes:
        group: its subject; `trees.leave_out` leaves out whole groups.
        source: a key of `KNOWN_AT`.
        unit: log ratio, log count, days, log hours, share, count, code or flag.
        part: the part of an explanation that gets its contribution. The contribution of a trait's flag goes to the
            trait if the punk has it, else to `COMBINATIONS`.
        version: rises whenever the computation changes. A model records the versions it was fitted on, and code with
            another version does not serve the model. To keep live models, give the new computation a new name.
        retired: still computed for live models, but new models do not read it.
    """

    name: str
    group: Group
    meaning: str
    source: str
    unit: str
    part: PartKey
    version: int = 1
    retired: bool = False


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
ACCESSORY_PREMIA: Final = len(DEAREST_ACCESSORIES)
ACCESSORY_FLOORS: Final = 2


def _each(numbers: Iterable[object], name: str, meaning: str, *rest: Any) -> list[tuple[Any, ...]]:
    """A row for each number, which replaces `{}` in name and meaning."""
    return [(name.format(number), meaning.format(number), *rest) for number in numbers]


def _group(group: Group, rows: list[tuple[Any, ...]], *part: PartKey) -> list[Feature]:
    """Features from rows of name, meaning, source, unit, part (unless all share `part`) and, if above 1, version."""
    return [Feature(name, group, *rest[:3], *part, *rest[3:]) for name, *rest in rows]


_MARKET = _group("market", [
    ("level", "ln(index level / floor)", SALES, "log ratio", MARKET_LEVEL),
    ("asks", "ln(number of asks)", ASKS, "log count", LIQUIDITY),
    ("wall_5", "asks up to 5 % (log) above the floor", ASKS, "log count", LIQUIDITY),
    ("wall_10", "asks up to 10 % (log) above the floor", ASKS, "log count", LIQUIDITY),
    ("fresh_asks", "asks up to 10 % (log) above the floor, placed within a day", ASKS, "log count", LIQUIDITY),
    ("floor_age", "time since the floor ask was placed", ASKS, "log hours", LIQUIDITY),
    *_each(LADDER, "ladder_{}", "ln(ask number {} / floor)", ASKS, "log ratio", MARKET_LEVEL),
    # Asks adjusted to the punk's premium: asking prices of punks of the same worth.
    *_each(IMPLIED, "implied_{}", "ln(number {} of the asks, adjusted to this punk's premium / floor)", ASKS,
           "log ratio", ASKS_AND_BIDS),
    *_each(FLOOR_CHANGES_S, "floor_change_{}", "ln(floor / floor {} before)", ASKS, "log ratio", MARKET_LEVEL),
    *_each(LEVEL_CHANGES_DAYS, "level_change_{}d", "change of the index level over {} day(s)", SALES, "log ratio",
           MARKET_LEVEL),
    *_each(SALES_DAYS, "sales_{}d", "valid sales in {} day(s)", SALES, "log count", LIQUIDITY),
    *_each(SURPRISE_SALES, "surprise_{}", "mean forecast error of the index over the last {} sales", SALES, "log ratio",
           MARKET_LEVEL),
    *_each(ACCEPTED_SALES, "accepted_{}", "share of accepted bids among the last {} sales", SALES, "share", LIQUIDITY),
    *_each(FLOOR_SALES, "floor_sale_{}", "ln(price of the floor-tier sale number {}, latest first / floor)", SALES,
           "log ratio", MARKET_LEVEL),
    ("floor_sales_median", f"ln(median price of the last {MEDIAN_SALES} floor-tier sales / floor)", SALES, "log ratio",
     MARKET_LEVEL),
    ("floor_sales_ratio", f"median ln(price / floor then) of the last {RATIO_SALES} floor-tier sales", SALES,
     "log ratio", MARKET_LEVEL),
    ("floor_sale_age", "time since the last floor-tier sale", SALES, "log hours", LIQUIDITY),
    *_each(ETH_USD_DAYS, "eth_usd_change_{}d", "change of ETH/USD over {} day(s) to the last close", CLOSES,
           "log ratio", MARKET_LEVEL),
])  # fmt: skip
_TRAITS = _group("traits", [
    ("type", "male, female, zombie, ape, alien", PUNKS_TABLE, "code", TYPE),
    ("skin", "albino to dark, -1 without", PUNKS_TABLE, "code", SKIN),
    ("accessories", "number of accessories", PUNKS_TABLE, "count", COUNT),
    ("rarity_sum", "sum of -ln(share of punks) over accessories", PUNKS_TABLE, "nats", COMBINATIONS),
    ("rarity_max", "largest -ln(share of punks) of an accessory", PUNKS_TABLE, "nats", COMBINATIONS),
    ("premium", "sum of the trait premia by the index", SALES, "log ratio", ALL_TRAITS),
    ("premium_doubt", "sum of the variances of level and premia", SALES, "log ratio squared", COMBINATIONS),
    ("type_premium", "premium of the type", SALES, "log ratio", TYPE),
    ("skin_premium", "premium of the skin", SALES, "log ratio", SKIN),
    ("count_premium", "premium of the number of accessories", SALES, "log ratio", COUNT),
    *[(f"accessory_premium_{place}", f"accessory premium number {place} from above", SALES, "log ratio", part)
      for place, part in enumerate(DEAREST_ACCESSORIES, start=1)],
    ("accessory_premium_min", "lowest accessory premium", SALES, "log ratio", CHEAPEST_ACCESSORY),
    ("accessory_premium_sum", "sum of the accessory premia", SALES, "log ratio", ALL_ACCESSORIES),
])  # fmt: skip
_ASKS = _group("asks", [
    ("better_ask", "ln(lowest ask of a punk with at least the same premium / floor)", ASKS, "log ratio"),
    ("nearly_better_ask", "ln(lowest ask of a punk with at least the same premium less 0.05 / floor)", ASKS,
     "log ratio"),
    ("clearly_better_ask", "ln(lowest ask of a punk with at least the same premium plus 0.1 / floor)", ASKS,
     "log ratio"),
    ("peer_ask_1", "lowest of the 24 asks nearest in premium, less its premium, plus the punk's, over the floor", ASKS,
     "log ratio"),
    ("peer_ask_3", "the third lowest of these 24 asks, adjusted in the same way", ASKS, "log ratio"),
    ("peer_ask_6", "the sixth lowest of these 24 asks, adjusted in the same way", ASKS, "log ratio"),
    ("peer_spread", "range of the premia of these 24 asks", ASKS, "log ratio"),
    ("type_floor", "ln(floor of the type / floor)", ASKS, "log ratio"),
    ("skin_floor", "ln(floor of the skin / floor)", ASKS, "log ratio"),
    ("count_floor", "ln(floor of the number of accessories / floor)", ASKS, "log ratio"),
    *_each(range(1, ACCESSORY_FLOORS + 1), "accessory_floor_{}", "ln(accessory floor number {} from above / floor)",
           ASKS, "log ratio"),
], ASKS_AND_BIDS)  # fmt: skip
_BIDS = _group("bids", [
    ("lesser_bid", "ln(highest bid on a punk with at most the same premium / floor)", BIDS, "log ratio"),
    ("implied_bid", "highest bid less the premium of its punk, over the floor", BIDS, "log ratio"),
    ("bids", "bids from 20 % (log) under the floor", BIDS, "log count"),
], ASKS_AND_BIDS)  # fmt: skip
_OWN = _group("own history", [
    ("own_carry", "last price, carried by the index level, over the floor", SALES, "log ratio"),
    ("own_mean_carry", "decayed mean of its prices, each carried by the index level, over the floor", SALES,
     "log ratio"),
    ("own_effect", "shrunk mean forecast error of its sales", SALES, "log ratio"),
    ("own_weight", "decayed number of its sales", SALES, "count"),
    ("own_sales", "number of its sales", SALES, "count"),
    ("own_age", "time since its last sale", SALES, "days"),
    ("held", "time since its last change of owner", OWNERS, "days"),
], OWN_HISTORY)  # fmt: skip
_OWNER = _group("owner", [
    ("owner_holds", "punks its owner holds", OWNERS, "log count"),
    ("owner_way", "how the owner got the punk: bought, accepted, transferred, wrapped", OWNERS, "code"),
    ("owner_sold", "shrunk mean forecast error of the owner's sales", SALES, "log ratio"),
    ("owner_sales", "number of the owner's sales", SALES, "log count"),
    ("owner_bought", "shrunk mean forecast error of the owner's purchases", SALES, "log ratio"),
    ("owner_purchases", "number of the owner's purchases", SALES, "log count"),
    ("owner_asks", "the owner's asks on other punks", ASKS, "log count"),
    ("owner_ask", "lowest of the owner's asks on other punks, less its premium, over the floor", ASKS, "log ratio"),
], OWNER_PART)  # fmt: skip


def _slug(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_")


FLAGS: Final[dict[str, str]] = {
    **{f"is_{_slug(name)}": f"type:{name}" for name in TYPES},
    **{f"skin_is_{_slug(name)}": f"skin:{name}" for name in SKINS},
    **{f"wears_{count}": f"count:{count}" for count in range(len(WORN_COUNTS))},
    **{f"has_{_slug(name)}": f"accessory:{name}" for name in sorted(NAMES)},
}
"""Flag features, and the trait of each as `Traits` names it."""


def _flag(name: str, trait: str) -> Feature:
    kind, _, value = trait.partition(":")
    meaning = {"type": f"a {value}", "skin": f"{value} skin", "count": f"{value} accessories"}.get(kind, value)
    return Feature(name, "trait flags", meaning, PUNKS_TABLE, "flag", part=("traits", trait))


_FLAGS = [_flag(name, trait) for name, trait in FLAGS.items()]

FEATURES: Final[tuple[Feature, ...]] = (*_MARKET, *_TRAITS, *_ASKS, *_BIDS, *_OWN, *_OWNER, *_FLAGS)
FEATURE_NAMES: Final[tuple[str, ...]] = tuple(feature.name for feature in FEATURES)
"""Columns of a snapshot, in order."""
GROUPS: Final[dict[str, Group]] = {feature.name: feature.group for feature in FEATURES}
LEARNT: Final[tuple[str, ...]] = tuple(feature.name for feature in FEATURES if not feature.retired)
"""The inputs of a new model, in order."""


def versions() -> dict[str, int]:
    """The version of each feature that this code computes."""
    return {feature.name: feature.version for feature in FEATURES}


def not_computed(required: Mapping[str, int]) -> list[str]:
    """Those of the features (name and version) that this code does not compute, in words."""
    computed = versions()
    return [
        f"{name} (version {version}; this code has {computed.get(name, 'none')})"
        for name, version in required.items()
        if computed.get(name) != version
    ]


def schema_hash(features: Mapping[str, int] | None = None) -> str:
    """SHA-256 over names and versions, sorted by name; by default of all features that this code computes."""
    named = sorted((versions() if features is None else features).items())
    lines = "\n".join(f"{name}@{version}" for name, version in named)
    return hashlib.sha256(lines.encode()).hexdigest()
