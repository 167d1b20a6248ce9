"""An evaluation from the command line: history in, a folder of figures and charts out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from time import perf_counter

from rich.console import Console

from lab.evaluation.charts import charts
from lab.evaluation.folder import OutputFolder
from lab.evaluation.report_table import markdown
from lab.evaluation.summary import show_report
from lab.history import Window, read_history
from services.cli.options import duration
from services.cli.progress import progress_bar
from shared.evaluation.predictions import in_order
from shared.evaluation.report import report
from shared.valuation.params import Params

REPORT_FILE = "report.json"
PREDICTIONS_FILE = "predictions.parquet"
TABLE_FILE = "report.md"


def run(
    events: Path,
    window: Window,
    out: Path,
    *,
    refit_every: str,
    horizons: tuple[timedelta, ...],
    params_file: Path | None,
    threads: int,
    force: bool,
) -> None:
    """Value the sales of `window` with models that end before them; write and print what came of it.

    Raises:
        InvalidInputError: a file breaks a rule. NotFoundError: no sale to score. ConflictError: `out` is not empty.
    """
    console, started = Console(), perf_counter()
    params = Params.load(params_file)
    folder = OutputFolder.prepare(out, force=force)
    with console.status(f"reading {events}"):
        history = read_history(events, window)
        history.require_sales(window)
    with console.status("computing the features of all sales"):
        sales = history.sales(window, horizons, params)
    with progress_bar(console) as progress:
        task = progress.add_task("walking forward", total=1.0, note="")
        walked = sales.walk_forward(
            first=window.start,
            until=window.end,
            refit_every=duration(refit_every),
            threads=threads,
            params=params,
            on_progress=lambda share: progress.update(task, completed=share),
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
            "params": params.model_dump(mode="json"),
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
