"""The report as a Markdown table, for documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.evaluation.summary import BASELINE_TITLES, SEGMENT_TITLES

_HEAD = (
    "| | sales | median APE (95 %) | MAPE (95 %) | median bias | ≤ 5 % | ≤ 10 % | COD | PRD | PRB "
    "| in 50 % | in 80 % | in 90 % | width of 90 % |"
)


def markdown(horizons: Mapping[str, Any]) -> str:
    """Per horizon the model, its premium segments and the baselines. Errors in percent of the sale price."""
    lines = [_HEAD, "|---" + "|--:" * (_HEAD.count("|") - 2) + "|"]
    for name, found in horizons.items():
        lines.append(_row(f"**{name}**", found["overall"], found["bounds_95"]))
        for segment, title in SEGMENT_TITLES.items():
            card = found["by_segment"][segment]
            lines.append(_row(title, card, card["bounds_95"]))
        lines += [
            _row(f"_{title}_", found["baselines"][baseline]["baseline"], None)
            for baseline, title in BASELINE_TITLES.items()
        ]
    return "\n".join(lines) + "\n"


def _row(title: str, card: Mapping[str, Any], bounds: Mapping[str, Any] | None) -> str:
    cells = [title, f"{card['n']:,}"]
    if card["n"]:
        cells += [
            _bounded(card["median_ape"], bounds and bounds["median_ape"]),
            _bounded(card["mape"], bounds and bounds["mape"]),
            f"{card['median_bias']:+.2%}",
            f"{card['within_5']:.1%}",
            f"{card['within_10']:.1%}",
            f"{card['cod']:.2f}",
            f"{card['prd']:.3f}",
            f"{card['prb']:+.3f}",
        ]
        cells += [f"{interval['coverage']:.1%}" for interval in card.get("intervals", ())]
        cells += [f"{interval['width']:.1%}" for interval in card.get("intervals", ())[-1:]]
    cells += [""] * (_HEAD.count("|") - 1 - len(cells))
    return f"| {' | '.join(cells)} |"


def _bounded(value: float, bound: Mapping[str, float] | None) -> str:
    return f"{value:.2%}" + ("" if bound is None else f" ({bound['lo'] * 100:.2f}–{bound['hi'] * 100:.2f})")
