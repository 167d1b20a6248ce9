"""The reasons and comparables of a whole generation, as columns: small enough to store, quick enough to answer from.

The nowcaster writes these columns (`batch`), the gateway reads them. So nothing here needs the model library.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import expm1, log
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from shared.errors import IntegrityError
from shared.market.series import Floats, Ints

PartKey = tuple[str, str]
"""A part of an explanation: its group, one of `GROUPS`, and its name."""

GROUPS: Final[dict[str, str]] = {
    "usual": "what the sales that the model learnt from had over their floors on average",
    "market": "where the market stands and where it is going, against its floor",
    "liquidity": "how much is offered near the floor and how often punks change hands",
    "traits": "what the punk is",
    "asks and bids": "what others ask and bid, for punks worth as much",
    "own history": "what this punk itself was sold for, and when",
    "owner": "who holds it, and how such owners sell",
    "floor": "the move of the floor itself (in changes)",
}
"""In the order in which they are shown, with their meanings."""
USUAL: Final[PartKey] = ("usual", "usual premium")
FLOOR_MOVE: Final[PartKey] = ("floor", "move of the floor")
FORMAT: Final = "punkcast-explained/1"
NOBODY: Final = -1
_META: Final = "meta"
_ARRAYS: Final = (
    "starts", "part", "log", "floor_eth", "near", "similarity", "sold_time", "sold_price_eth", "sold_floor_eth",
    "sold_adjusted_eth", "premium", "premium_error",
)  # fmt: skip
_BEFORE_ARRAYS: Final = ("value_micro_eth", "floor_eth", "moved")


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
    leaves no remainder (the LMDI decomposition: Ang, Energy Policy 32, 2004). The usual premium takes what rounding
    leaves: stored log units are of single precision, and values are published in micro-ETH.
    """
    total, mean = log(value / against), logarithmic_mean(value, against)
    exact = {**logs, USUAL: total - sum(amount for key, amount in logs.items() if key != USUAL)}
    return tuple(Part(group, name, amount, mean * amount) for (group, name), amount in exact.items())


def logarithmic_mean(one: float, other: float) -> float:
    """(one - other) / ln(one / other) of positive numbers; where they are equal, that number."""
    ratio = log(one / other)
    # expm1 keeps the digits of a small difference.
    return other * expm1(ratio) / ratio if ratio else other


@dataclass(frozen=True)
class Before:
    """The generation before: what it said of each punk, and how far each part has moved since.

    Attributes:
        value_micro_eth: shape (n,), as published.
        floor_eth: shape (n,), the floor of other punks then.
        moved: shape (m,), log units; empty when that generation was of another model.
    """

    generation_id: int
    model_id: str
    as_of: datetime
    value_micro_eth: Ints
    floor_eth: Floats
    moved: npt.NDArray[np.float32]

    @classmethod
    def unmoved(cls, generation_id: int, model_id: str, as_of: datetime, value_micro_eth: Ints) -> Before:
        """A generation whose reasons are not known, or cannot be compared with."""
        return cls(generation_id, model_id, as_of, value_micro_eth, np.empty(0), np.empty(0, dtype=np.float32))


@dataclass(frozen=True)
class Explained:
    """For n punks in order of their number, with m parts in all.

    Attributes:
        parts: group and name of every kind of part; `traits`: names of all traits.
        starts: shape (n + 1,): punk i has the parts starts[i] to starts[i + 1] of the next two, each of shape (m,).
        part, log: which part, and its log units of ln(value / floor).
        floor_eth: shape (n,): lowest ask of any other punk.
        near, similarity: shape (n, 8): punks whose sales are comparable, nearest first, `NOBODY` where there are fewer.
        sold_time, …: shape (n,): each punk's last valid sale (UTC seconds, 0: never), as in `comparables.Comparable`.
        level_eth: what a common punk is worth by the index.
        premium, premium_error: shape (traits,), log units: over common punks, and its standard error.
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

    def to_bytes(self) -> bytes:
        """One compressed file (NumPy's own), a few hundred kilobytes for 10,000 punks."""
        meta: dict[str, Any] = {
            "format": FORMAT,
            "model_id": self.model_id,
            "parts": self.parts,
            "traits": self.traits,
            "level_eth": self.level_eth,
        }
        arrays: dict[str, Any] = {name: getattr(self, name) for name in _ARRAYS}
        if self.before is not None:
            before = self.before
            meta["before"] = {
                "generation_id": before.generation_id,
                "model_id": before.model_id,
                "as_of": before.as_of.isoformat(),
            }
            arrays |= {f"before_{name}": getattr(before, name) for name in _BEFORE_ARRAYS}
        arrays[_META] = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, body: bytes) -> Explained:
        """Raises IntegrityError: the bytes are damaged, or of another format."""
        try:
            with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
                meta = json.loads(arrays[_META].tobytes())
                if meta["format"] != FORMAT:
                    raise IntegrityError(f"explanations of format {meta['format']}, expected {FORMAT}")
                return cls(
                    model_id=meta["model_id"],
                    parts=tuple((group, name) for group, name in meta["parts"]),
                    traits=tuple(meta["traits"]),
                    level_eth=meta["level_eth"],
                    before=_before(meta.get("before"), arrays),
                    **{name: arrays[name] for name in _ARRAYS},
                )
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise IntegrityError(f"stored explanations cannot be read: {error!r}; they are made anew") from error

    def logs(self, punk: int) -> dict[PartKey, float]:
        """The punk's parts and their log units."""
        return self._of(punk, self.log)

    def moved(self, punk: int) -> dict[PartKey, float] | None:
        """How far the punk's parts and the floor have moved since the generation before, in log units.

        None where that is not known: there was no such generation, or another model made it.
        """
        if self.before is None or not len(self.before.moved):
            return None
        floor_move = log(float(self.floor_eth[punk]) / float(self.before.floor_eth[punk]))
        return self._of(punk, self.before.moved) | {FLOOR_MOVE: floor_move}

    def _of(self, punk: int, column: npt.NDArray[np.float32]) -> dict[PartKey, float]:
        own = slice(int(self.starts[punk]), int(self.starts[punk + 1]))
        return dict(zip((self.parts[kind] for kind in self.part[own].tolist()), column[own].tolist(), strict=True))


def _before(meta: dict[str, Any] | None, arrays: Any) -> Before | None:
    if meta is None:
        return None
    return Before(
        generation_id=meta["generation_id"],
        model_id=meta["model_id"],
        as_of=datetime.fromisoformat(meta["as_of"]),
        **{name: arrays[f"before_{name}"] for name in _BEFORE_ARRAYS},
    )
