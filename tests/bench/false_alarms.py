"""How often the monitor rolls back a model that is as good as the one before, and how soon one that is not.

The whole of what `tests/unit/evaluation/test_false_alarms.py` checks a part of; the runs are described in
`tests/factories/paired_errors.py`. Here the limit is what is asked for, not what the machine can do.
"""

import asyncio
from pathlib import Path

from shared.evaluation.policy import load_policy
from tests.bench.measured import Measured
from tests.factories.paired_errors import outcomes, real_pairs

RUNS = 2_000
SEED = 20_240_801


async def false_alarms(url: str, home: Path, events: Path) -> list[Measured]:
    """2,000 runs of 300 sales each, resampled from the real development year."""
    return await asyncio.to_thread(_measure, events)


def _measure(events: Path) -> list[Measured]:
    pairs, policy = real_pairs(events), load_policy()
    same = outcomes(pairs, worse_by=0.0, runs=RUNS, seed=SEED, policy=policy)
    worse = outcomes(pairs, worse_by=0.2, runs=RUNS, seed=SEED, policy=policy)
    moody = outcomes(pairs, worse_by=0.0, runs=RUNS, seed=SEED, policy=policy, coin="day")
    return [
        Measured("rollbacks of an equal model in 300 sales (at most)", 100 * same.rolled_back, "%", 2.0),
        Measured("the same, where whole days favour one of them (not asked)", 100 * moody.rolled_back, "%", 2.0),
        Measured("rollbacks of a model 20 % worse (at least)", 100 * worse.rolled_back, "%", 95.0),
        Measured("sales until a model 20 % worse is rolled back, median (under)", worse.median_sales, "sales", 90.0),
    ]
