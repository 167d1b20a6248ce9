"""The account that `punkcast explain` gives: the explanation of one value, and how it can be trusted.

Its fields are those of the JSON: every number in full, times in UTC, money in ETH unless a name ends in `_wei`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

import numpy as np

from shared.errors import InvalidInputError, NotFoundError
from shared.market.timeline import MarketTimeline
from shared.market.traits import PUNKS, TYPES
from shared.snapshots.snapshot import Snapshot
from shared.units import as_seconds
from shared.valuation import confidence, generation
from shared.valuation.calibration import Calibration
from shared.valuation.explanation.attribution import explained_in_batches
from shared.valuation.explanation.comparables import MarketThen, OwnSale, own_sales
from shared.valuation.explanation.stored import Before, Comparable, Explained, Part
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.model import ValuationModel, Values


@dataclass(frozen=True)
class Changes:
    """What moved the value since the nowcast before, by one model; the parts' ETH add up to after - before."""

    before_eth: float
    after_eth: float
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Previous:
    """What the changes are against. `other_model` valued the punk at `published_wei` then, when it was another one."""

    as_of: datetime
    generation_id: int | None = None
    other_model: str | None = None
    published_wei: str | None = None


@dataclass(frozen=True)
class Origin:
    """Where the model comes from. What only the registry knows is None without it."""

    model_id: str
    data_cutoff: datetime
    git_sha: str | None = None
    git_dirty: bool | None = None
    environment_hash: str | None = None
    training_snapshot: str | None = None


@dataclass(frozen=True)
class Reproduction:
    """The snapshot made again from the events known then, beside the one on record.

    Attributes:
        recomputed: id of the snapshot made again.
        explained_wei: the explained value, rounded as nowcasts are.
        generation_id, published_at: of the nowcast; None when none was published and the snapshot was made just now.
        recorded: id of the snapshot on record, None without a nowcast.
        archived: whether the snapshot was read from the object store.
        published_wei: the value that readers saw, by the same model; None when there is none.
        same_calibration: whether the calibration, made again, is the one on record; None when none is.
    """

    recomputed: str
    explained_wei: str
    generation_id: int | None = None
    published_at: datetime | None = None
    recorded: str | None = None
    archived: bool = False
    published_wei: str | None = None
    same_calibration: bool | None = None


