"""Paired errors of two honest models, and runs of the monitor's test over them.

The pairs come from the real development year (2024-08-01 to 2025-07-31): every two weeks a model is fitted with the
production code on the sales before; on the sales of the following two weeks it is the new model and the one before it
the old one. A run draws whole days with replacement until it has its sales.

A/A: a fair coin says which of the two counts as the new model, so that neither is better in truth, whatever the two are
worth. One coin a transaction is the e-process's own hypothesis: what came before says nothing about who wins next. One
coin a day is harsher: whoever won in the morning wins in the evening, as when a market's mood favours one of them; no
bound holds for that, so it is only measured. "20 % worse" multiplies the new model's log error ln(value / price) by 1.2
after the coin.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby, pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from shared.evaluation.arrays import Floats
from shared.evaluation.eprocess import Step, advance, start, step_of
from shared.evaluation.policy import Policy
from shared.evaluation.watch import promotion_outcome
from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.sources.event_files import read_event_files
from shared.valuation.inputs import HORIZON_S, evaluation_snapshot, sale_rows
from shared.valuation.params import Params
from shared.valuation.training import SEED, train

YEAR = datetime(2024, 8, 1, tzinfo=UTC), datetime(2025, 8, 1, tzinfo=UTC)
EVERY = timedelta(days=14)
SALES = 300
Coin = Literal["sale", "day"]


@dataclass(frozen=True)
class PairedSale:
    """Both models' log errors ln(value / price) of one sale."""

    day: int
    tx_hash: str
    new: float
    old: float


def folded(folder: Path, until: datetime | None = None) -> tuple[MarketTimeline, DailyPrices]:
    """The real market before an instant, by default all of it."""
    files = read_event_files(folder)
    events = files.events if until is None else files.events.filter(pl.col("timestamp") < until)
    timeline = MarketTimeline(Traits.from_frame(files.punks))
    timeline.apply(events.with_row_index("seq", offset=1))
    return timeline, DailyPrices.from_frame(files.eth_usd)


def successive_errors(
    market: tuple[MarketTimeline, DailyPrices],
    cutoffs: Sequence[datetime],
    ends: Sequence[datetime],
    *,
    workers: int,
    params: Params | None = None,
) -> Iterator[tuple[pl.DataFrame, Floats, Floats]]:
    """Fits a model at each cut-off with `params`, by default as a trainer does. For each cut-off but the first: the
    sales from there to its end, and the log errors on them of its model and of the one before.

    Features of past sales do not change, so each is computed once for all models.
    """
    params = params or Params.load()
    oldest = cutoffs[0] - timedelta(days=params.learn_days)
    learn = _priced(sale_rows(*market, first=oldest, until=cutoffs[-1], horizons=(HORIZON_S,)))
    judge = _priced(evaluation_snapshot(*market, cutoffs[1], ends[-1]).frame)
    models = [train(learn, cutoff, params, threads=workers, seed=SEED) for cutoff in cutoffs]
    for (before, model), cutoff, end in zip(pairwise(models), cutoffs[1:], ends, strict=True):
        frame = judge.filter(pl.col("sale_time").is_between(cutoff, end, closed="left"))
        sold = np.log(frame["price_eth"].to_numpy() / frame["floor_eth"].to_numpy())
        yield frame, model.predict(frame) - sold, before.predict(frame) - sold


def _priced(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("floor_eth").is_finite())


def real_pairs(
    folder: Path,
    *,
    first: datetime = YEAR[0],
    until: datetime = YEAR[1],
    workers: int = 2,
    params: Params | None = None,
) -> list[PairedSale]:
    """Every valid sale of the window with the errors of the two models of its time."""
    cutoffs = [first - EVERY]
    while cutoffs[-1] + EVERY < until:
        cutoffs.append(cutoffs[-1] + EVERY)
    ends = [*cutoffs[2:], until]
    pairs: list[PairedSale] = []
    for frame, *errors in successive_errors(folded(folder, until), cutoffs, ends, workers=workers, params=params):
        days = (frame["sale_time"].dt.epoch("s") // 86_400).to_list()
        pairs += map(PairedSale, days, frame["tx_hash"].to_list(), *(error.tolist() for error in errors))
    return pairs


def made_up_pairs(seed: int, *, days: int = 365) -> list[PairedSale]:
    """Heavy-tailed errors that two models share but for a little, with a mood of the day."""
    generator = np.random.default_rng(seed)
    pairs = []
    for day in range(days):
        mood = generator.normal(0, 0.02)
        for number in range(generator.poisson(6)):
            shared = mood + 0.05 * generator.standard_t(3)
            new, old = shared + generator.normal(0, 0.02, 2)
            pairs.append(PairedSale(day, f"{day}/{number}", float(new), float(old)))
    return pairs


def days_of(pairs: Sequence[PairedSale], *, worse_by: float) -> list[tuple[list[Step], list[Step]]]:
    """Per day the steps of its transactions, with the models as they are and with their parts exchanged."""
    days = []
    for _, group in groupby(sorted(pairs, key=lambda sale: (sale.day, sale.tx_hash)), key=lambda sale: sale.day):
        sales = list(group)
        exchanged = [PairedSale(sale.day, sale.tx_hash, sale.old, sale.new) for sale in sales]
        days.append((_steps(sales, 1.0 + worse_by), _steps(exchanged, 1.0 + worse_by)))
    return days


def _steps(sales: Iterable[PairedSale], factor: float) -> list[Step]:
    steps = []
    for _, group in groupby(sales, key=lambda sale: sale.tx_hash):
        swept = list(group)
        steps.append(
            step_of(
                [abs(factor * sale.new) - abs(sale.old) for sale in swept],
                [abs(factor * sale.new - sale.old) for sale in swept],
            )
        )
    return steps


def run(
    days: Sequence[tuple[list[Step], list[Step]]], generator: np.random.Generator, policy: Policy, *, coin: Coin
) -> tuple[str | None, int]:
    """One promotion of `SALES` transactions drawn from these days, watched as the monitor watches it.

    Returns what became of it (None: nothing within the run), and after how many sales.
    """
    state, begun = start(policy.sequential), YEAR[0]
    decide = partial(
        promotion_outcome, nowcasts=policy.watch.warm_up_nowcasts, started_at=begun, now=begun, policy=policy
    )
    warm = False
    while True:
        sides = days[int(generator.integers(len(days)))]
        count = len(sides[0])
        tossed = generator.integers(2, size=count) if coin == "sale" else np.full(count, generator.integers(2))
        for place, side in enumerate(tossed.tolist()):
            step = sides[side][place]
            state = advance(state, step, margin=policy.watch.margin, rules=policy.sequential)
            outcome = decide(state, sales=state.n, warm=warm)
            if outcome in ("rollback", "confirm"):
                return outcome, state.n
            warm = warm or outcome == "watching"
            if state.n == SALES:
                return None, state.n


@dataclass(frozen=True)
class Outcomes:
    """Share of the runs; `median_sales` until a rollback, over all runs (a run without one counts as `SALES`)."""

    rolled_back: float
    median_sales: float


def outcomes(
    pairs: Sequence[PairedSale], *, worse_by: float, runs: int, seed: int, policy: Policy, coin: Coin = "sale"
) -> Outcomes:
    days = days_of(pairs, worse_by=worse_by)
    ended = [run(days, np.random.default_rng((seed, number)), policy, coin=coin) for number in range(runs)]
    needed = [sales if outcome == "rollback" else SALES for outcome, sales in ended]
    return Outcomes(sum(outcome == "rollback" for outcome, _ in ended) / runs, float(np.median(needed)))
