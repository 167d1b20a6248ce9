"""`punkcast evaluate`: how good the values would have been on a stretch of history, strictly forward."""

from __future__ import annotations

from datetime import datetime
from time import perf_counter
from typing import Annotated

import typer
from rich.console import Console

from services.cli.evaluation.folder import OutputFolder
from services.cli.evaluation.market import Window, read_history
from services.cli.evaluation.report_table import markdown
from services.cli.evaluation.summary import show_report
from services.cli.evaluation.walking import (
    ALL_HORIZONS,
    Events,
    Force,
    Horizons,
    Out,
    ParamsFile,
    Threads,
    distinct_horizons,
    progress_bar,
)
from services.cli.replay_command import duration
from shared.evaluation.predictions import in_order
from shared.evaluation.report import report
from shared.settings import Settings
from shared.valuation.params import Params

REPORT_FILE = "report.json"
PREDICTIONS_FILE = "predictions.parquet"
TABLE_FILE = "report.md"


def evaluate_command(
    events: Events,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of sales, UTC.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, UTC, inclusive.")],
    out: Out,
    refit_every: Annotated[str, typer.Option(help="Fit a new model this often, like 14d.")] = "14d",
    horizon: Horizons = ALL_HORIZONS,
    params: ParamsFile = None,
    threads: Threads = None,
    *,
    force: Force = False,
) -> None:
    """Value every valid sale of a window with models that ended before it, and report how close the values were.

    Writes report.json, predictions.parquet, report.md (the main table) and charts (SVG and PNG).
    """
    # Imported here: no other command should wait for the library that draws.
    from services.cli.evaluation.charts import charts  # noqa: PLC0415

    console, started = Console(), perf_counter()
    window, every, horizons = Window(first.date(), last.date()), duration(refit_every), distinct_horizons(horizon)
    chosen = Params.load(params)
    folder = OutputFolder.prepare(out, force=force)
    with console.status(f"reading {events}"):
        history = read_history(events, window)
        history.require_sales(window)
    with console.status("computing the features of all sales"):
        sales = history.sales(window, horizons, chosen)
    with progress_bar(console, "walking forward") as on_progress:
        walked = sales.walk_forward(
            first=window.start,
            until=window.end,
            refit_every=every,
            threads=threads or Settings().threads,
            params=chosen,
            on_progress=on_progress,
        )
    predictions = in_order(walked)
    with console.status("scoring"):
        found = report(predictions)
        document = {
            "from": str(window.first),
            "to": str(window.last),
            "refit_every": refit_every,
            "files": history.files,
            "feature_schema": sales.feature_schema,
            "params": chosen.model_dump(mode="json"),
            "models": predictions["model_id"].n_unique(),
            "horizons": found,
        }
        drawn = charts(predictions, found)
    folder.write_frame(PREDICTIONS_FILE, predictions)
    folder.write_json(REPORT_FILE, document)
    folder.write(TABLE_FILE, markdown(found).encode())
    for name, body in drawn.items():
        folder.write(name, body)
    show_report(console, found)
    console.print(
        f"{predictions.height:,} values by {document['models']} models in {perf_counter() - started:.0f} s; "
        f"{REPORT_FILE}, {PREDICTIONS_FILE} and charts are in {out}",
        soft_wrap=True,
    )
