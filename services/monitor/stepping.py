"""Advance a paired test over the sales that it has not counted."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby

from shared.database.pool import Connection
from shared.errors import TransientError
from shared.evaluation.eprocess import EState, Step, start, step_of
from shared.evaluation.policy import Policy
from shared.evaluation.watch import walk
from shared.registry import sequential
from shared.registry.sequential import PairedSale, RecordedStep

STRAGGLERS = timedelta(days=2)
"""A sale that becomes known later than this is not counted."""


class TestAdvancedError(TransientError):
    """Another monitor advanced the same test at the same time."""

    __test__ = False


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
        TestAdvancedError: another monitor advanced the test.
    """
    await sequential.hold(connection, test_id)
    stored = await sequential.load(connection, test_id)
    state = stored.state if stored else start(policy.sequential)
    last = stored.last_sale_at if stored else None
    pairs = await sequential.new_pairs(
        connection, test_id, new=new, old=old, after=started_at, since=(last or started_at) - STRAGGLERS
    )
    if not pairs:
        return state
    groups = by_transaction(pairs)
    steps = [_step(group) for group in groups]
    states = walk(state, steps, margin=margin, policy=policy, stop_when_better=stop_when_better)
    recorded = [
        RecordedStep(group[0].tx_hash, step.difference, step.bound, after, group[-1].event_time)
        for group, step, after in zip(groups, steps, states, strict=False)
    ]
    if not await sequential.append(connection, test_id, state, recorded, at=at):
        raise TestAdvancedError(f"test {test_id} was advanced by another monitor; this tick is retried")
    return states[-1] if states else state


def by_transaction(pairs: list[PairedSale]) -> list[list[PairedSale]]:
    """Group sales by transaction, in the order in which the transactions became known."""
    first: dict[str, int] = {}
    for place, pair in enumerate(pairs):
        first.setdefault(pair.tx_hash, place)
    ordered = sorted(pairs, key=lambda pair: first[pair.tx_hash])
    return [list(group) for _, group in groupby(ordered, key=lambda pair: pair.tx_hash)]


def _step(group: list[PairedSale]) -> Step:
    return step_of([pair.difference for pair in group], [pair.bound for pair in group])
