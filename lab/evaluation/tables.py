"""The report as a table: on the terminal, and in Markdown for documents. Errors are in percent of the sale price."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final, TypeAlias

from rich.console import Console
from rich.table import Table

from shared.market.tiers import BOUNDS, TIERS

Card: TypeAlias = Mapping[str, Any]

SEGMENT_TITLES = dict(
    zip(
        TIERS,
        (f"premium < {BOUNDS[0]}", *(f"{low}–{high}" for low, high in pairwise(BOUNDS)), f"> {BOUNDS[-1]}"),
        strict=True,
    )
)
LABEL_TITLES = {
    "by_channel": {"public_ask": "public asks", "directed_ask": "directed asks", "accepted_bid": "accepted bids"},
    "by_dealer": {"dealer": "with a dealer", "no_dealer": "without a dealer"},
    "by_pass_through": {"pass_through": "passed on", "direct": "not passed on"},
}
BASELINE_TITLES = {"floor": "floor", "last_sale_carry": "last sale", "trait_median": "trait median"}
_ON_TERMINAL: Final = ("sales", "median APE", "MAPE", "median bias", "≤ 10 %", "COD", "PRD", "in 80 %", "in 90 %")
_ESTIMATES: Final = {"median APE": "median_ape", "MAPE": "mape"}
_HEAD: Final = (
    "| | sales | median APE (95 %) | MAPE (95 %) | median bias | ≤ 5 % | ≤ 10 % | COD | PRD | PRB "
    "| in 50 % | in 80 % | in 90 % | width of 90 % |"
)


def show_report(console: Console, horizons: Card) -> None:
    """Per horizon the model, its premium segments, the labels of the sales and the baselines."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("", no_wrap=True)
    for title in _ON_TERMINAL:
        table.add_column(title.removeprefix("median "), justify="right", no_wrap=True)
    for kind, title, card, _ in _rows(horizons):
        cells = _cells(card)
        name = f"[bold]{title}[/bold]" if kind == "**" else f"  {title}"
        table.add_row(name, *(cells.get(column, "") for column in _ON_TERMINAL), style="dim" if kind == "_" else None)
    console.print(table)


def markdown(horizons: Card) -> str:
    """The same rows with every figure, and the 95 % bounds of the model's errors."""
    lines = [_HEAD, "|---" + "|--:" * (_HEAD.count("|") - 2) + "|"]
    for kind, title, card, bounds in _rows(horizons):
        cells = _cells(card)
        for column, name in _ESTIMATES.items():
            if column in cells and bounds:
                cells[column] += f" ({bounds[name]['lo'] * 100:.2f}–{bounds[name]['hi'] * 100:.2f})"
        row = [f"{kind}{title}{kind}", *cells.values()]
        lines.append(f"| {' | '.join(row + [''] * (_HEAD.count('|') - 1 - len(row)))} |")
    return "\n".join(lines) + "\n"


def _rows(horizons: Card) -> Iterator[tuple[str, str, Card, Card]]:
    """Markup, title, figures and bounds of each row."""
    for name, report in horizons.items():
        yield "**", name, report["overall"], report["bounds_95"]
        for group, titles in {"by_segment": SEGMENT_TITLES, **LABEL_TITLES}.items():
            for key, title in titles.items():
                yield "", title, report[group][key], report[group][key]["bounds_95"]
        for baseline, title in BASELINE_TITLES.items():
            yield "_", title, report["baselines"][baseline]["baseline"], {}


def _cells(card: Card) -> dict[str, str]:
    """Every figure by its title, in Markdown's order."""
    if not card["n"]:
        return {"sales": "0"}
    intervals = card.get("intervals", ())
    cells = {
        "sales": f"{card['n']:,}",
        "median APE": f"{card['median_ape']:.2%}",
        "MAPE": f"{card['mape']:.2%}",
        "median bias": f"{card['median_bias']:+.2%}",
        "≤ 5 %": f"{card['within_5']:.1%}",
        "≤ 10 %": f"{card['within_10']:.1%}",
        "COD": f"{card['cod']:.2f}",
        "PRD": f"{card['prd']:.3f}",
        "PRB": f"{card['prb']:+.3f}",
        **{f"in {100 * interval['level']:.0f} %": f"{interval['coverage']:.1%}" for interval in intervals},
    }
    return cells | ({"width": f"{intervals[-1]['width']:.1%}"} if intervals else {})
