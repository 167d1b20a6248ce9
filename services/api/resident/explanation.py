"""A generation's reasons and comparables in memory: columns, and the JSON of those punks that were asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import orjson

from services.api.money import WEI_PER_ETH, money_json
from shared.valuation.explanation.stored import GROUPS, NOBODY, Explained, Part, parts_in_eth

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
        self.explained = explained
        self._rendered: dict[int, bytes] = {}
        # Rounded, and as Python's own numbers: to do so for each answer costs more than the rest of it.
        self._near: list[list[int]] = explained.near.tolist()
        self._similarity: list[list[float]] = np.round(explained.similarity.astype(np.float64), 4).tolist()
        self._sales: list[tuple[int, float, float, float, float]] = list(
            zip(
                explained.sold_time.tolist(),
                np.round(explained.sold_price_eth, DIGITS).tolist(),
                np.round(explained.sold_floor_eth, DIGITS).tolist(),
                np.round(explained.sold_adjusted_eth, DIGITS).tolist(),
                (explained.sold_price_eth / explained.sold_floor_eth).tolist(),
                strict=True,
            )
        )

    def members(self, punk: int, value_wei: int, floor_wei: int, punks: Mapping[int, PunkRow]) -> bytes:
        """JSON members of the punk's contributions, comparables and changes, with the closing brace. Made once."""
        found = self._rendered.get(punk)
        if found is None:
            found = self._rendered[punk] = self._members(punk, value_wei, floor_wei / WEI_PER_ETH, punks)
        return found

    def _members(self, punk: int, value_wei: int, floor_now: float, punks: Mapping[int, PunkRow]) -> bytes:
        told = self.explained
        value, floor = value_wei / WEI_PER_ETH, float(told.floor_eth[punk])
        parts = parts_in_eth(told.logs(punk), value, floor)
        groups: dict[str, float] = {}
        for part in parts:
            groups[part.group] = groups.get(part.group, 0.0) + part.eth
        contributions = {
            "floor_eth": floor,
            "value_eth": value,
            "groups": [{"group": name, "meaning": GROUPS.get(name, name), "eth": eth} for name, eth in groups.items()],
            "parts": _plain(parts),
        }
        return b'"contributions":%b,"comparables":%b,"changes":%b,"unexplained":null}' % (
            orjson.dumps(contributions),
            orjson.dumps(self._comparables(punk, floor_now, punks), option=orjson.OPT_UTC_Z),
            self._changes(punk, value_wei),
        )

    def _comparables(self, punk: int, floor_now: float, punks: Mapping[int, PunkRow]) -> list[dict[str, object]]:
        own = punks[punk].trait_ids if punk in punks else []
        found: list[dict[str, object]] = []
        for sold, alike in zip(self._near[punk], self._similarity[punk], strict=True):
            if sold == NOBODY:
                break
            row = punks.get(sold)
            its = row.trait_ids if row else []
            time, price, floor, adjusted, over_floor = self._sales[sold]
            found.append(
                {
                    "punk_id": sold,
                    "type": row.type if row else None,
                    "time": datetime.fromtimestamp(time, UTC),
                    "price_eth": price,
                    "floor_eth": floor,
                    "at_todays_floor_eth": round(over_floor * floor_now, DIGITS),
                    "at_todays_index_eth": adjusted,
                    "similarity": alike,
                    "shared": [name for name in own if name in its],
                    "lacks": [name for name in own if name not in its],
                    "adds": [name for name in its if name not in own],
                }
            )
        return found

    def _changes(self, punk: int, value_wei: int) -> bytes:
        before = self.explained.before
        if before is None:
            return b"null"
        earlier_wei = int(before.value_micro_eth[punk]) * MICRO_ETH
        parts = None
        if earlier_wei > 0 and (moved := self.explained.moved(punk)) is not None:
            parts = _plain(parts_in_eth(moved, value_wei / WEI_PER_ETH, earlier_wei / WEI_PER_ETH))
        since = {"generation_id": before.generation_id, "as_of": before.as_of, "model_id": before.model_id}
        return b'{"since":%b,"before":%b,"after":%b,"parts":%b}' % (
            orjson.dumps(since, option=orjson.OPT_UTC_Z),
            money_json(str(earlier_wei)).encode(),
            money_json(str(value_wei)).encode(),
            orjson.dumps(parts),
        )


def _plain(parts: Sequence[Part]) -> list[dict[str, object]]:
    return [{"group": part.group, "name": part.name, "eth": part.eth} for part in parts]
