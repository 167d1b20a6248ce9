"""Verdicts: what one check found, and what several come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
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


def overall(checks: Iterable[Check]) -> Verdict:
    """error > fail > inconclusive > pass. No check at all is an error: missing evidence never passes."""
    counted = [c.verdict for c in checks if c.blocking or c.verdict in ("error", "fail")]
    if not counted:
        return "error"
    return next(verdict for verdict in _SEVERITY if verdict in counted)
