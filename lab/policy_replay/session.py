"""A policy replay from the command line: history, fits in separate processes, and tables."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from itertools import islice
from multiprocessing import get_context

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from lab.policy_replay.candidates import FitMany, fit_one
from lab.policy_replay.history import Window
from lab.policy_replay.scoring import Figures, Harm
from shared.evaluation.policy import Policy
from shared.valuation.model import ValuationModel
from shared.valuation.snapshot import Snapshot


def fitting(display: Progress, *, workers: int, total: int) -> FitMany:
    """Fit in separate processes, with at most two snapshots in memory for each."""
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


def document(
    window: Window, policy: Policy, figures: list[Figures], harm: list[Harm], wall_s: float
) -> dict[str, object]:
    return {
        "from": window.start.date().isoformat(),
        "to": (window.end - timedelta(days=1)).date().isoformat(),
        "refit_every_days": window.refit_every / timedelta(days=1),
        "policy_hash": policy.policy_hash,
        "wall_s": wall_s,
        "faults": harm,
        "policies": figures,
    }


def show_report(console: Console, figures: list[Figures], harm: list[Harm], wall_s: float) -> None:
    table = Table(title=f"Policies over {figures[0].sales:,} sales (errors in points of mean absolute log error)")
    for column in ("policy", "excess error", "promotions", "rollbacks", "harmful", "harmless", "days on a bad model"):
        table.add_column(column, justify="left" if column == "policy" else "right")
    for policy in figures:
        counts = (policy.promotions, policy.rollbacks, policy.harmful, policy.harmless)
        table.add_row(policy.policy, f"{100 * policy.excess_error:+.3f}", *map(str, counts), f"{policy.bad_days:.1f}")
    console.print(table)
    if harm:
        fates = Table(title="Injected faults: days as champion, and how it ended")
        for column in ("fault", "extra error", *(policy.policy for policy in figures)):
            fates.add_column(column)
        for index, fault in enumerate(harm):
            ends = [policy.fates[index] for policy in figures]
            fates.add_row(
                f"{fault.fault} {fault.at}",
                f"{100 * fault.extra_error:+.2f}",
                *(f"{end.days:.1f} d, {end.ended}" for end in ends),
            )
        console.print(fates)
    console.print(f"{wall_s:.0f} s")
