"""A generation's reasons and comparables in memory: columns, and the JSON of those punks that were asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import orjson

from services.api.money import money
from shared.units import ETH
from shared.valuation.explanation.stored import GROUPS, Comparable, Explained, Part

if TYPE_CHECKING:
    from services.api.resident.facts import PunkRow

PENDING = b'"contributions":null,"comparables":null,"changes":null,"unexplained":"%b"}'
SOON = PENDING % b"The reasons of this generation are being worked out; they follow a publication within some minutes."
EARLIER = PENDING % b"Reasons are kept for the newest generations only; `punkcast explain --as-of` works out any."
MICRO_ETH = 10**12
DIGITS = 6
"""Decimals of ETH amounts: micro-ETH."""


class ResidentExplanation:
    """Answers for any punk of one generation."""

    def __init__(self, generation_id: int, explained: Explained) -> None:
        self.generation_id = generation_id
        # Rounded once: to do so for each answer costs more than the rest of it.
        sold = {name: np.round(column, DIGITS) for name, column in vars(explained).items() if name.startswith("sold_")}
        self.explained = replace(explained, **sold)
        self._over_floor: list[float] = (explained.sold_price_eth / explained.sold_floor_eth).tolist()
        self._rendered: dict[int, bytes] = {}

    def members(self, punk: int, value_wei: int, floor_wei: int, punks: Mapping[int, PunkRow]) -> bytes:
        """JSON members of the punk's contributions, comparables and changes, with the closing brace. Made once."""
        found = self._rendered.get(punk)
        if found is None:
            found = self._rendered[punk] = self._members(punk, value_wei, floor_wei / ETH, punks)
        return found

    def _members(self, punk: int, value_wei: int, floor_now: float, punks: Mapping[int, PunkRow]) -> bytes:
        value = value_wei / ETH
        parts = self.explained.reasons(punk, value)
        groups: dict[str, float] = {}
        for part in parts:
            groups[part.group] = groups.get(part.group, 0.0) + part.eth
        sales = self.explained.comparables(punk, lambda one: punks[one].trait_ids if one in punks else ())
        document = {
            "contributions": {
                "floor_eth": float(self.explained.floor_eth[punk]),
                "value_eth": value,
                "groups": [
                    {"group": name, "meaning": GROUPS.get(name, name), "eth": eth} for name, eth in groups.items()
                ],
                "parts": _plain(parts),
            },
            "comparables": [self._sale(sale, floor_now, punks) for sale in sales],
            "changes": self._changes(punk, value_wei),
            "unexplained": None,
        }
        return orjson.dumps(document, option=orjson.OPT_UTC_Z).removeprefix(b"{")

    def _sale(self, sale: Comparable, floor_now: float, punks: Mapping[int, PunkRow]) -> dict[str, object]:
        return {
            "punk_id": sale.punk_id,
            "type": punks[sale.punk_id].type if sale.punk_id in punks else None,
            "time": sale.time,
            "price_eth": sale.price_eth,
            "floor_eth": sale.floor_eth,
            "at_todays_floor_eth": round(self._over_floor[sale.punk_id] * floor_now, DIGITS),
            "at_todays_index_eth": sale.adjusted_eth,
            "similarity": sale.similarity,
            "shared": sale.shared,
            "lacks": sale.lacks,
            "adds": sale.adds,
        }

    def _changes(self, punk: int, value_wei: int) -> dict[str, object] | None:
        before = self.explained.before
        if before is None:
            return None
        earlier_wei = int(self.explained.before_value_micro_eth[punk]) * MICRO_ETH
        parts = None
        if earlier_wei > 0:
            parts = self.explained.changes(punk, value_wei / ETH, earlier_wei / ETH)
        return {
            "since": before,
            "before": money(earlier_wei).model_dump(),
            "after": money(value_wei).model_dump(),
            "parts": None if parts is None else _plain(parts),
        }


def _plain(parts: Sequence[Part]) -> list[dict[str, object]]:
    return [{"group": part.group, "name": part.name, "eth": part.eth} for part in parts]
