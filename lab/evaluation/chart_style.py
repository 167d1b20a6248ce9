"""How charts look: few inks that colour-blind people can distinguish, and the same bytes for the same figures."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

INK: Final = "#222222"
PALE: Final = "#8a8a8a"
COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
"""From the palette of Okabe and Ito (Color Universal Design, 2008)."""
MARKERS: Final = ("o", "s", "D", "^", "v")

_STYLE: Final[Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": PALE,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.6,
    "lines.markersize": 5.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",  # the text looks the same where the font is not installed
    "svg.hashsalt": "punkcast",
}


@contextmanager
def style() -> Iterator[None]:
    with mpl.rc_context(_STYLE):
        yield


def panels(count: int, *, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """A figure with panels side by side; `width` and `height` of one in inches."""
    figure = Figure(figsize=(width * count, height), layout="constrained")
    return figure, [figure.add_subplot(1, count, place + 1) for place in range(count)]


def percent() -> FuncFormatter:
    """Fractions as percent, with as many digits as the ticks need."""
    return FuncFormatter(lambda fraction, _: f"{fraction * 100:.4g} %")


def titled(figure: Figure, title: str, under: str) -> None:
    """A title, and a line under it that says how to read the chart."""
    figure.suptitle(f"{title}\n", x=0.008, ha="left", fontsize=13, fontweight="bold")
    figure.text(
        0.0082, 1.0 - 0.42 / figure.get_figheight(), under, ha="left", va="center", fontsize=9.5, color="#555555"
    )


def keyed(figure: Figure) -> None:
    """What the colours mean, once for all panels, next to the title."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="upper right", ncols=len(labels), bbox_to_anchor=(0.998, 0.998), columnspacing=1.4
    )


def rendered(figure: Figure) -> dict[str, bytes]:
    """The chart by file suffix: svg and png. No date in either."""
    bodies = {}
    for kind in ("svg", "png"):
        stream = BytesIO()
        metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(stream, format=kind, dpi=160, metadata=metadata)
        bodies[kind] = stream.getvalue()
    return bodies
