"""A policy replay from the command line: history, fits in processes of their own, and tables."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from lab.history import Window as Days
from lab.history import read_history
from lab.policy_replay import faults
from lab.policy_replay.candidates import FitMany, candidates, fit_one, jobs
from lab.policy_replay.history import History, Window
from lab.policy_replay.scoring import Figures, Harm, harms, play
from services.cli.files import write_json
from services.cli.progress import progress_bar
from shared.errors import InvalidInputError
from shared.evaluation.policy import Policy, load_policy
from shared.settings import Settings
from shared.snapshots.snapshot import Snapshot
from shared.valuation.model import ValuationModel


def run(
    events: Path,
    first: datetime,
    last: datetime,
    refit_every: timedelta,
    *,
    inject: str | None,
    policy_file: Path | None,
    json_file: Path,
) -> None:
    """Play the policies over the days `first` to `last`, both inclusive; print the figures and write them.

    Raises:
        InvalidInputError: the window is empty, or a file or fault is malformed.
    """
    started = time.monotonic()
    policy = load_policy(policy_file or Settings().policy_file)
    window = _window(first, last, refit_every)
    injected = faults.parse(inject, window.refits())
    console = Console()
    history = _history(events, window, policy)
    with progress_bar(console, keep=True) as display:
        fitting = _fitting(display, workers=Settings().threads, total=len(jobs(history, injected)))
        offered = candidates(history, injected, fitting)
    found, harm = play(history, offered, policy), harms(history, offered)
    wall_s = round(time.monotonic() - started, 1)
    write_json(json_file, _document(window, policy, found, harm, wall_s))
    _report(console, found, harm, wall_s)


def _window(first: datetime, last: datetime, refit_every: timedelta) -> Window:
    """Both days inclusive."""
    start, end = first.replace(tzinfo=UTC), last.replace(tzinfo=UTC) + timedelta(days=1)
    if end <= start:
        raise InvalidInputError(f"--to {last:%Y-%m-%d} is before --from {first:%Y-%m-%d}")
    return Window(start, end, refit_every)


def _history(events: Path, window: Window, policy: Policy) -> History:
    last = (window.end - timedelta(days=1)).date()
    read = read_history(events, Days(window.start.date(), last))
    return History(read.timeline, read.prices, window, holdout_sales=policy.holdout.target_sales)


def _fitting(display: Progress, *, workers: int, total: int) -> FitMany:
    """Fit in processes of their own, never more snapshots in memory than workers can use."""
    task = display.add_task("fitting", total=total, note=f"{total} models")

    def fit_many(snapshots: Iterator[Snapshot]) -> Iterator[ValuationModel]:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            running = [pool.submit(fit_one, snapshot) for snapshot in islice(snapshots, 2 * workers)]
            while running:
                model = running.pop(0).result()
                display.advance(task)
                running += [pool.submit(fit_one, snapshot) for snapshot in islice(snapshots, 1)]
                yield model

    return fit_many


def _document(
    window: Window, policy: Policy, found: list[Figures], harm: list[Harm], wall_s: float
) -> dict[str, object]:
    return {
        "from": window.start.date().isoformat(),
        "to": (window.end - timedelta(days=1)).date().isoformat(),
        "refit_every_days": window.refit_every / timedelta(days=1),
        "policy_hash": policy.policy_hash,
        "wall_s": wall_s,
        "faults": [asdict(one) for one in harm],
        "policies": [asdict(one) for one in found],
    }


def _report(console: Console, found: list[Figures], harm: list[Harm], wall_s: float) -> None:
    table = Table(title=f"Policies over {found[0].sales:,} sales (errors in points of mean absolute log error)")
    for column in ("policy", "excess error", "promotions", "rollbacks", "harmful", "harmless", "days on a bad model"):
        table.add_column(column, justify="left" if column == "policy" else "right")
    for one in found:
        counts = (one.promotions, one.rollbacks, one.harmful, one.harmless)
        table.add_row(one.policy, f"{100 * one.excess_error:+.3f}", *map(str, counts), f"{one.bad_days:.1f}")
    console.print(table)
    if harm:
        fates = Table(title="Injected faults: days as champion, and how it ended")
        for column in ("fault", "extra error", *(one.policy for one in found)):
            fates.add_column(column)
        for place, fault in enumerate(harm):
            ends = [one.fates[place] for one in found]
            fates.add_row(
                f"{fault.fault} {fault.at}",
                f"{100 * fault.extra_error:+.2f}",
                *(f"{end.days:.1f} d, {end.ended}" for end in ends),
            )
        console.print(fates)
    console.print(f"{wall_s:.0f} s")
