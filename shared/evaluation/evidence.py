"""The evidence of a gate: every model's values of the hold-out sales, and facts about the files.

Recorded as canonical JSON with these fields. Whoever has the text can judge again; see `judgement`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from shared.evaluation.arrays import FloatColumn, Floats, IntColumn, Ints, Mask
from shared.evaluation.blast_radius import BlastRadius, blast_radius
from shared.evaluation.canonical import RECORDED, Instant
from shared.evaluation.metrics import Band
from shared.market.traits import RARE_TYPES
from shared.units import DAY_S

if TYPE_CHECKING:
    import polars as pl

    # Judging recorded evidence needs no model.
    from shared.valuation.model import Values

# Later fields stay out of the text when they are unset, so that earlier evidence keeps its hash.
_UNLESS_UNSET = Field(exclude_if=lambda value: value is None)


@dataclass(frozen=True, config=RECORDED)
class Predictions:
    """One model's values and intervals (ETH, shape (n,)) of the same sales."""

    value: FloatColumn
    bands: tuple[Band, ...] = ()

    @classmethod
    def of(cls, values: Values) -> Predictions:
        return cls(values.value_eth, (Band(0.8, values.lo80, values.hi80), Band(0.9, values.lo90, values.hi90)))

    def where(self, rows: Mask) -> Predictions:
        return Predictions(self.value[rows], tuple(Band(b.level, b.low[rows], b.high[rows]) for b in self.bands))


@dataclass(frozen=True, config=RECORDED)
class HoldoutSales:
    """Sales that no compared model was trained on. Arrays of shape (n,), money in ETH, time in UTC seconds.

    Attributes:
        rare: rows of zombies, apes and aliens, shape (at most n,).
        champion: None without a champion, and when this code cannot serve it.
        anchor: the last confirmed champion; None when it is the champion itself.
        published: set when this code cannot serve the champion: its last published value before each sale, or NaN.
    """

    price: FloatColumn
    floor: FloatColumn
    last_sale_carry: FloatColumn
    trait_median: FloatColumn
    time: IntColumn
    rare: IntColumn
    contender: Predictions
    champion: Predictions | None
    anchor: Predictions | None = None
    published: Annotated[FloatColumn | None, _UNLESS_UNSET] = None

    @classmethod
    def of(
        cls,
        rows: pl.DataFrame,
        *,
        contender: Predictions,
        champion: Predictions | None,
        anchor: Predictions | None,
        published: Floats | None = None,
    ) -> HoldoutSales:
        """From rows of an evaluation snapshot, and the models' values of them."""
        columns = {
            name: rows[f"{name}_eth"].to_numpy().astype(np.float64)
            for name in ("price", "floor", "last_sale_carry", "trait_median")
        }
        return cls(
            **columns,
            time=rows["sale_time"].dt.epoch("s").to_numpy().astype(np.int64),
            rare=np.flatnonzero(rows["punk_type"].is_in(RARE_TYPES).to_numpy()),
            contender=contender,
            champion=champion,
            anchor=anchor,
            published=published,
        )

    @model_validator(mode="after")
    def _one_value_per_sale(self) -> Self:
        columns = [self.floor, self.last_sale_carry, self.trait_median, self.time]
        columns += [] if self.published is None else [self.published]
        for model in filter(None, (self.contender, self.champion, self.anchor)):
            columns += [model.value, *(edge for band in model.bands for edge in (band.low, band.high))]
        if any(len(column) != len(self) for column in columns):
            raise ValueError("a column has more or fewer rows than there are prices")
        if np.any((self.rare < 0) | (self.rare >= len(self))):
            raise ValueError("a rare sale is not among the rows")
        return self

    def __len__(self) -> int:
        return len(self.price)

    @property
    def day(self) -> Ints:
        """The UTC day of each sale: the block of the bootstrap."""
        return self.time // DAY_S

    def usable(self) -> bool:
        """Every price, floor and value is finite and positive."""
        arrays = [self.price, self.floor, self.contender.value]
        arrays += [other.value for other in (self.champion, self.anchor) if other is not None]
        return all(bool(np.all(np.isfinite(a) & (a > 0))) for a in arrays)


@dataclass(frozen=True, config=RECORDED)
class BlastFacts:
    """How far the contender moves the values of all punks; without a radius, why they cannot be compared."""

    radius: BlastRadius | None
    error: str

    @classmethod
    def of(cls, contender: Floats, champion: Floats) -> BlastFacts:
        """Compare the values (ETH, shape (n,)) of both models on one nowcast snapshot."""
        try:
            return cls(blast_radius(contender, champion), "")
        except ValueError as error:
            return cls(None, str(error))


@dataclass(frozen=True, config=RECORDED)
class InfraFacts:
    """How the contender's file behaves in the serving code. None: not measured, which is an error.

    Attributes:
        golden_difference: largest relative difference from the answers that its training recorded.
        quick: it valued everything within the policy's limit. The time itself would change the hash of each run.
        parity_difference: largest relative difference between the judged file and the same file, loaded again.
    """

    loads: bool
    load_error: str
    sha256_matches: bool
    finite_positive: bool | None
    golden_difference: float | None
    golden_rows: int
    quick: bool | None
    parity_difference: float | None = None
    parity_rows: int = 0


@dataclass(frozen=True, config=RECORDED)
class LineageFacts:
    """Where the contender came from. `missing` names what the registry lacks or contradicts."""

    missing: tuple[str, ...]
    contender_cutoff: Instant
    champion_cutoff: Instant | None
    anchor_cutoff: Instant | None = None


@dataclass(frozen=True, config=RECORDED)
class Unsupported:
    """Why the gate's code cannot serve a sound model, and since when (UTC) the registry says so."""

    reason: str
    since: Instant


@dataclass(frozen=True, config=RECORDED)
class GateEvidence:
    """Everything that a gate's decision rests on; a None is missing evidence.

    Attributes:
        has_anchor: the champion is on probation, and the last confirmed champion is another model.
        champion_unsupported: why the gate's code cannot serve the champion, which then has no values. None: it can.
        anchor_unsupported: the same for the last confirmed champion.
    """

    has_champion: bool
    lineage: LineageFacts | None
    infra: InfraFacts | None
    sales: HoldoutSales | None
    blast: BlastFacts | None
    has_anchor: bool = False
    champion_unsupported: Annotated[Unsupported | None, _UNLESS_UNSET] = None
    anchor_unsupported: Annotated[str | None, _UNLESS_UNSET] = None

    @property
    def champion_values(self) -> bool:
        """There is a champion that can value the same sales, here and next to a shadow."""
        return self.has_champion and self.champion_unsupported is None
