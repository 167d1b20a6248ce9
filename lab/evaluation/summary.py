"""The report as a table on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from rich.console import Console
from rich.table import Table

from shared.market.tiers import BOUNDS, TIERS

SEGMENT_TITLES = dict(
    zip(
        TIERS,
        (f"premium < {BOUNDS[0]}", *(f"{low}–{high}" for low, high in pairwise(BOUNDS)), f"> {BOUNDS[-1]}"),
        strict=True,
    )
)
BASELINE_TITLES = {"floor": "floor", "last_sale_carry": "last sale", "trait_median": "trait median"}


def show_report(console: Console, horizons: Mapping[str, Any]) -> None:
    """Per horizon the model, its premium segments and the baselines; errors in percent of the sale price."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("", no_wrap=True)
    for title in ("sales", "med APE", "MAPE", "bias", "≤ 10 %", "COD", "PRD", "in 80", "in 90"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, found in horizons.items():
        table.add_row(f"[bold]{name}[/bold]", *_figures(found["overall"]))
        for segment, title in SEGMENT_TITLES.items():
            table.add_row(f"  {title}", *_figures(found["by_segment"][segment]))
        for baseline, title in BASELINE_TITLES.items():
            table.add_row(f"  {title}", *_figures(found["baselines"][baseline]["baseline"]), style="dim")
    console.print(table)


def _figures(card: Mapping[str, Any]) -> list[str]:
    if card["n"] == 0:
        return ["0"]
    covered = {interval["level"]: f"{interval['coverage']:.1%}" for interval in card.get("intervals", ())}
    return [
        f"{card['n']:,}",
        f"{card['median_ape']:.2%}",
        f"{card['mape']:.2%}",
        f"{card['median_bias']:+.2%}",
        f"{card['within_10']:.1%}",
        f"{card['cod']:.1f}",
        f"{card['prd']:.3f}",
        covered.get(0.8, ""),
        covered.get(0.9, ""),
    ]
