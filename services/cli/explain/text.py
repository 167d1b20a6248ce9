"""Prints a report."""

from collections.abc import Iterator, Sequence
from datetime import UTC

from rich.console import Console

from services.cli.context import cell, show
from services.cli.explain.report import Report
from shared.units import WEI_PER_ETH
from shared.valuation.explanation.comparables import OwnSale
from shared.valuation.explanation.stored import Comparable, Part
from shared.valuation.feature_table import FEATURES, FLAGS

BAR = 14
"""Characters on either side of the axis."""
SHOWN = 0.0005
"""A smaller change, in ETH, gets no row, because it would read 0.000."""


def render(console: Console, report: Report, *, features: bool) -> None:
    """Print the report; the feature row only when asked for."""
    traits = ", ".join(map(label, report.traits))
    _line(console, f"Punk {report.punk_id} ({traits}) as of {cell(report.as_of)}")
    bounds = {name: eth(bound) for name, bound in report.bounds_eth.items()}
    intervals = "; ".join(f"{level} %: {bounds[f'lo{level}']} to {bounds[f'hi{level}']}" for level in (50, 80, 90))
    _line(console, f"{eth(report.value_eth)} ETH  ({intervals})")
    _line(console, f"confidence {report.confidence['grade']}: {report.confidence['meaning']}")
    _section(console, "Why: the floor, and what is added to it")
    _bars(console, report.reasons, ("floor", report.floor_eth), ("value", report.value_eth))
    _section(console, "Comparable sales, and their prices at the index level of the instant")
    sold = ("sold", "price", "floor then", "price now")
    columns = ("punk", *sold, "similar", "in common", "instead")
    show(console, columns, map(_comparable, report.comparables), nothing="no punk like it was sold before")
    _section(console, "Its own sales")
    own = [
        (*_sold(sale), sale.kind.replace("_", " "), "yes" if sale.excluded is None else f"no: {sale.excluded}")
        for sale in report.own_sales
    ]
    show(console, (*sold, "how", "counts"), own, nothing="it was never sold before")
    _section(console, "What changed since the nowcast before")
    _changes(console, report)
    if features:
        _section(console, "Features")
        listed = ((f, report.features[f.name]) for f in FEATURES if f.name not in FLAGS or report.features[f.name])
        rows = [(f.name, None if x is None else f"{x:.6g}", f.unit, f.group, f.meaning) for f, x in listed]
        show(console, ("feature", "value", "unit", "group", "meaning"), rows, nothing="")
    _section(console, "Where it comes from")
    _line(console, "\n".join(_lineage(report)))


def eth(amount: float | None) -> str:
    """An amount; small ones with decimals."""
    if amount is None:
        return "–"
    return f"{amount:,.0f}" if abs(amount) >= 1_000 else f"{amount:,.2f}"


def label(name: str) -> str:
    """A trait, or any other part, in words."""
    kind, _, rest = name.partition(":")
    if kind == "count":
        return "1 accessory" if rest == "1" else f"{rest} accessories"
    return f"{rest} skin" if kind == "skin" else rest or name


def bar(amount: float, largest: float) -> str:
    """A bar left (less) or right (more) of the axis, as wide as `2 * BAR + 1` characters."""
    length = round(BAR * abs(amount) / largest) if largest > 0.0 else 0
    left, right = ("█" * length, "") if amount < 0.0 else ("", "█" * length)
    return f"{left:>{BAR}}│{right:<{BAR}}"


def _bars(console: Console, parts: Sequence[Part], *totals: tuple[str, float]) -> None:
    """The parts with bars to one scale; below them their sum (the last total), above them the other totals."""
    largest = max((abs(part.eth) for part in parts), default=0.0)
    rows = [(label(part.name), f"{part.eth:+12,.3f}", bar(part.eth, largest), part.group) for part in parts]
    *above, below = ((name, f"{amount:12,.3f}", "", "") for name, amount in totals)
    show(console, ("part", "ETH", "", "group"), [*above, *rows, below], nothing="")


def _comparable(sale: Comparable) -> tuple[object, ...]:
    instead = [*(f"−{label(trait)}" for trait in sale.lacks), *(f"+{label(trait)}" for trait in sale.adds)]
    shared = ", ".join(map(label, sale.shared)) or "–"
    return (sale.punk_id, *_sold(sale), f"{sale.similarity:.0%}", shared, ", ".join(instead) or "–")


def _sold(sale: Comparable | OwnSale) -> tuple[str, ...]:
    day = f"{sale.time.astimezone(UTC):%Y-%m-%d}"
    return day, *map(eth, (sale.price_eth, sale.floor_eth, sale.adjusted_eth))


def _changes(console: Console, report: Report) -> None:
    previous = report.previous
    if report.changes is None or previous is None:
        _line(console, "there is no nowcast before it that this model can be applied to")
        return
    number = "" if previous.generation_id is None else f" (nowcast {previous.generation_id})"
    before, after = report.changes.before_eth, report.changes.after_eth
    _line(console, f"{eth(before)} ETH as of {cell(previous.as_of)}{number}, by the same model")
    moved = [part for part in report.changes.parts if abs(part.eth) >= SHOWN]
    _bars(console, moved, ("difference", after - before))
    if previous.other_model is not None:
        wei = previous.published_wei
        value = "" if wei is None else f", which said {eth(int(wei) / WEI_PER_ETH)} ETH"
        _line(console, f"that nowcast was of another model, {previous.other_model}{value}")


def _lineage(report: Report) -> Iterator[str]:
    """The model, the snapshot, and whether both reproduce the published value."""
    origin, made = report.model, report.reproduction
    yield f"model {origin.model_id}, data until {cell(origin.data_cutoff)}"
    if origin.git_sha is None:
        yield "code and environment: only the registry knows them, a model file does not"
    else:
        yield f"code {origin.git_sha}{' with uncommitted changes' if origin.git_dirty else ''}"
        yield f"environment {origin.environment_hash}"
        yield f"training snapshot {origin.training_snapshot}"
    yield f"snapshot {report.snapshot_id}"
    if made.recorded is None:
        yield "made just now from the events before the instant; no nowcast is on record for it"
        return
    archive = "read from the object store" if made.archived else "not in the object store yet"
    if made.removed:
        archive = "the inputs of this generation are no longer kept"
    yield f"of nowcast {made.generation_id}, published {cell(made.published_at)}; {archive}"
    again = "the same snapshot id"
    if made.recomputed != made.recorded:
        why = "a daily close came late, a reorganisation changed history, or the features' code is another one"
        again = f"ANOTHER snapshot, {made.recomputed}; {why}"
    yield f"made again from the events known then: {again}"
    if made.same_calibration is not None:
        again = "the same" if made.same_calibration else "ANOTHER; a sale or a daily close came late"
        yield f"correction and intervals made again from the outcomes known then: {again}"
    if made.published_wei is not None:
        same = "equals" if made.published_wei == made.explained_wei else "DIFFERS FROM"
        yield f"the value {same} the published one, {int(made.published_wei) / WEI_PER_ETH:,.6f} ETH"


def _section(console: Console, title: str) -> None:
    console.print()
    console.print(title, style="bold", soft_wrap=True)


def _line(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False)
