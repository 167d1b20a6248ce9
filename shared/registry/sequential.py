"""Sequential tests in Postgres: their state, their steps (one per transaction), and the sales not yet counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database.pool import Connection
from shared.errors import TransientError
from shared.evaluation import eprocess
from shared.evaluation.eprocess import EState
from shared.evaluation.policy import Sequential

HOLD_TEST_SQL = "select pg_advisory_xact_lock(hashtextextended('punkcast.test.' || $1, 0))"
CREATE_TEST_SQL = """
insert into monitor_tests (test_id, n, wealth_worse, wealth_better, updated_at) values ($1, $2, $3, $4, $5)
on conflict (test_id) do nothing
"""
SELECT_TEST_SQL = """
select t.n, t.wealth_worse, t.wealth_better, s.at as last_sale_at
from monitor_tests t
left join monitor_steps s on s.test_id = t.test_id and s.step_no = t.n
where t.test_id = $1
"""
LOCK_TEST_SQL = "select n from monitor_tests where test_id = $1 for update"
UPDATE_TEST_SQL = """
update monitor_tests set n = $2, wealth_worse = $3, wealth_better = $4, updated_at = $5 where test_id = $1
"""
INSERT_STEP_SQL = """
insert into monitor_steps (test_id, step_key, step_no, difference, bound, e_worse, e_better, at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
# New sales are later than the newest one counted, except for some of the last days: the key of the steps finds those.
NEW_PAIRS_SQL = """
select s.tx_hash, s.event_time,
       abs(a.log_error) - abs(b.log_error) as difference,
       abs(ln(a.value_wei::float8) - ln(b.value_wei::float8)) as bound
from current_sales s
join outcomes a on a.event_seq = s.event_seq and a.model_id = $2 and a.horizon = 'latest'
join outcomes b on b.event_seq = s.event_seq and b.model_id = $3 and b.horizon = 'latest'
where s.event_time > $4 and s.event_time > $5
  and not exists (select from monitor_steps t where t.test_id = $1 and t.step_key = s.tx_hash)
order by s.event_seq
"""
NEW_LOSSES_SQL = """
select s.tx_hash, s.event_time, abs(a.log_error) as loss
from current_sales s
join outcomes a on a.event_seq = s.event_seq and a.model_id = $2 and a.horizon = 'latest'
where s.event_time > $3 and s.event_time > $4
  and not exists (select from monitor_steps t where t.test_id = $1 and t.step_key = s.tx_hash)
order by s.event_seq
"""
COUNT_SCORED_SQL = """
select count(distinct s.tx_hash) from current_sales s
join outcomes o on o.event_seq = s.event_seq and o.model_id = $1 and o.horizon = 'latest'
where s.event_time > $2
"""


# Reorganisations that superseded a sale that the test had counted, under any of its names.
TAKEN_BACK_SQL = """
select count(distinct s.superseded_at)
from sales s join monitor_steps t on t.step_key = s.tx_hash
where s.superseded_at is not null and (t.test_id = $1 or starts_with(t.test_id, $1 || '@'))
"""


class TestAdvancedError(TransientError):
    """Another monitor advanced the same test at the same time."""

    __test__ = False


@dataclass(frozen=True)
class TestState:
    """A test as stored; `last_sale_at` is the time of the newest sale it counted."""

    __test__ = False

    state: EState
    last_sale_at: datetime | None


@dataclass(frozen=True)
class PairedSale:
    """A sale that both models valued: d and its bound r, log units."""

    tx_hash: str
    event_time: datetime
    difference: float
    bound: float


@dataclass(frozen=True)
class SaleLoss:
    """A sale the model valued, with its absolute log error."""

    tx_hash: str
    event_time: datetime
    loss: float


@dataclass(frozen=True)
class RecordedStep:
    """One step of the history; `at` is the time of the sale."""

    step_key: str
    difference: float
    bound: float
    state: EState
    at: datetime


async def name_of(connection: Connection, test_id: str) -> str:
    """The name that the test has now.

    Steps are never deleted. When a reorganisation superseded a sale that was counted, the test restarts under another
    name and counts all current sales. The earlier steps stay as the record of the decisions that rest on them.
    """
    taken_back = int(await connection.fetchval(TAKEN_BACK_SQL, test_id))
    return f"{test_id}@{taken_back}" if taken_back else test_id


async def hold(connection: Connection, test_id: str, rules: Sequential) -> TestState:
    """Lock the test until this transaction ends, so that its state and its sales are read consistently.

    Without the lock a monitor may read the state before, and the sales after another one has counted them. It would
    see an old state with nothing to add.
    """
    await connection.execute(HOLD_TEST_SQL, test_id)
    return await load(connection, test_id, rules)


async def load(connection: Connection, test_id: str, rules: Sequential) -> TestState:
    """The test's state; its start while it has no step."""
    row = await connection.fetchrow(SELECT_TEST_SQL, test_id)
    if row is None:
        return TestState(eprocess.start(rules), None)
    state = EState(row["n"], tuple(row["wealth_worse"]), tuple(row["wealth_better"]))
    return TestState(state, row["last_sale_at"])


async def new_pairs(
    connection: Connection, test_id: str, *, new: str, old: str, after: datetime, since: datetime
) -> list[PairedSale]:
    """Sales after `after` (and after `since`, to keep it quick) that both models valued and the test has not counted.

    In the order in which they became known.
    """
    rows = await connection.fetch(NEW_PAIRS_SQL, test_id, new, old, after, since)
    return [PairedSale(**dict(row)) for row in rows]


async def new_losses(
    connection: Connection, test_id: str, *, model_id: str, after: datetime, since: datetime
) -> list[SaleLoss]:
    """As `new_pairs`, for a single model."""
    return [SaleLoss(**dict(row)) for row in await connection.fetch(NEW_LOSSES_SQL, test_id, model_id, after, since)]


async def count_scored(connection: Connection, model_id: str, *, after: datetime) -> int:
    """Transactions with a sale after `after` that the model had valued."""
    return int(await connection.fetchval(COUNT_SCORED_SQL, model_id, after))


async def append(
    connection: Connection, test_id: str, before: EState, steps: Sequence[RecordedStep], *, at: datetime
) -> None:
    """Add steps to a test that is still in the state `before`; creates it on its first step.

    Raises:
        TestAdvancedError: another monitor advanced the test in the meantime. Nothing is written.
        asyncpg.UniqueViolationError: a step was counted before.
    """
    if not steps:
        return
    await connection.execute(CREATE_TEST_SQL, test_id, before.n, before.worse, before.better, at)
    if await connection.fetchval(LOCK_TEST_SQL, test_id) != before.n:
        raise TestAdvancedError(f"test {test_id} was advanced by another monitor; this tick is retried")
    rows = [
        (test_id, s.step_key, s.state.n, s.difference, s.bound, s.state.e_worse, s.state.e_better, s.at) for s in steps
    ]
    await connection.executemany(INSERT_STEP_SQL, rows)
    last = steps[-1].state
    await connection.execute(UPDATE_TEST_SQL, test_id, last.n, last.worse, last.better, at)
