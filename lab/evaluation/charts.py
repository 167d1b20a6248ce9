"""The charts of an evaluation, drawn from its predictions and its report."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import polars as pl
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from lab.evaluation.chart_style import COLOURS, INK, MARKERS, PALE, keyed, panels, percent, rendered, style, titled
from lab.evaluation.tables import SEGMENT_TITLES
from shared.evaluation.paired import wilson

ROLLING: Final = "45d"
ROLLING_FEWEST: Final = 30
FEWEST: Final = 15
"""Sales that a point needs; a figure of fewer would be noise."""
Z_95: Final = 1.96

Report = Mapping[str, Any]


def charts(predictions: pl.DataFrame, horizons: Report) -> dict[str, bytes]:
    """Bodies of the files by name. `horizons` is what `report` says of the predictions."""
    with style():
        figures = {
            "value-against-price": _value_against_price(predictions, horizons),
            "error-over-time": _error_over_time(predictions, horizons),
            "calibration": _calibration(horizons),
            "reliability-by-segment": _by_segment(horizons),
            "model-age": _model_age(horizons),
        }
        return {f"{name}.{kind}": body for name, figure in figures.items() for kind, body in rendered(figure).items()}


def _value_against_price(predictions: pl.DataFrame, horizons: Report) -> Figure:
    figure, axes = panels(len(horizons), width=3.9, height=4.6)
    prices = predictions["price_eth"].to_numpy()
    ends = np.array([prices.min() / 1.15, prices.max() * 1.15])
    for index, (axis, (horizon, report)) in enumerate(zip(axes, horizons.items(), strict=True)):
        rows = predictions.filter(pl.col("horizon") == horizon)
        axis.fill_between(ends, ends / 1.1, ends * 1.1, color="#ececec", linewidth=0)
        axis.plot(ends, ends, color=INK, linewidth=0.8, zorder=3)
        axis.scatter(
            rows["price_eth"].to_numpy(), rows["value_eth"].to_numpy(),
            s=9, alpha=0.35, linewidths=0, color=COLOURS[0], rasterized=True,
        )  # fmt: skip
        axis.set(xscale="log", yscale="log", xlim=ends, ylim=ends, aspect="equal")
        for side in (axis.xaxis, axis.yaxis):
            side.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            side.set_major_formatter(FuncFormatter(lambda eth, _: f"{eth:g}"))
            side.set_minor_formatter(NullFormatter())
        axis.tick_params(axis="x", labelrotation=45 if ends[1] / ends[0] > 50 else 0)
        overall = report["overall"]
        axis.set_title(f"{horizon} before the sale")
        axis.text(
            0.04, 0.96, f"{overall['n']:,} sales\nmedian APE {overall['median_ape']:.2%}",
            transform=axis.transAxes, va="top", fontsize=9,
        )  # fmt: skip
        axis.set_xlabel("price, ETH")
        if index == 0:
            axis.set_ylabel("value, ETH")
    titled(figure, "Value against price", "Each dot is a sale. On the line the value was the price; the band is ±10 %.")
    return figure


def _error_over_time(predictions: pl.DataFrame, horizons: Report) -> Figure:
    figure, (axis,) = panels(1, width=9.0, height=4.4)
    for index, horizon in enumerate(horizons):
        rows = _rolling(predictions, horizon)
        if index == 0:
            axis.plot(rows["sale_time"].to_numpy(), rows["floor"].to_numpy(), color=PALE, label="floor as value")
        axis.plot(rows["sale_time"].to_numpy(), rows["model"].to_numpy(), color=_colour(index), label=horizon)
    locator = AutoDateLocator(minticks=4, maxticks=10)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axis.yaxis.set_major_formatter(percent())
    axis.set_ylim(bottom=0)
    axis.set_ylabel("median absolute error of the price")
    titled(
        figure,
        "Error over time",
        f"Median of the {ROLLING.rstrip('d')} days up to each sale, by time from value to sale.",
    )
    keyed(figure)
    return figure


def _rolling(predictions: pl.DataFrame, horizon: str) -> pl.DataFrame:
    """Columns sale_time, model, floor: rolling median APE; null where there are too few sales."""
    price = pl.col("price_eth")
    rows = predictions.filter(pl.col("horizon") == horizon).sort("sale_time")
    errors = {
        name: (pl.col(column) / price - 1.0).abs() for name, column in (("model", "value_eth"), ("floor", "floor_eth"))
    }
    return rows.select(
        "sale_time",
        **{
            name: error.rolling_median_by("sale_time", window_size=ROLLING, min_samples=ROLLING_FEWEST)
            for name, error in errors.items()
        },
    )


def _calibration(horizons: Report) -> Figure:
    figure, (axis,) = panels(1, width=5.6, height=5.4)
    axis.plot([0.4, 1.0], [0.4, 1.0], color=PALE, linewidth=0.9)
    for index, (horizon, report) in enumerate(horizons.items()):
        overall = report["overall"]
        shift = (index - (len(horizons) - 1) / 2) * 0.009
        for number, interval in enumerate(overall["intervals"]):
            share = interval["coverage"]
            axis.errorbar(
                interval["level"] + shift, share, yerr=_arms([share], [_band(share, overall["n"])]),
                fmt=_marker(index), color=_colour(index), elinewidth=1.3, capsize=0,
                label=horizon if number == 0 else None,
            )  # fmt: skip
    for side in (axis.xaxis, axis.yaxis):
        side.set_major_formatter(percent())
    axis.set(xlim=(0.45, 0.95), ylim=(0.4, 1.0), xlabel="the interval says", ylabel="share of prices inside")
    axis.set_xticks([0.5, 0.8, 0.9])
    titled(figure, "Calibration", "Bars: 95 % binomial (Wilson) bands.")
    keyed(figure)
    return figure


def _by_segment(horizons: Report) -> Figure:
    figure, (errors, coverage) = panels(2, width=5.0, height=4.6)
    names = list(SEGMENT_TITLES)
    at = np.arange(len(names))
    for index, (horizon, report) in enumerate(horizons.items()):
        shift = (index - (len(horizons) - 1) / 2) * 0.17
        cards = [report["by_segment"][name] for name in names]
        seen = [index for index, card in enumerate(cards) if card["n"] >= FEWEST]
        look: dict[str, Any] = {"fmt": _marker(index), "color": _colour(index), "elinewidth": 1.3, "capsize": 0}
        median = [cards[index]["median_ape"] for index in seen]
        bounds = [cards[index]["bounds_95"]["median_ape"] for index in seen]
        errors.errorbar(at[seen] + shift, median, yerr=_arms(median, bounds), label=horizon, **look)
        inside = [cards[index]["intervals"][2]["coverage"] for index in seen]
        bands = [_band(share, cards[index]["n"]) for share, index in zip(inside, seen, strict=True)]
        coverage.errorbar(at[seen] + shift, inside, yerr=_arms(inside, bands), **look)
    coverage.axhline(0.9, color=INK, linewidth=0.9, dashes=(4, 2))
    first = next(iter(horizons.values()))["by_segment"]
    labels = [f"{SEGMENT_TITLES[name].removeprefix('premium ')}\nn = {first[name]['n']:,}" for name in names]
    for axis in (errors, coverage):
        axis.set_xticks(at, labels)
        axis.set_xlim(-0.5, len(names) - 0.5)
        axis.grid(visible=False, axis="x")
        axis.yaxis.set_major_formatter(percent())
        axis.set_xlabel("predicted premium over the floor")
    errors.set_ylim(bottom=0)
    errors.set_title("Median absolute error")
    coverage.set_ylim(top=1.005)
    coverage.set_title("Prices inside the 90 % interval")
    titled(figure, "Reliability by segment", f"Bars: 95 %. Segments with fewer than {FEWEST} sales are left out.")
    keyed(figure)
    return figure


def _model_age(horizons: Report) -> Figure:
    figure, (axis,) = panels(1, width=7.0, height=4.4)
    names: list[str] = []
    for report in horizons.values():
        names += [name for name, card in report["by_model_age"].items() if card["n"] >= FEWEST and name not in names]
    order = list(next(iter(horizons.values()))["by_model_age"])
    names.sort(key=order.index)
    for index, (horizon, report) in enumerate(horizons.items()):
        cards = {name: report["by_model_age"][name] for name in names if report["by_model_age"][name]["n"] >= FEWEST}
        at = np.array([names.index(name) for name in cards]) + (index - (len(horizons) - 1) / 2) * 0.06
        median = [card["median_ape"] for card in cards.values()]
        arms = _arms(median, [card["bounds_95"]["median_ape"] for card in cards.values()])
        axis.errorbar(
            at, median, yerr=arms, fmt=f"{_marker(index)}-", color=_colour(index),
            elinewidth=1.3, linewidth=1.0, label=horizon,
        )  # fmt: skip
    axis.set_xticks(
        range(len(names)), [name.removesuffix("d").replace("-", "–").replace("d+", " or more") for name in names]
    )
    axis.set_xlim(-0.5, max(len(names), 1) - 0.5)
    axis.grid(visible=False, axis="x")
    axis.set_ylim(bottom=0)
    axis.yaxis.set_major_formatter(percent())
    axis.set(xlabel="days since the model's data ended", ylabel="median absolute error of the price")
    titled(figure, "Decay with model age", "Bars: 95 % bootstrap over days.")
    keyed(figure)
    return figure


def _band(share: float, n: int) -> dict[str, float]:
    return dict(zip(("lo", "hi"), wilson(round(share * n), n, z=Z_95), strict=True))


def _arms(centre: list[float], bounds: list[Any]) -> list[list[float]]:
    """Lengths of error bars below and above; a bootstrap's bound may lie slightly on the wrong side."""
    below = [max(value - bound["lo"], 0.0) for value, bound in zip(centre, bounds, strict=True)]
    above = [max(bound["hi"] - value, 0.0) for value, bound in zip(centre, bounds, strict=True)]
    return [below, above]


def _colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


def _marker(index: int) -> str:
    return MARKERS[index % len(MARKERS)]
