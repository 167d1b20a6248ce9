"""An ablation as a Markdown table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.evaluation.ablation import Change
from shared.evaluation.paired import Estimate


def markdown(found: Mapping[str, Sequence[Change]], sizes: Mapping[str, int]) -> str:
    """One row per group and horizon. Changes of the mean absolute log error (in hundredths of a log unit) and the
    median APE (in percentage points of the price), with 95 %.

    Args:
        sizes: number of features of each group.
    """
    lines = [
        "| left out | features | horizon | sales | mean log error, × 100 | median APE, points | proven worse |",
        "|---|--:|---|--:|--:|--:|---|",
    ]
    lines += [
        f"| {group} | {sizes[group]} | {change.horizon} | {change.log_error.n:,} | {_points(change.log_error)} "
        f"| {_points(change.median_ape)} | {'yes' if change.earns_its_place else 'no'} |"
        for group, changes in found.items()
        for change in changes
    ]
    return "\n".join(lines) + "\n"


def _points(estimate: Estimate) -> str:
    return f"{estimate.value * 100:+.2f} ({estimate.lo * 100:+.2f} to {estimate.hi * 100:+.2f})"