@dataclass(frozen=True)
class Account:
    """One punk's value as of one instant, and all that is told of it.

    Attributes:
        traits: names as in `Traits.names`, like `accessory:Hoodie`.
        bounds_eth: `lo50` … `hi90`.
        confidence: grade and meaning.
        changes, previous: None where no nowcast before was given, or the punk had no value then.
        features: the feature row by name, None where unknown.
    """

    punk_id: int
    traits: tuple[str, ...]
    as_of: datetime
    value_eth: float
    floor_eth: float
    bounds_eth: dict[str, float]
    confidence: dict[str, str]
    reasons: tuple[Part, ...]
    changes: Changes | None
    previous: Previous | None
    comparables: list[Comparable]
    own_sales: tuple[OwnSale, ...]
    features: dict[str, float | None]
    model: Origin
    snapshot_id: str
    reproduction: Reproduction

    def as_json(self) -> str:
        """With a newline at its end."""
        return json.dumps(asdict(self), indent=2, allow_nan=False, default=_instant) + "\n"


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def explain(
    model: ValuationModel,
    origin: Origin,
    snapshot: Snapshot,
    timeline: MarketTimeline,
    punk: int,
    *,
    calibration: Calibration,
    before: tuple[Snapshot, Calibration, Previous] | None = None,
) -> Account:
    """Explain the value of a punk in a nowcast snapshot.

    The timeline may know more than the snapshot: nothing at or after the snapshot's instant is read. `calibration` is
    that of the instant (`ValuationModel.calibration_at`, or what the nowcast was made with). `before` is the snapshot
    of the nowcast before with its calibration, which is valued by the same model.

    Raises:
        NotFoundError: there is no such punk.
        InvalidInputError: the punk has no value then, or the snapshot lacks a feature of the model.
    """
    require_punk(punk)
    if model.lacking(snapshot.frame):
        raise InvalidInputError(
            f"snapshot {snapshot.snapshot_id[:12]} lacks a feature of {model.model_id}; explain a newer nowcast"
        )
    if not _has_floor(snapshot, punk):
        raise InvalidInputError(
            f"no punk but {punk} itself was for sale before {snapshot.as_of.isoformat()}: without a floor there is no "
            "value to explain; ask for a later instant"
        )
    every, explained = _explained(model, snapshot, timeline, punk, calibration)
    value = Values(**{name: column[[punk]] for name, column in vars(every).items()})
    value_eth, grade = float(value.value_eth[0]), str(value.confidence[0])
    changes = previous = None
    if before is not None and _has_floor(before[0], punk):
        earlier, calibrated, previous = before
        values, explained_then = _explained(model, earlier, timeline, punk, calibrated)
        then = Before(0, model.model_id, earlier.as_of, np.empty(0, dtype=np.int64))
        was = float(values.value_eth[punk])
        parts = explained.since(explained_then, described=then).changes(punk, value_eth, was)
        changes = Changes(was, value_eth, parts or ())
    traits = timeline.traits

    def names(one: int) -> tuple[str, ...]:
        return tuple(traits.names[trait] for trait in traits.trait_lists[one])

    row = {name: float(snapshot.frame[name][punk]) for name in FEATURE_NAMES if name in snapshot.frame}
    return Account(
        punk_id=punk,
        traits=names(punk),
        as_of=snapshot.as_of,
        value_eth=value_eth,
        floor_eth=float(explained.floor_eth[punk]),
        bounds_eth={name: float(column[0]) for name, column in vars(value).items() if name[:2] in ("lo", "hi")},
        confidence={"grade": grade, "meaning": confidence.meaning(grade, TYPES[int(traits.type_code[punk])])},
        reasons=explained.reasons(punk, value_eth),
        changes=changes,
        previous=previous,
        comparables=explained.comparables(punk, names),
        own_sales=own_sales(timeline, punk, as_seconds(snapshot.as_of)),
        features={name: number if isfinite(number) else None for name, number in row.items()},
        model=origin,
        snapshot_id=snapshot.snapshot_id,
        reproduction=Reproduction(snapshot.snapshot_id, str(generation.build(value).frame["value_wei"][0])),
    )


def _explained(
    model: ValuationModel, snapshot: Snapshot, timeline: MarketTimeline, punk: int, calibration: Calibration
) -> tuple[Values, Explained]:
    """All values, and the reasons of one. A nowcast snapshot has all punks in order: a punk's number is its row's."""
    then = MarketThen(timeline, as_seconds(snapshot.as_of))
    *_, explained = explained_in_batches(model, snapshot.frame, then, calibration, slice(punk, punk + 1))
    assert explained is not None, "the last one is the whole"
    return model.predict(snapshot.frame, calibration), explained


def require_punk(punk: int) -> None:
    """Raises NotFoundError: there is no such punk."""
    if not 0 <= punk < PUNKS:
        raise NotFoundError(f"there is no punk {punk}; they go from 0 to {PUNKS - 1}")


def _has_floor(snapshot: Snapshot, punk: int) -> bool:
    return bool(np.isfinite(snapshot.frame["floor_eth"][punk]))


def from_file(file: Path, threads: int) -> tuple[ValuationModel, Origin]:
    """A model file, which tells nothing of where it comes from but what it is."""
    model = ValuationModel.from_bytes(file.read_bytes(), threads=threads)
    return model, Origin(model.model_id, model.data_cutoff)


def require_market(first: datetime | None, as_of: datetime | None, where: str) -> datetime:
    """`first`, the time of the first event, if there is one. No `as_of` stands for an instant after the last.

    Raises:
        NotFoundError: nothing had happened by then.
    """
    if first is None:
        raise NotFoundError(f"there are no events in {where}; `punkcast import DIR` brings them into a database")
    if as_of is not None and as_of <= first:
        raise NotFoundError(
            f"--as-of {as_of.isoformat()}: the market of {where} begins at {first.isoformat()}; ask for a later instant"
        )
    return first
