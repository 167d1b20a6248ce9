"""Decisions and the evidence they rest on: append-only, and the same evidence makes the same decision id."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

import asyncpg

from shared.database.pool import Connection
from shared.errors import NotFoundError
from shared.evaluation.canonical import sha256_of
from shared.evaluation.checks import Check, Verdict
from shared.evaluation.policy import Policy

Kind = Literal["gate", "shadow", "rollback", "confirm", "operator"]
Action = Literal["promote", "start_shadow", "reject", "rollback", "confirm", "quarantine", "none"]
_NAMESPACE = UUID("0c6f7a52-3f0b-5d7e-8a44-1de2b7a9c310")

INSERT_POLICY_SQL = """
insert into policies (policy_hash, body, first_used) values ($1, $2, $3)
on conflict (policy_hash) do nothing
"""
INSERT_DECISION_SQL = """
insert into decisions (decision_id, kind, subject_model, champion_model, verdict, action, policy_hash, evidence_hash,
                       evidence, actor, reason, expected_generation, decided_at, owner, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
on conflict (decision_id) do nothing
returning decision_id
"""
INSERT_EVIDENCE_SQL = """
insert into gate_evidence (decision_id, check_name, verdict, estimate, interval_lo, interval_hi, n, threshold, detail)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (decision_id, check_name) do nothing
"""
_COLUMNS = """decision_id, kind, subject_model, champion_model, verdict, action, policy_hash, evidence_hash, evidence,
       actor, reason, expected_generation, decided_at, owner, expires_at"""
SELECT_DECISION_SQL = f"select {_COLUMNS} from decisions where decision_id = $1"
LIST_DECISIONS_SQL = f"""
select {_COLUMNS} from decisions
where $1::timestamptz is null or (decided_at, decision_id) < ($1, $2::uuid)
order by decided_at desc, decision_id desc
limit $3
"""
OF_MODEL_SQL = f"""
select {_COLUMNS} from decisions where subject_model = $1 order by decided_at, decision_id
"""
PREFIX_SQL = f"select {_COLUMNS} from decisions where starts_with(decision_id::text, $1) limit 2"
SELECT_POLICY_SQL = "select policy_hash, body, first_used from policies where starts_with(policy_hash, $1) limit 2"
SELECT_CHECKS_SQL = """
select check_name, verdict, estimate, interval_lo, interval_hi, n, threshold, detail
from gate_evidence where decision_id = $1 order by check_name
"""
ROLLBACKS_SINCE_SQL = """
select count(*) as n, max(decided_at) as last from decisions
where decided_at > $1 and kind = 'rollback' and actor = $2
"""
LAST_ROLLBACK_SQL = "select max(decided_at) from decisions where action = 'rollback' and decided_at > $1"
CHECK_OF_MODEL_SQL = """
select e.interval_hi
from gate_evidence e join decisions d using (decision_id)
where d.subject_model = $1 and e.check_name = $2
order by d.decided_at desc
limit 1
"""
# A shadow's time is the monitor's to watch; what waits without one is found here.
EXPIRED_SQL = f"""
select {_COLUMNS} from decisions
where action = 'none' and expires_at <= $1
  and subject_model in (select model_id from models where state = 'evaluated')
order by decided_at, decision_id
"""


@dataclass(frozen=True)
class Decision:
    """What was decided about a model, by whom, on which evidence; `expected_generation` of the model pointer."""

    kind: Kind
    subject_model: str
    champion_model: str | None
    verdict: Verdict
    action: Action
    policy_hash: str
    evidence: str  # canonical JSON, stored verbatim
    actor: str
    reason: str
    expected_generation: int
    decided_at: datetime
    owner: str | None = None  # who may close what this leaves open,
    expires_at: datetime | None = None  # and when it closes by itself

    @property
    def overrides(self) -> bool:
        """A person promotes in spite of what the gate or the monitor decided."""
        return self.kind == "operator" and json.loads(self.evidence).get("override") is True

    @property
    def evidence_hash(self) -> str:
        return sha256_of(self.evidence)

    @property
    def decision_id(self) -> UUID:
        return uuid5(
            _NAMESPACE,
            f"{self.subject_model}|{self.champion_model}|{self.policy_hash}|{self.evidence_hash}",
        )


@dataclass(frozen=True)
class StoredPolicy:
    """A policy that decided something: `body` is the canonical JSON that `policy_hash` is over."""

    policy_hash: str
    body: str
    first_used: datetime


async def record(connection: Connection, decision: Decision, checks: Sequence[Check], policy: Policy) -> bool:
    """Store decision, checks and policy; False when this very decision is already there.

    Raises:
        ValueError: the decision was made by another policy than the one given.
    """
    if decision.policy_hash != policy.policy_hash:
        raise ValueError("a decision is recorded with the policy that made it")
    await connection.execute(INSERT_POLICY_SQL, policy.policy_hash, policy.body, decision.decided_at)
    inserted = await connection.fetchval(
        INSERT_DECISION_SQL,
        decision.decision_id,
        decision.kind,
        decision.subject_model,
        decision.champion_model,
        decision.verdict,
        decision.action,
        decision.policy_hash,
        decision.evidence_hash,
        decision.evidence,
        decision.actor,
        decision.reason,
        decision.expected_generation,
        decision.decided_at,
        decision.owner,
        decision.expires_at,
    )
    if inserted is None:
        return False
    rows = [
        (decision.decision_id, c.name, c.verdict, c.estimate, c.lo, c.hi, c.n, c.threshold, c.detail) for c in checks
    ]
    await connection.executemany(INSERT_EVIDENCE_SQL, rows)
    return True


async def get(connection: Connection, decision_id: UUID) -> Decision:
    """Raises NotFoundError: no such decision."""
    row = await connection.fetchrow(SELECT_DECISION_SQL, decision_id)
    if row is None:
        raise NotFoundError(f"no decision {decision_id}")
    return _decision(row)


async def find(connection: Connection, prefix: str) -> Decision:
    """The decision whose id begins like this. Raises NotFoundError: none does, or several do."""
    rows = await connection.fetch(PREFIX_SQL, prefix.lower())
    if len(rows) != 1:
        raise NotFoundError(f"{'no decision' if not rows else 'several decisions'} {prefix}…; see `punkcast decisions`")
    return _decision(rows[0])


async def of_model(connection: Connection, model_id: str) -> list[Decision]:
    """Everything decided about a model, oldest first."""
    return [_decision(row) for row in await connection.fetch(OF_MODEL_SQL, model_id)]


async def policy(connection: Connection, prefix: str) -> StoredPolicy:
    """The stored policy whose hash begins like this. Raises NotFoundError: none does, or several do."""
    rows = await connection.fetch(SELECT_POLICY_SQL, prefix.lower())
    if len(rows) != 1:
        found = "no policy" if not rows else "several policies"
        raise NotFoundError(f"{found} with the hash {prefix}… decided anything here; decisions name theirs")
    return StoredPolicy(**dict(rows[0]))


async def listing(
    connection: Connection, *, before: tuple[datetime, UUID] | None = None, limit: int = 100
) -> list[Decision]:
    """Newest first; `before` is the (decided_at, decision_id) of the last one seen."""
    instant, identity = before or (None, None)
    return [_decision(row) for row in await connection.fetch(LIST_DECISIONS_SQL, instant, identity, limit)]


async def checks_of(connection: Connection, decision_id: UUID) -> list[Check]:
    """The checks of a decision, by name."""
    return [
        Check(
            name=row["check_name"],
            verdict=row["verdict"],
            estimate=row["estimate"],
            lo=row["interval_lo"],
            hi=row["interval_hi"],
            n=row["n"],
            threshold=row["threshold"],
            detail=row["detail"],
        )
        for row in await connection.fetch(SELECT_CHECKS_SQL, decision_id)
    ]


async def rollbacks_since(connection: Connection, since: datetime, *, actor: str) -> int:
    """How many rollbacks `actor` decided after `since`."""
    row = await connection.fetchrow(ROLLBACKS_SINCE_SQL, since, actor)
    return 0 if row is None else int(row["n"])


async def last_rollback(connection: Connection, *, after: datetime) -> datetime | None:
    """The newest rollback after `after`, whoever decided it."""
    instant: datetime | None = await connection.fetchval(LAST_ROLLBACK_SQL, after)
    return instant


async def upper_bound(connection: Connection, model_id: str, check_name: str) -> float | None:
    """The upper bound that the newest decision about the model recorded for a check."""
    bound: float | None = await connection.fetchval(CHECK_OF_MODEL_SQL, model_id, check_name)
    return bound


async def expired(connection: Connection, *, at: datetime) -> list[Decision]:
    """The decisions whose contenders still wait for a person, although their time is out."""
    return [_decision(row) for row in await connection.fetch(EXPIRED_SQL, at)]


def _decision(row: asyncpg.Record) -> Decision:
    fields = dict(row)
    del fields["decision_id"], fields["evidence_hash"]
    return Decision(**fields)
