"""Reasons and comparables of one generation: columns in memory, documents for those punks that are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from services.api.documents import encoded
from services.api.money import money
from services.api.punks.schemas import (
    Changes,
    ComparableSale,
    ContributionGroup,
    ContributionPart,
    Contributions,
    Since,
)
from services.api.view.records import PunkRow
from shared.units import ETH
from shared.valuation.explanation.stored import GROUPS, Comparable, Explained, Part

_NONE: dict[str, Any] = {"contributions": None, "comparables": None, "changes": None}
SOON = _NONE | {
    "unexplained": "The reasons of this generation are being worked out; they follow a publication within some minutes."
}
EARLIER = _NONE | {
    "unexplained": "Reasons are kept for the newest generations only; `punkcast explain --as-of` works out any."
}
MICRO_ETH = 10**12
KEPT = 1024
DIGITS = 6
"""Decimals of ETH amounts: micro-ETH."""


class Explanation:
    """Answers for any punk of one generation."""

    def __init__(self, generation_id: int, explained: Explained, punks: Mapping[int, PunkRow]) -> None:
        self.generation_id = generation_id
        self._punks = punks
        # Rounded once: to do so for each answer costs more than the rest of it.
        sold = {name: np.round(column, DIGITS) for name, column in vars(explained).items() if name.startswith("sold_")}
        self.explained = replace(explained, **sold)
        self._over_floor: list[float] = (explained.sold_price_eth / explained.sold_floor_eth).tolist()
        self._kept: dict[int, dict[str, Any]] = {}

    def encoded_fields(self, punk: int, value_wei: int, floor_wei: int) -> dict[str, Any]:
        """`fields`, kept for the punks asked for last: they cost ten times the rest of an answer, and survive a move of
        the market."""
        found = self._kept.get(punk)
        if found is None:
            if len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            fields = self.fields(punk, value_wei, floor_wei)
            found = self._kept[punk] = {name: encoded(value) for name, value in fields.items()}
        return found

    def fields(self, punk: int, value_wei: int, floor_wei: int) -> dict[str, Any]:
        """The fields of a `PunkDocument` that explain its value. `floor_wei`: of the generation."""
        value, floor = value_wei / ETH, floor_wei / ETH
        parts = self.explained.reasons(punk, value)
        groups: dict[str, float] = {}
        for part in parts:
            groups[part.group] = groups.get(part.group, 0.0) + part.eth
        sales = self.explained.comparables(punk, self._trait_ids)
        return {
            "contributions": Contributions(
                floor_eth=float(self.explained.floor_eth[punk]),
                value_eth=value,
                groups=[
                    ContributionGroup(group=name, meaning=GROUPS.get(name, name), eth=eth)
                    for name, eth in groups.items()
                ],
                parts=_parts(parts),
            ),
            "comparables": [self._sale(sale, floor) for sale in sales],
            "changes": self._changes(punk, value_wei),
            "unexplained": None,
        }

    def _trait_ids(self, punk: int) -> Sequence[str]:
        return self._punks[punk].trait_ids if punk in self._punks else ()

    def _sale(self, sale: Comparable, floor_now: float) -> ComparableSale:
        return ComparableSale(
            punk_id=sale.punk_id,
            type=self._punks[sale.punk_id].type if sale.punk_id in self._punks else None,
            time=sale.time,
            price_eth=sale.price_eth,
            floor_eth=sale.floor_eth,
            at_todays_floor_eth=round(self._over_floor[sale.punk_id] * floor_now, DIGITS),
            at_todays_index_eth=sale.adjusted_eth,
            similarity=sale.similarity,
            shared=sale.shared,
            lacks=sale.lacks,
            adds=sale.adds,
        )

    def _changes(self, punk: int, value_wei: int) -> Changes | None:
        before = self.explained.before
        if before is None:
            return None
        earlier_wei = int(self.explained.before_value_micro_eth[punk]) * MICRO_ETH
        parts = None
        if earlier_wei > 0:
            parts = self.explained.changes(punk, value_wei / ETH, earlier_wei / ETH)
        return Changes(
            since=Since(generation_id=before.generation_id, as_of=before.as_of, model_id=before.model_id),
            before=money(earlier_wei),
            after=money(value_wei),
            parts=None if parts is None else _parts(parts),
        )


def _parts(parts: Sequence[Part]) -> list[ContributionPart]:
    return [ContributionPart(group=part.group, name=part.name, eth=part.eth) for part in parts]
