"""The account that `punkcast explain` gives: the explanation of one value, and how it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from shared.errors import InvalidInputError, NotFoundError
from shared.market.timeline import MarketTimeline
from shared.market.traits import PUNKS, TYPES
from shared.snapshots.snapshot import Snapshot
from shared.valuation import confidence, generation
from shared.valuation.calibration import Calibration
from shared.valuation.explanation.attribution import Attributor, Changes, Reasons, changes
from shared.valuation.explanation.comparables import Comparable, OwnSale, SoldPunks, own_sales, trait_premia
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.inputs import as_seconds
from shared.valuation.model import ValuationModel, Values


@dataclass(frozen=True)
class Explanation:
    """One punk's value as of one instant.

    Attributes:
        traits: names as in `Traits.names`, like `accessory:Hoodie`.
        value_wei: as a nowcast publishes it.
        bounds: `lo50` … `hi90` in ETH.
        meaning: of the confidence grade.
        changes: since the nowcast before; None where none was given, or the punk had no value then.
        features: the feature row by name, NaN where unknown.
    """

    punk_id: int
    traits: tuple[str, ...]
    as_of: datetime
    snapshot_id: str
    value_wei: int
    bounds: dict[str, float]
    confidence: str
    meaning: str
    reasons: Reasons
    changes: Changes | None
    comparables: tuple[Comparable, ...]
    own_sales: tuple[OwnSale, ...]
    features: dict[str, float]


def explain(
    model: ValuationModel,
    snapshot: Snapshot,
    timeline: MarketTimeline,
    punk: int,
    *,
    calibration: Calibration,
    before: tuple[Snapshot, Calibration] | None = None,
) -> Explanation:
    """Explain the value of a punk in a nowcast snapshot.

    The timeline may know more than the snapshot: nothing at or after the snapshot's instant is read. `calibration` is
    that of the instant (`ValuationModel.calibration_at`, or what the nowcast was made with). `before` is the snapshot
    of the nowcast before with its calibration, which is valued by the same model.

    Raises:
        NotFoundError: there is no such punk.
        InvalidInputError: the punk has no value then, or the snapshot lacks a feature of the model.
    """
    require_punk(punk)
    if not model.reads(snapshot.frame):
        raise InvalidInputError(
            f"snapshot {snapshot.snapshot_id[:12]} lacks a feature of {model.model_id}; explain a newer nowcast"
        )
    if not _has_floor(snapshot, punk):
        raise InvalidInputError(
            f"no punk but {punk} itself was for sale before {snapshot.as_of.isoformat()}: without a floor there is no "
            "value to explain; ask for a later instant"
        )
    after = _reasons(model, snapshot, timeline, punk, calibration)
    earlier = None
    if before is not None and _has_floor(before[0], punk):
        earlier = _reasons(model, before[0], timeline, punk, before[1])
    every, traits, instant = model.predict(snapshot.frame, calibration), timeline.traits, as_seconds(snapshot.as_of)
    value = Values(**{name: column[[punk]] for name, column in vars(every).items()})
    grade = str(value.confidence[0])
    return Explanation(
        punk_id=punk,
        traits=tuple(traits.names[trait] for trait in traits.trait_lists[punk]),
        as_of=snapshot.as_of,
        snapshot_id=snapshot.snapshot_id,
        value_wei=int(generation.build(value).frame["value_wei"][0]),
        bounds={name: float(column[0]) for name, column in vars(value).items() if name[:2] in ("lo", "hi")},
        confidence=grade,
        meaning=confidence.meaning(grade, TYPES[int(traits.type_code[punk])]),
        reasons=after,
        changes=None if earlier is None else changes(earlier, after),
        comparables=SoldPunks(timeline, instant).nearest(punk),
        own_sales=own_sales(timeline, punk, instant),
        features={name: float(snapshot.frame[name][punk]) for name in FEATURE_NAMES if name in snapshot.frame},
    )


def require_punk(punk: int) -> None:
    """Raises NotFoundError: there is no such punk."""
    if not 0 <= punk < PUNKS:
        raise NotFoundError(f"there is no punk {punk}; they go from 0 to {PUNKS - 1}")


def _reasons(
    model: ValuationModel, snapshot: Snapshot, timeline: MarketTimeline, punk: int, calibration: Calibration
) -> Reasons:
    """A nowcast snapshot has all punks in order: a punk's number is the number of its row."""
    premia = trait_premia(timeline, as_seconds(snapshot.as_of))
    attributor = Attributor(model, snapshot.frame, timeline.traits, premia, calibration)
    return attributor.of(slice(punk, punk + 1)).reasons()[0]


def _has_floor(snapshot: Snapshot, punk: int) -> bool:
    return bool(np.isfinite(snapshot.frame["floor_eth"][punk]))


@dataclass(frozen=True)
class Origin:
    """Where the model comes from. What only the registry knows is None without it."""

    model_id: str
    data_cutoff: datetime
    git_sha: str | None = None
    git_dirty: bool | None = None
    environment_hash: str | None = None
    training_snapshot: str | None = None


def from_file(file: Path, threads: int) -> tuple[ValuationModel, Origin]:
    """A model file, which tells nothing of where it comes from but what it is."""
    model = ValuationModel.from_bytes(file.read_bytes(), threads=threads)
    return model, Origin(model.model_id, model.data_cutoff)


@dataclass(frozen=True)
class Reproduction:
    """The snapshot made again from the events known then, beside the one on record.

    Attributes:
        generation_id, published_at: of the nowcast; None when none was published and the snapshot was made just now.
        recorded: id of the snapshot on record, None without a nowcast.
        recomputed: id of the snapshot made again.
        archived: whether the snapshot was read from the object store.
        explained_wei: the explained value, rounded as nowcasts are.
        published_wei: the value that readers saw, by the same model; None when there is none.
        same_calibration: whether the calibration, made again, is the one on record; None when none is.
    """

    recomputed: str
    explained_wei: int
    generation_id: int | None = None
    published_at: datetime | None = None
    recorded: str | None = None
    archived: bool = False
    published_wei: int | None = None
    same_calibration: bool | None = None


@dataclass(frozen=True)
class Previous:
    """What the changes are against. `other_model` valued the punk at `published_wei` then, when it was another one."""

    as_of: datetime
    generation_id: int | None = None
    other_model: str | None = None
    published_wei: int | None = None


@dataclass(frozen=True)
class Account:
    """All that is told."""

    explanation: Explanation
    origin: Origin
    reproduction: Reproduction
    previous: Previous | None


def require_market(first: datetime | None, as_of: datetime | None, where: str) -> None:
    """`first`: time of the first event, if there is one. No `as_of` stands for an instant after the last.

    Raises:
        NotFoundError: nothing had happened by then.
    """
    if first is None:
        raise NotFoundError(f"there are no events in {where}; `punkcast import DIR` brings them into a database")
    if as_of is not None and as_of <= first:
        raise NotFoundError(
            f"--as-of {as_of.isoformat()}: the market of {where} begins at {first.isoformat()}; ask for a later instant"
        )
