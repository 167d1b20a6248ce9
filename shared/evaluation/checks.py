"""Verdicts: what one check found, and what several come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Literal

Verdict = Literal["pass", "fail", "inconclusive", "error"]
_SEVERITY: tuple[Verdict, ...] = ("error", "fail", "inconclusive", "pass")


@dataclass(frozen=True)
class Check:
    """One question asked of the evidence.

    Attributes:
        estimate, lo, hi: the statistic and its one-sided bounds in the unit of `threshold`; None: there is none.
        n: how many sales, rows or punks it rests on.
        blocking: a check that only reports does not touch the overall verdict unless it fails.
    """

    name: str
    verdict: Verdict
    estimate: float | None = None
    lo: float | None = None
    hi: float | None = None
    n: int | None = None
    threshold: float | None = None
    detail: str = ""
    blocking: bool = True

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    def rounded(self) -> Check:
        """As it goes on record: ten digits, so that another processor's last bit makes no other evidence."""
        return replace(
            self,
            estimate=figure(self.estimate),
            lo=figure(self.lo),
            hi=figure(self.hi),
            threshold=figure(self.threshold),
        )


def figure(value: float | None) -> float | None:
    """A statistic on record: ten significant digits, None when it is not a finite number."""
    return float(f"{value:.10g}") if value is not None and isfinite(value) else None


EDGE = 1e-12
"""0.9 - 0.85 is a little more than 0.05 to a computer: an estimate on the edge of its band lies inside."""


def band_verdict(
    estimate: float, lo: float, hi: float, *, target: float, tolerance: float, resolution: float
) -> Verdict:
    """Judge an estimate with its interval [lo, hi] against `target` +- `tolerance`.

    `fail` needs proof: the whole interval lies outside. `pass` needs evidence: the estimate lies inside, and the
    interval rules out a deviation beyond `resolution`. An interval so wide that it merely touches the band proves
    neither.
    """
    if lo > target + tolerance or hi < target - tolerance:
        return "fail"
    known = target - resolution <= lo <= hi <= target + resolution
    return "pass" if known and abs(estimate - target) <= tolerance + EDGE else "inconclusive"


def overall(checks: Iterable[Check]) -> Verdict:
    """error > fail > inconclusive > pass. No check at all is an error: missing evidence never passes."""
    counted = [c.verdict for c in checks if c.blocking or c.verdict in ("error", "fail")]
    if not counted:
        return "error"
    return next(verdict for verdict in _SEVERITY if verdict in counted)
