"""The reasons and comparables of a whole generation, as columns: small to store, quick to read.

The nowcaster and `punkcast explain` compute these columns (`attribution`). The gateway reads them here, so this module
does not need the model library.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import expm1, log
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from shared.errors import IntegrityError
from shared.market.series import Floats, Ints

PartKey = tuple[str, str]
"""A part of an explanation: its group, one of `GROUPS`, and its name."""

GROUPS: Final[dict[str, str]] = {
    "base value": "the average premium over the floor of the sales that the model was trained on",
    "market": "where the market stands and where it is going, against its floor",
    "liquidity": "how much is offered near the floor and how often punks change hands",
    "traits": "what the punk is",
    "asks and bids": "what others ask and bid, for punks worth as much",
    "own history": "what this punk itself was sold for, and when",
    "owner": "who holds it, and how such owners sell",
    "floor": "the move of the floor itself (in changes)",
}
"""In the order of display, with their meanings."""
BASE_VALUE: Final[PartKey] = ("base value", "base value")
FLOOR_MOVE: Final[PartKey] = ("floor", "move of the floor")
FORMAT: Final = "punkcast-explained/1"
NOBODY: Final = -1
_META: Final = "meta"


@dataclass(frozen=True)
class Part:
    """One part of a value: its log units of ln(value / floor), and the ETH that it adds."""

    group: str
    name: str
    log: float
    eth: float


def parts_in_eth(logs: Mapping[PartKey, float], value: float, against: float) -> tuple[Part, ...]:
    """The parts of ln(value / against) with ETH that add up to value - against (both in ETH).

    Log units become ETH through the logarithmic mean L(value, against) = (value - against) / ln(value / against), which
    leaves no remainder (the LMDI decomposition: Ang, Energy Policy 32, 2004). The base value takes the rounding error:
    stored log units are single precision, and values are published in micro-ETH.
    """
    total = log(value / against)
    # expm1 keeps the digits of a small difference.
    mean = against * expm1(total) / total if total else against
    exact = {**logs, BASE_VALUE: total - sum(amount for key, amount in logs.items() if key != BASE_VALUE)}
    return tuple(Part(group, name, amount, mean * amount) for (group, name), amount in exact.items())


@dataclass(frozen=True)
class Comparable:
    """The last valid sale of a similar punk.

    Attributes:
        time: of the sale (UTC).
        floor_eth: the floor at the sale, without the sold punk's own ask.
        adjusted_eth: the price at the index level of the explained instant.
        similarity: exp(-distance), 1 for the same traits sold just now.
        shared, lacks, adds: traits of both punks; of the explained punk only; of the sold punk only.
    """

    punk_id: int
    time: datetime
    price_eth: float
    floor_eth: float
    adjusted_eth: float
    similarity: float
    shared: list[str]
    lacks: list[str]
    adds: list[str]


@dataclass(frozen=True)
class Before:
    """The previous generation."""

    generation_id: int
    as_of: datetime
    model_id: str


@dataclass(frozen=True)
class Explained:
    """Explanations of n punks by number, with m parts in all; a punk outside the request has no parts.

    Attributes:
        parts: group and name of every kind of part; `traits`: names of all traits.
        starts: shape (n + 1,): punk i has the parts starts[i] to starts[i + 1] of the next two, each of shape (m,).
        part, log: index of the part, and its log units of ln(value / floor).
        floor_eth: shape (n,): lowest ask of any other punk.
        near, similarity: shape (n, 8): punks with comparable sales, nearest first, padded with `NOBODY`.
        sold_time (UTC seconds), sold_price_eth, sold_floor_eth, sold_adjusted_eth: shape (10,000,), the last valid sale
            of each punk as in `Comparable`; 0 and NaN if never sold.
        level_eth: the index's value of a common punk.
        premium, premium_error: shape (traits,), log units: premium over common punks, and its standard error.
        before_value_micro_eth: shape (n,), values of the previous generation; empty without one.
        before_floor_eth, before_moved: shape (n,), the floor of other punks in the previous generation, and shape (m,),
            the move of each part since (log units). Empty if its reasons are unknown or of another model.
    """

    model_id: str
    parts: tuple[PartKey, ...]
    traits: tuple[str, ...]
    starts: Ints
    part: npt.NDArray[np.uint16]
    log: npt.NDArray[np.float32]
    floor_eth: Floats
    near: npt.NDArray[np.int16]
    similarity: npt.NDArray[np.float32]
    sold_time: Ints
    sold_price_eth: Floats
    sold_floor_eth: Floats
    sold_adjusted_eth: Floats
    level_eth: float
    premium: npt.NDArray[np.float32]
    premium_error: npt.NDArray[np.float32]
    before: Before | None = None
    before_value_micro_eth: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    before_floor_eth: Floats = field(default_factory=lambda: np.empty(0))
    before_moved: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty(0, dtype=np.float32))

    def reasons(self, punk: int, value: float) -> tuple[Part, ...]:
        """The parts of the punk's value (ETH), which add up to value - floor."""
        return parts_in_eth(self._of(punk, self.log), value, float(self.floor_eth[punk]))

    def changes(self, punk: int, value: float, earlier: float) -> tuple[Part, ...] | None:
        """Parts of the change in value since the previous generation (`earlier`, ETH). They add up to the change.

        None if unknown: there was no previous generation, or another model computed it.
        """
        if not len(self.before_moved):
            return None
        floor_move = log(float(self.floor_eth[punk]) / float(self.before_floor_eth[punk]))
        return parts_in_eth(self._of(punk, self.before_moved) | {FLOOR_MOVE: floor_move}, value, earlier)

    def comparables(self, punk: int, traits: Callable[[int], Sequence[str]]) -> list[Comparable]:
        """The most similar sales, nearest first; `traits` returns the trait names of a punk."""
        own, near = traits(punk), self.near[punk][self.near[punk] != NOBODY]
        sold = self.sold_time, self.sold_price_eth, self.sold_floor_eth, self.sold_adjusted_eth
        similarity = np.round(self.similarity[punk, : len(near)].astype(np.float64), 4)
        columns = near, *(column[near] for column in sold), similarity
        comparables = []
        for other, time, price, floor, adjusted, alike in zip(*(column.tolist() for column in columns), strict=True):
            its, when = traits(other), datetime.fromtimestamp(time, UTC)
            shared = [name for name in own if name in its]
            lacks, adds = [name for name in own if name not in its], [name for name in its if name not in own]
            comparables.append(Comparable(other, when, price, floor, adjusted, alike, shared, lacks, adds))
        return comparables

    def since(self, reasons: Explained) -> Explained:
        """With the move of each part since earlier reasons.

        Unchanged if those are by another model, or do not have the same parts in the same order.
        """
        same = (self.model_id, self.parts) == (reasons.model_id, reasons.parts)
        if not (same and np.array_equal(self.starts, reasons.starts) and np.array_equal(self.part, reasons.part)):
            return self
        return replace(self, before_floor_eth=reasons.floor_eth, before_moved=self.log - reasons.log)

    def to_bytes(self) -> bytes:
        """A compressed NumPy file, a few hundred kilobytes for 10,000 punks."""
        columns = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        meta = {"format": FORMAT} | {name: value for name, value in vars(self).items() if name not in columns}
        meta["before"] = None if self.before is None else vars(self.before)
        document = json.dumps(meta, default=datetime.isoformat).encode()
        arrays: dict[str, Any] = {name: column for name, column in columns.items() if len(column)}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays | {_META: np.frombuffer(document, dtype=np.uint8)})
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, body: bytes) -> Explained:
        """Raises IntegrityError: the bytes are damaged, or of another format."""
        try:
            with np.load(io.BytesIO(body), allow_pickle=False) as file:
                arrays = dict(file)
            meta = json.loads(arrays.pop(_META).tobytes())
            if (format_ := meta.pop("format")) != FORMAT:
                raise IntegrityError(f"explanations of format {format_}, expected {FORMAT}")
            meta.pop("sold", None)  # empty; in files of older releases
            if before := meta["before"]:
                meta["before"] = Before(**before | {"as_of": datetime.fromisoformat(before["as_of"])})
            # Older releases call the base value ("usual", "usual premium").
            parts = tuple(BASE_VALUE if group == "usual" else (group, name) for group, name in meta.pop("parts"))
            traits = tuple(meta.pop("traits"))
            return cls(parts=parts, traits=traits, **meta, **arrays)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise IntegrityError(
                f"stored explanations cannot be read: {error!r}; the next nowcast replaces them"
            ) from error

    def _of(self, punk: int, column: npt.NDArray[np.float32]) -> dict[PartKey, float]:
        own = slice(int(self.starts[punk]), int(self.starts[punk + 1]))
        return dict(zip((self.parts[kind] for kind in self.part[own].tolist()), column[own].tolist(), strict=True))
