"""`punkcast evaluate`: how good the values would have been on a stretch of history, strictly forward."""

from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from lab.window import Window
from services.cli.files import whole, write_frame, write_json
from services.cli.options import duration, existing
from shared.errors import InvalidInputError
from shared.settings import Settings

REPORT_FILE = "report.json"
PREDICTIONS_FILE = "predictions.parquet"
TABLE_FILE = "report.md"
ALL_HORIZONS = ["30m", "24h", "7d"]


def evaluate_command(
    events: Annotated[
        Path, typer.Option(callback=existing, help="Folder with events*.parquet and eth_usd_daily.parquet.")
    ],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of sales, UTC.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, UTC, inclusive.")],
    out: Annotated[Path, typer.Option(help="The folder to write to; made if it is not there.")],
    refit_every: Annotated[str, typer.Option(help="Fit a new model after each such period, like 14d.")] = "14d",
    horizon: Annotated[
        list[str],
        typer.Option("--horizon", help="Value this long before each sale, like 30m, 24h, 7d. Again for more."),
    ] = ALL_HORIZONS,
    params: Annotated[
        Path | None, typer.Option("--params", help="Parameters of the fits; without, those the trainer uses.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of the fits; without, PUNKCAST_THREADS, as the trainer.")
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Write over what is in the folder.")] = False,
) -> None:
    """Value every valid sale of a window with models that ended before it, and report how close the values were.

    Writes report.json, predictions.parquet, report.md (the main table) and charts (SVG and PNG).
    """
    window, every, horizons = Window(first.date(), last.date()), duration(refit_every), _distinct(horizon)

    from rich.console import Console

    from lab.evaluation.charts import charts
    from lab.evaluation.folder import prepare_folder
    from lab.evaluation.tables import markdown, show_report
    from lab.history import read_history
    from services.cli.progress import progress_bar
    from shared.evaluation.predictions import in_order
    from shared.evaluation.report import report
    from shared.valuation.params import Params

    console, started = Console(), perf_counter()
    chosen = Params.load(params)
    prepare_folder(out, force=force)
    with console.status(f"reading {events}"):
        history = read_history(events, window)
        history.require_sales(window)
    with console.status("computing the features of all sales"):
        sales = history.sales(window, horizons, chosen)
    with progress_bar(console) as progress:
        task = progress.add_task("walking forward", total=1.0, note="")
        walked = sales.walk_forward(
            first=window.start,
            until=window.end,
            refit_every=every,
            threads=threads or Settings().threads,
            params=chosen,
            on_progress=lambda share: progress.update(task, completed=share),
        )
    predictions = in_order(walked)
    with console.status("scoring"):
        scored = report(predictions)
        document = {
            "from": str(window.first),
            "to": str(window.last),
            "refit_every": refit_every,
            "files": history.files,
            "feature_schema": sales.feature_schema,
            "params": chosen.model_dump(mode="json"),
            "models": predictions["model_id"].n_unique(),
            "horizons": scored,
        }
        drawn = charts(predictions, scored)
    write_frame(predictions, out / PREDICTIONS_FILE)
    write_json(out / REPORT_FILE, document)
    for name, body in {TABLE_FILE: markdown(scored).encode(), **drawn}.items():
        with whole(out / name) as stream:
            stream.write(body)
    show_report(console, scored)
    console.print(
        f"{predictions.height:,} values by {document['models']} models in {perf_counter() - started:.0f} s; "
        f"{REPORT_FILE}, {PREDICTIONS_FILE} and charts are in {out}",
        soft_wrap=True,
    )


def _distinct(texts: list[str]) -> tuple[timedelta, ...]:
    """The horizons as lengths, the shortest first.

    Raises:
        InvalidInputError: one is not a duration, or two are of the same length.
    """
    lengths = sorted(duration(text) for text in texts)
    if len(set(lengths)) < len(lengths):
        raise InvalidInputError(f"--horizon: two of {', '.join(texts)} are the same")
    return tuple(lengths)
