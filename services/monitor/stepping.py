"""Advance a paired test over the sales that it has not counted."""

from datetime import datetime, timedelta
from itertools import groupby

from shared.database.pool import Connection
from shared.evaluation.eprocess import EState, step_of
from shared.evaluation.policy import Policy
from shared.evaluation.watch import walk
from shared.registry import sequential
from shared.registry.sequential import PairedSale, RecordedStep

STRAGGLERS = timedelta(days=2)
"""A sale that becomes known later than this is not counted."""


async def advance_paired(
    connection: Connection,
    test_id: str,
    *,
    new: str,
    old: str,
    started_at: datetime,
    margin: float,
    stop_when_better: bool,
    policy: Policy,
    at: datetime,
) -> EState:
    """Count every new transaction that both models valued, once each, and return the state.

    `test_id` is the test's current name (`sequential.name_of`).

    Raises:
        sequential.TestAdvancedError: another monitor advanced the test.
    """
    stored = await sequential.hold(connection, test_id, policy.sequential)
    since = (stored.last_sale_at or started_at) - STRAGGLERS
    pairs = await sequential.new_pairs(connection, test_id, new=new, old=old, after=started_at, since=since)
    groups = by_transaction(pairs)
    steps = [step_of([pair.difference for pair in group], [pair.bound for pair in group]) for group in groups]
    states = walk(stored.state, steps, margin=margin, policy=policy, stop_when_better=stop_when_better)
    recorded = [
        RecordedStep(group[0].tx_hash, step.difference, step.bound, after, group[-1].event_time)
        for group, step, after in zip(groups, steps, states, strict=False)
    ]
    await sequential.append(connection, test_id, stored.state, recorded, at=at)
    return states[-1] if states else stored.state


def by_transaction(pairs: list[PairedSale]) -> list[list[PairedSale]]:
    """Group sales by transaction, in the order in which the transactions became known."""
    first: dict[str, int] = {}
    for place, pair in enumerate(pairs):
        first.setdefault(pair.tx_hash, place)
    ordered = sorted(pairs, key=lambda pair: first[pair.tx_hash])
    return [list(group) for _, group in groupby(ordered, key=lambda pair: pair.tx_hash)]
