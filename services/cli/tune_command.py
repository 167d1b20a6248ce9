"""`punkcast tune`: parameters of the fits, searched on sales up to a day, never on what is judged afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer
from rich.console import Console

from services.cli.evaluation.folder import OutputFolder
from services.cli.evaluation.market import Window, read_history
from services.cli.evaluation.walking import Events, Force, Out, ParamsFile, Threads, progress_bar
from services.cli.interruption import run_interruptibly
from services.cli.replay_command import GO_ON, duration
from shared.database.embedded import database_url
from shared.errors import InvalidInputError
from shared.settings import Settings
from shared.valuation.params import Params
from shared.valuation.walk_forward import SaleHistory

if TYPE_CHECKING:
    from services.cli.tuning.search import Found, Search, Walk

PARAMS_OUT = "params.toml"
LOG_FILE = "tuning.json"


class _StoppedError(Exception):
    """Somebody interrupted the search; the trial that ran is given up."""


def tune_command(
    events: Events,
    until: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day of sales to search on, UTC, inclusive.")
    ],
    out: Out,
    trials: Annotated[int, typer.Option(min=1, help="Trials of the study, those of earlier runs among them.")] = 60,
    timeout: Annotated[float | None, typer.Option(min=1, help="Begin no trial after this many seconds.")] = None,
    study: Annotated[str, typer.Option(help="Name of the study; one that exists goes on.")] = "valuation",
    storage: Annotated[
        str | None, typer.Option(help="postgresql://… that keeps the study; without, PUNKCAST_DATABASE_URL.")
    ] = None,
    window: Annotated[str, typer.Option(help="Length of each of the two inner windows.")] = "180d",
    refit_every: Annotated[str, typer.Option(help="Fit a new model this often within a window.")] = "56d",
    params: ParamsFile = None,
    threads: Threads = None,
    *,
    force: Force = False,
) -> None:
    """Search the parameters of the fits by walking forward over two windows that end with --until.

    Writes params.toml, which `punkcast evaluate --params` reads, and tuning.json, a log of every trial.
    """
    try:
        # Imported here: only this command needs what the extra `tuning` installs.
        from services.cli.tuning import search  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise InvalidInputError(f"{error.name} is not installed; install punkcast[tuning]") from error
    console, settings = Console(), Settings()
    length, every = duration(window), duration(refit_every)
    start = Params.load(params)
    folder = OutputFolder.prepare(out, force=force, own=(PARAMS_OUT, LOG_FILE))
    last = until.date()
    inner = Window(last - search.WINDOWS * length + timedelta(days=1), last)
    with console.status(f"reading {events}"):
        history = read_history(events, inner)
    with console.status("computing the features of all sales"):
        sales = history.sales(inner, search.HORIZONS, start.model_copy(update={"learn_days": search.MOST_LEARN_DAYS}))
    stop = Event()
    with progress_bar(console, "searching") as on_progress:
        searched = search.Search(
            walk=_walk(sales, every, threads or settings.threads, stop),
            start=start,
            until=inner.end,
            window=length,
            given={
                "until": str(last), "window": window, "refit_every": refit_every, "files": history.files,
                "feature_schema": sales.feature_schema,
            },
        )  # fmt: skip
        if storage is not None:
            settings = settings.model_copy(update={"database_url": storage})
        found = run_interruptibly(
            _search(settings, searched, study, trials, timeout, stop, on_progress), console, advice=GO_ON
        )
    folder.write(PARAMS_OUT, search.toml(found.best).encode())
    folder.write_json(LOG_FILE, {"study": study, **searched.given, "best": found.number, "trials": found.trials})
    before = "none" if found.first_cost is None else f"{found.first_cost:.4f}"
    console.print(
        f"{found.finished} trials; the best is number {found.number} with {found.cost:.4f}, the first had {before}; "
        f"{PARAMS_OUT} and {LOG_FILE} are in {out}",
        soft_wrap=True,
    )


def _walk(sales: SaleHistory, every: timedelta, threads: int, stop: Event) -> Walk:
    def go_on(_: float) -> None:
        if stop.is_set():
            raise _StoppedError

    def walk(first: datetime, until: datetime, params: Params) -> pl.DataFrame:
        return sales.walk_forward(
            first=first,
            until=until,
            refit_every=every,
            threads=threads,
            params=params,
            on_progress=go_on,
        )

    return walk


async def _search(
    settings: Settings,
    searched: Search,
    name: str,
    trials: int,
    timeout: float | None,  # noqa: ASYNC109 - of the study, not of this call
    stop: Event,
    on_progress: Callable[[float], None],
) -> Found:
    """Search in a thread; cancelled, it ends with the fit that runs."""
    from services.cli.tuning.storage import make_schema  # noqa: PLC0415

    async with database_url(settings) as url:
        await make_schema(url)
        work: asyncio.Future[Found] = asyncio.ensure_future(
            asyncio.to_thread(_optimise, url, searched, name, trials, timeout, on_progress)
        )
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            stop.set()
            with suppress(_StoppedError):
                await work
            raise


def _optimise(
    url: str, searched: Search, name: str, trials: int, timeout: float | None, on_progress: Callable[[float], None]
) -> Found:
    import optuna  # noqa: PLC0415

    from services.cli.tuning.search import finished, found  # noqa: PLC0415
    from services.cli.tuning.storage import open_storage  # noqa: PLC0415

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with open_storage(url) as storage:
        study = searched.study(name, storage)
        done = finished(study)
        on_progress(min(done / trials, 1.0))
        if done < trials:
            study.optimize(
                searched.objective,
                n_trials=trials - done,
                timeout=timeout,
                callbacks=[lambda of, _: on_progress(finished(of) / trials)],
            )
        return found(study, searched.start)
