"""The punks themselves, and who has which trait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.api.view.records import PunkRow


@dataclass(frozen=True)
class Catalogue:
    """`types` and `traits` map the lowered name to the written one, `holders` the id of each trait (`type:Ape`,
    `skin:Mid`, `accessory:Hoodie`, `count:3`) to the punks that have it."""

    punks: Mapping[int, PunkRow]
    types: Mapping[str, str]
    traits: Mapping[str, str]
    holders: Mapping[str, Sequence[int]]

    @classmethod
    def of(cls, rows: Sequence[PunkRow]) -> Catalogue:
        holders: dict[str, list[int]] = {}
        for row in rows:
            for trait in row.trait_ids:
                holders.setdefault(trait, []).append(row.punk_id)
        return cls(
            punks={row.punk_id: row for row in rows},
            types={row.type.lower(): row.type for row in rows},
            traits={trait.lower(): trait for row in rows for trait in row.accessories},
            holders=holders,
        )

    def type_of(self, punk: int) -> str | None:
        row = self.punks.get(punk)
        return row.type if row else None
