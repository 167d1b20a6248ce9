"""The verdict of one check, the overall verdict of several, and the judgement that follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any, Literal, TypeAlias

Verdict = Literal["pass", "fail", "inconclusive", "error"]
Action = Literal["promote", "start_shadow", "reject", "rollback", "confirm", "quarantine", "none"]
Inputs: TypeAlias = Mapping[str, Any]
"""Of a decision, as recorded: its `kind`, the `model`, the `champion`, the `expected_generation`, and the facts."""
_SEVERITY: tuple[Verdict, ...] = ("error", "fail", "inconclusive", "pass")


@dataclass(frozen=True)
class Check:
    """One question to the evidence and its answer.

    Attributes:
        estimate, lo, hi: the statistic and its one-sided bounds in the unit of `threshold`; None without one.
        n: number of sales, rows or punks behind the statistic.
        blocking: false if the check only reports; then it counts only when it fails.
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
        """As recorded: ten digits, so that another processor's last bit does not change the evidence."""
        return replace(
            self,
            estimate=figure(self.estimate),
            lo=figure(self.lo),
            hi=figure(self.hi),
            threshold=figure(self.threshold),
        )


@dataclass(frozen=True)
class Judgement:
    """A decision, and the evidence text that leads to it again."""

    checks: tuple[Check, ...]
    verdict: Verdict
    action: Action
    reason: str
    evidence: str


def figure(value: float | None) -> float | None:
    """A statistic as recorded: ten significant digits, or None if it is not finite."""
    return float(f"{value:.10g}") if value is not None and isfinite(value) else None


EDGE = 1e-12
"""An estimate on the edge of its band lies inside: in floats, 0.9 - 0.85 is a little more than 0.05."""


def band_verdict(
    estimate: float, lo: float, hi: float, *, target: float, tolerance: float, resolution: float
) -> Verdict:
    """Judge an estimate with its interval [lo, hi] against `target` +- `tolerance`.

    `fail` needs proof: the whole interval lies outside. `pass` needs evidence: the estimate lies inside, and the
    interval rules out a deviation beyond `resolution`. A wide interval that only touches the band proves neither.
    """
    if lo > target + tolerance or hi < target - tolerance:
        return "fail"
    resolved = target - resolution <= lo <= hi <= target + resolution
    return "pass" if resolved and abs(estimate - target) <= tolerance + EDGE else "inconclusive"


def overall(checks: Iterable[Check]) -> Verdict:
    """error > fail > inconclusive > pass. No check at all is an error: missing evidence never passes."""
    counted = [c.verdict for c in checks if c.blocking or c.verdict in ("error", "fail")]
    if not counted:
        return "error"
    return next(verdict for verdict in _SEVERITY if verdict in counted)
