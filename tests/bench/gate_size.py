"""How often the gate passes a contender that lies exactly at the margin: it promises one in twenty.

Differences come from real hold-outs: models of successive cut-offs, each against the one before, on the sales after
both. Whole days of them are drawn anew, their mean moved to the margin.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from shared.evaluation.paired import DayBootstrap
from shared.evaluation.policy import load_policy
from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.settings import Settings
from shared.sources.event_files import read_event_files
from shared.valuation.inputs import HORIZON_S, evaluation_snapshot, holdout_cutoff, sale_rows
from shared.valuation.params import Params
from shared.valuation.training import SEED, train
from tests.bench.measured import Measured

HOLDOUTS, APART = 11, timedelta(days=30)
RUNS, DAYS = 2_000, 30


async def gate_size(url: str, home: Path, events: Path) -> list[Measured]:
    """Share of passes in percent, beside the promised one, for today's bounds and for plain percentiles."""
    del url, home
    days = await asyncio.to_thread(_days_of_differences, events)
    policy = load_policy()
    rules, generator = policy.statistics, np.random.default_rng(1)
    bootstrap = DayBootstrap(rules.bootstrap_draws, rules.confidence, rules.seed)
    passed = plain = 0
    for _ in range(RUNS):
        drawn = [days[place] for place in generator.integers(0, len(days), DAYS)]
        values, day = np.concatenate(drawn), np.repeat(np.arange(DAYS), [len(one) for one in drawn])
        passed += bootstrap.mean(values, day).hi <= 0
        plain += _percentile(bootstrap, values, day) <= 0
    promised = 100 * (1 - rules.confidence)
    return [
        Measured("gate passes at the margin", 100 * passed / RUNS, "%", promised),
        Measured("the same by plain percentiles", 100 * plain / RUNS, "%", promised),
    ]


def _days_of_differences(events: Path) -> list[np.ndarray]:
    files = read_event_files(events)
    timeline = MarketTimeline(Traits.from_frame(files.punks))
    timeline.apply(files.events.with_columns(seq=pl.int_range(1, files.events.height + 1, dtype=pl.Int64)))
    prices = DailyPrices.from_frame(files.eth_usd)
    sales = load_policy().holdout.target_sales
    last = datetime.fromtimestamp(timeline.sales[-1].time, UTC)
    ends = [last - APART * back for back in range(HOLDOUTS, -1, -1)]
    days: list[np.ndarray] = []
    cutoffs = [holdout_cutoff(timeline, end, sales) for end in ends]
    # Features of past sales do not change: each is computed once for all models.
    params = Params.load()
    oldest = cutoffs[0] - timedelta(days=params.learn_days)
    learn = sale_rows(timeline, prices, first=oldest, until=cutoffs[-1], horizons=(HORIZON_S,))
    judge = evaluation_snapshot(timeline, prices, cutoffs[1], ends[-1]).frame
    learn, judge = (frame.filter(pl.col("floor_eth").is_finite()) for frame in (learn, judge))
    models = [train(learn, cutoff, params, threads=Settings().threads, seed=SEED) for cutoff in cutoffs]
    for pair, cutoff, end in zip(pairwise(models), cutoffs[1:], ends[1:], strict=True):
        frame = judge.filter(pl.col("sale_time").is_between(cutoff, end, closed="left"))
        sold = np.log(frame["price_eth"].to_numpy() / frame["floor_eth"].to_numpy())
        old, new = (np.abs(model.predict(frame) - sold) for model in pair)
        day = frame["sale_time"].dt.epoch("s").to_numpy() // 86_400
        difference = new - old - np.mean(new - old)
        days += [difference[day == one] for one in np.unique(day)]
    middle = np.concatenate(days).mean()
    return [one - middle for one in days]


def _percentile(bootstrap: DayBootstrap, values: np.ndarray, day: np.ndarray) -> float:
    sums, counts = np.bincount(day, weights=values), np.bincount(day)
    drawn = np.random.default_rng(bootstrap.seed).multinomial(DAYS, np.full(DAYS, 1 / DAYS), size=bootstrap.draws)
    return float(np.quantile((drawn @ sums) / (drawn @ counts), bootstrap.confidence))
