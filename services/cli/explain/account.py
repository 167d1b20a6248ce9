"""The account that `punkcast explain` gives: the explanation, and how it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.errors import NotFoundError
from shared.valuation.explanation import Explanation


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
        generation_id, published_at: of the nowcast; None when none was published and the snapshot was made just now.
        recorded: id of the snapshot on record, None without a nowcast.
        recomputed: id of the snapshot made again.
        archived: whether the snapshot was read from the object store.
        published_wei: the value that readers saw, by the same model; None when there is none.
        explained_wei: the explained value, rounded as nowcasts are.
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
