"""What a gate looks at: sales of the hold-out with everybody's values, and facts about the files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from shared.evaluation.arrays import Floats, Ints, Mask
from shared.evaluation.blast_radius import BlastRadius, blast_radius
from shared.evaluation.metrics import Band
from shared.units import DAY_S

if TYPE_CHECKING:
    # Who only judges recorded evidence loads no model.
    from shared.valuation.model import Values


@dataclass(frozen=True)
class Predictions:
    """One model's values and intervals (ETH, shape (n,)) of the same rows."""

    value: Floats
    bands: tuple[Band, ...] = ()

    @classmethod
    def of(cls, values: Values) -> Predictions:
        return cls(values.value_eth, (Band(0.8, values.lo80, values.hi80), Band(0.9, values.lo90, values.hi90)))

    def where(self, rows: Mask) -> Predictions:
        return Predictions(self.value[rows], tuple(Band(b.level, b.low[rows], b.high[rows]) for b in self.bands))


@dataclass(frozen=True)
class HoldoutSales:
    """Sales that no compared model was trained on. Arrays of shape (n,), money in ETH, time in UTC seconds.

    `rare` marks zombies, apes and aliens. `champion` is None when there is no champion, `anchor` (the last confirmed
    champion) when that is the champion itself. `published` stands where this code cannot serve the champion: what it
    published of each sale before it, NaN where that was nothing.
    """

    price: Floats
    floor: Floats
    last_sale_carry: Floats
    trait_median: Floats
    time: Ints
    rare: Mask
    contender: Predictions
    champion: Predictions | None
    anchor: Predictions | None = None
    published: Floats | None = None

    def __len__(self) -> int:
        return len(self.price)

    @property
    def day(self) -> Ints:
        """The UTC day each sale belongs to: the block of the bootstrap."""
        return self.time // DAY_S

    def where(self, rows: Mask) -> HoldoutSales:
        return replace(
            self,
            price=self.price[rows],
            floor=self.floor[rows],
            last_sale_carry=self.last_sale_carry[rows],
            trait_median=self.trait_median[rows],
            time=self.time[rows],
            rare=self.rare[rows],
            contender=self.contender.where(rows),
            champion=None if self.champion is None else self.champion.where(rows),
            anchor=None if self.anchor is None else self.anchor.where(rows),
            published=None if self.published is None else self.published[rows],
        )

    def usable(self) -> bool:
        """Every price, floor and value is finite and positive."""
        arrays = [self.price, self.floor, self.contender.value]
        arrays += [other.value for other in (self.champion, self.anchor) if other is not None]
        return all(bool(np.all(np.isfinite(a) & (a > 0))) for a in arrays)


@dataclass(frozen=True)
class SnapshotValues:
    """Values (ETH) of all punks from one nowcast snapshot by contender and champion, shape (10000,)."""

    contender: Floats
    champion: Floats

    def measured(self) -> BlastFacts:
        """What the gate judges by, and what goes on record of 20,000 values."""
        try:
            return BlastFacts(blast_radius(self.contender, self.champion), "")
        except ValueError as error:
            return BlastFacts(None, str(error))


@dataclass(frozen=True)
class BlastFacts:
    """How far the values move; no radius and an error when they cannot be compared."""

    radius: BlastRadius | None
    error: str


@dataclass(frozen=True)
class InfraFacts:
    """Did the file work in the serving code? None: not measured, which is an error."""

    loads: bool
    load_error: str
    sha256_matches: bool
    finite_positive: bool | None
    golden_difference: float | None  # largest relative difference to the values recorded where it was trained
    golden_rows: int
    latency_s: float | None
    parity_difference: float | None = None  # largest relative difference of the file read again to the judged one
    parity_rows: int = 0


@dataclass(frozen=True)
class LineageFacts:
    """Where the contender came from. `missing` names what the registry lacks or what contradicts it."""

    missing: tuple[str, ...]
    contender_cutoff: datetime
    champion_cutoff: datetime | None
    anchor_cutoff: datetime | None = None


@dataclass(frozen=True)
class Unsupported:
    """Why the gate's code cannot serve a sound model, and since when (UTC) it is on record that none can."""

    reason: str
    since: datetime


@dataclass(frozen=True)
class GateEvidence:
    """Everything a decision rests on; a None is missing evidence.

    `has_anchor`: the champion is on probation, and the last confirmed one is another model. `champion_unsupported` and
    `anchor_unsupported` (a reason): the gate's code cannot serve that model, so that it has no values. That is no
    missing evidence; None is the usual case.
    """

    has_champion: bool
    lineage: LineageFacts | None
    infra: InfraFacts | None
    sales: HoldoutSales | None
    snapshot: SnapshotValues | BlastFacts | None
    has_anchor: bool = False
    champion_unsupported: Unsupported | None = None
    anchor_unsupported: str | None = None

    @property
    def champion_values(self) -> bool:
        """There is a champion that values beside the contender: here, and in a shadow's test."""
        return self.has_champion and self.champion_unsupported is None
