"""What `punkcast explain` reports: the explanation of one value, and whether it can be reproduced.

Its fields are those of the JSON: every number in full, times in UTC, money in ETH unless a name ends in `_wei`.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from math import isfinite

from shared.errors import InvalidInputError
from shared.market.timeline import MarketTimeline
from shared.market.traits import TYPES
from shared.units import as_seconds
from shared.valuation import confidence, generation
from shared.valuation.calibration import Calibration
from shared.valuation.explanation.attribution import explained_in_batches
from shared.valuation.explanation.comparables import MarketThen, OwnSale, own_sales
from shared.valuation.explanation.stored import Comparable, Explained, Part
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.model import ValuationModel, Values
from shared.valuation.snapshot import Snapshot


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


Basis = tuple[Snapshot, Calibration]
"""What values come from besides the model: a nowcast snapshot, and the calibration of its instant."""
Earlier = tuple[Basis, Previous] | None
"""Of the nowcast before; None without one."""


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
    """The snapshot recomputed from the events known then, compared with the one on record.

    Attributes:
        recomputed: id of the recomputed snapshot.
        explained_wei: the explained value, rounded as nowcasts are.
        generation_id, published_at: of the nowcast; None when none was published and the snapshot was made just now.
        recorded: id of the snapshot on record, None without a nowcast.
        archived: whether the snapshot was read from the object store.
        removed: whether retention removed the archived snapshot.
        published_wei: the value that readers saw, by the same model; None when there is none.
        same_calibration: whether the recomputed calibration is the one on record; None when none is.
    """

    recomputed: str
    explained_wei: str
    generation_id: int | None = None
    published_at: datetime | None = None
    recorded: str | None = None
    archived: bool = False
    removed: bool = False
    published_wei: str | None = None
    same_calibration: bool | None = None


@dataclass(frozen=True)
class Report:
    """The explanation of one punk's value as of one instant.

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
    own_sales: list[OwnSale]
    features: dict[str, float | None]
    model: Origin
    snapshot_id: str
    reproduction: Reproduction

    def as_json(self) -> str:
        """With a newline at its end."""
        document = asdict(self)
        return json.dumps(document, indent=2, allow_nan=False, default=lambda at: at.astimezone(UTC).isoformat()) + "\n"


def explain(
    model: ValuationModel, timeline: MarketTimeline, punk: int, basis: Basis, before: Earlier, origin: Origin | None
) -> Report:
    """Explain the value of a punk, and what changed since the nowcast before it, by one model.

    The timeline may know more than the snapshots: nothing at or after a snapshot's instant is read. Without an
    `origin` only the model's file is known, and a file does not name its origin.

    Raises:
        InvalidInputError: the punk has no value then, or the snapshot lacks a feature of the model.
    """
    snapshot = basis[0]
    if model.lacking(snapshot.frame):
        raise InvalidInputError(
            f"snapshot {snapshot.snapshot_id[:12]} lacks a feature of {model.model_id}; explain a newer nowcast"
        )
    if not isfinite(snapshot.frame["floor_eth"][punk]):
        raise InvalidInputError(
            f"no punk but {punk} itself was for sale before {snapshot.as_of.isoformat()}: without a floor there is no "
            "value to explain; ask for a later instant"
        )
    values, explained = _explained(model, timeline, punk, basis)
    value = {name: column[punk].item() for name, column in vars(values).items()}
    value_eth, grade = value["value_eth"], value["confidence"]
    changes = previous = None
    if before is not None and isfinite(before[0][0].frame["floor_eth"][punk]):
        earlier, previous = before
        values_then, explained_then = _explained(model, timeline, punk, earlier)
        was = float(values_then.value_eth[punk])
        changes = Changes(was, value_eth, explained.since(explained_then).changes(punk, value_eth, was) or ())
    traits = timeline.traits

    def names(one: int) -> tuple[str, ...]:
        return tuple(traits.names[trait] for trait in traits.trait_lists[one])

    row = {name: float(snapshot.frame[name][punk]) for name in FEATURE_NAMES if name in snapshot.frame}
    return Report(
        punk_id=punk,
        traits=names(punk),
        as_of=snapshot.as_of,
        value_eth=value_eth,
        floor_eth=float(explained.floor_eth[punk]),
        bounds_eth={name: bound for name, bound in value.items() if name.startswith(("lo", "hi"))},
        confidence={"grade": grade, "meaning": confidence.meaning(grade, TYPES[int(traits.type_code[punk])])},
        reasons=explained.reasons(punk, value_eth),
        changes=changes,
        previous=previous,
        comparables=explained.comparables(punk, names),
        own_sales=own_sales(timeline, punk, as_seconds(snapshot.as_of)),
        features={name: number if isfinite(number) else None for name, number in row.items()},
        model=origin or Origin(model.model_id, model.data_cutoff),
        snapshot_id=snapshot.snapshot_id,
        reproduction=Reproduction(snapshot.snapshot_id, generation.build(values).frame["value_wei"][punk]),
    )


def _explained(model: ValuationModel, timeline: MarketTimeline, punk: int, basis: Basis) -> tuple[Values, Explained]:
    """All values, and the reasons of one. A nowcast snapshot has all punks in order: a punk's number is its row's."""
    snapshot, calibration = basis
    then = MarketThen(timeline, as_seconds(snapshot.as_of))
    *_, explained = explained_in_batches(model, snapshot.frame, then, calibration, slice(punk, punk + 1))
    assert explained is not None, "the last one is the whole"
    return model.predict(snapshot.frame, calibration), explained
