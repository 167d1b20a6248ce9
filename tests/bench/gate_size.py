"""How often the gate passes a contender that lies exactly at the margin: it promises one in twenty.

Differences come from real hold-outs: models of successive cut-offs, each against the one before, on the sales after
both. Whole days of them are drawn again, their mean moved to the margin.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from shared.evaluation.paired import DayBootstrap
from shared.evaluation.policy import load_policy
from shared.settings import Settings
from shared.valuation.inputs import holdout_cutoff
from tests.bench.measured import Measured
from tests.factories.paired_errors import folded, successive_errors

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
    timeline, prices = folded(events)
    last = datetime.fromtimestamp(timeline.sales[-1].time, UTC)
    ends = [last - APART * back for back in range(HOLDOUTS, -1, -1)]
    sales = load_policy().holdout.target_sales
    cutoffs = [holdout_cutoff(timeline, end, sales) for end in ends]
    days: list[np.ndarray] = []
    for frame, new, old in successive_errors((timeline, prices), cutoffs, ends[1:], workers=Settings().threads):
        difference = np.abs(new) - np.abs(old)
        difference -= difference.mean()
        day = frame["sale_time"].dt.epoch("s").to_numpy() // 86_400
        days += [difference[day == one] for one in np.unique(day)]
    middle = np.concatenate(days).mean()
    return [one - middle for one in days]


def _percentile(bootstrap: DayBootstrap, values: np.ndarray, day: np.ndarray) -> float:
    sums, counts = np.bincount(day, weights=values), np.bincount(day)
    drawn = np.random.default_rng(bootstrap.seed).multinomial(DAYS, np.full(DAYS, 1 / DAYS), size=bootstrap.draws)
    return float(np.quantile((drawn @ sums) / (drawn @ counts), bootstrap.confidence))
