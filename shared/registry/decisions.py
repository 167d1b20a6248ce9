"""Decisions and the evidence they rest on: append-only, and the same evidence makes the same decision id."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID, uuid5

from pydantic import BaseModel, Field, computed_field

from shared.database.pool import Connection
from shared.errors import NotFoundError
from shared.evaluation import checks as evaluated
from shared.evaluation.canonical import sha256_of
from shared.evaluation.checks import Action, Inputs, Judgement, Verdict
from shared.evaluation.policy import Policy

Kind = Literal["gate", "shadow", "rollback", "confirm", "operator"]
_NAMESPACE = UUID("0c6f7a52-3f0b-5d7e-8a44-1de2b7a9c310")

INSERT_POLICY_SQL = """
insert into policies (policy_hash, body, first_used) values ($1, $2, $3)
on conflict (policy_hash) do nothing
"""
INSERT_DECISION_SQL = """
insert into decisions (decision_id, evidence_hash, kind, subject_model, champion_model, verdict, action, policy_hash,
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
_SUMMARY = """decision_id, kind, subject_model, champion_model, verdict, action, policy_hash, evidence_hash, actor,
       reason, expected_generation, decided_at, owner, expires_at"""
_COLUMNS = f"{_SUMMARY}, evidence as evidence_text"
SELECT_DECISION_SQL = f"select {_COLUMNS} from decisions where decision_id = $1"
LIST_DECISIONS_SQL = f"""
select {_SUMMARY} from decisions
where ($1::text is null or subject_model = $1)
  and ($2::timestamptz is null or (decided_at, decision_id) < ($2, $3::uuid))
order by decided_at desc, decision_id desc
limit $4
"""
OF_MODEL_SQL = f"""
select {_COLUMNS} from decisions where subject_model = $1 order by decided_at, decision_id
"""
PREFIX_SQL = f"select {_COLUMNS} from decisions where starts_with(decision_id::text, $1) limit 2"
SELECT_POLICY_SQL = "select policy_hash, body, first_used from policies where starts_with(policy_hash, $1) limit 2"
CHECKS_SQL = """
select decision_id, check_name, verdict, estimate, interval_lo, interval_hi, n, threshold, detail
from gate_evidence where decision_id = any($1::uuid[]) order by decision_id, check_name
"""
ROLLBACKS_SINCE_SQL = """
select count(*) from decisions where decided_at > $1 and kind = 'rollback' and actor = $2
"""
LAST_ROLLBACK_SQL = "select max(decided_at) from decisions where action = 'rollback' and decided_at > $1"
CHECK_OF_MODEL_SQL = """
select e.interval_hi
from gate_evidence e join decisions d using (decision_id)
where d.subject_model = $1 and e.check_name = $2
order by d.decided_at desc
limit 1
"""
# The monitor ends a shadow whose time is over; these are the contenders that wait without one.
EXPIRED_SQL = f"""
select {_SUMMARY} from decisions
where action = 'none' and expires_at <= $1
  and subject_model in (select model_id from models where state = 'evaluated')
order by decided_at, decision_id
"""


@dataclass(frozen=True)
class Decision:
    """A decision about a model that is to be recorded; `expected_generation` is that of the model pointer."""

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
    owner: str | None = None  # who may decide what this leaves undecided,
    expires_at: datetime | None = None  # and when it is rejected without a person

    @classmethod
    def of(cls, judged: Judgement, inputs: Inputs, policy: Policy, *, actor: str, at: datetime) -> Decision:
        """The decision that a judgement of `inputs` makes, with an owner and a time-out if it decides nothing."""
        patience = policy.patience(judged.action)
        return cls(
            kind=inputs["kind"],
            subject_model=inputs["model"],
            champion_model=inputs["champion"],
            verdict=judged.verdict,
            action=judged.action,
            policy_hash=policy.policy_hash,
            evidence=judged.evidence,
            actor=actor,
            reason=judged.reason,
            expected_generation=inputs["expected_generation"],
            decided_at=at,
            owner=None if patience is None else policy.inconclusive.owner,
            expires_at=None if patience is None else at + patience,
        )

    @property
    def overrides(self) -> bool:
        """Whether a person promotes against the decision of the gate or the monitor."""
        return self.kind == "operator" and json.loads(self.evidence).get("override") is True

    @property
    def evidence_hash(self) -> str:
        return sha256_of(self.evidence)

    @property
    def decision_id(self) -> UUID:
        return identity(self.subject_model, self.champion_model, self.policy_hash, self.evidence_hash)


class Check(BaseModel, frozen=True):
    """A recorded check of a gate: missing evidence is never a pass."""

    check_name: str
    verdict: Verdict
    estimate: float | None
    interval_lo: float | None
    interval_hi: float | None
    n: int | None
    threshold: float | None
    detail: str

    @classmethod
    def of(cls, check: evaluated.Check) -> Check:
        return cls(
            check_name=check.name,
            verdict=check.verdict,
            estimate=check.estimate,
            interval_lo=check.lo,
            interval_hi=check.hi,
            n=check.n,
            threshold=check.threshold,
            detail=check.detail,
        )


class DecisionRecord(BaseModel, frozen=True):
    """A recorded decision: about which model, by which policy, with which checks."""

    decision_id: UUID
    kind: Kind
    subject_model: str
    champion_model: str | None
    verdict: Verdict
    action: Action
    policy_hash: str
    evidence_hash: str
    actor: str
    reason: str
    expected_generation: Annotated[int, Field(description="Of the model pointer")]
    decided_at: datetime
    owner: Annotated[str | None, Field(description="Who may close what this leaves open; null: it leaves nothing open")]
    expires_at: Annotated[datetime | None, Field(description="When that closes without anybody")]
    checks: list[Check]


class DecisionDocument(DecisionRecord, frozen=True):
    """A recorded decision with its whole evidence."""

    evidence_text: Annotated[str, Field(description="The canonical JSON that evidence_hash is over, byte for byte")]

    @computed_field(description="The same JSON, parsed")  # type: ignore[prop-decorator]
    @property
    def evidence(self) -> Any:
        return json.loads(self.evidence_text)


Recorded = TypeVar("Recorded", bound=DecisionRecord)


@dataclass(frozen=True)
class StoredPolicy:
    """A policy that decided something: `body` is the canonical JSON that `policy_hash` is over."""

    policy_hash: str
    body: str
    first_used: datetime


def identity(subject_model: str, champion_model: str | None, policy_hash: str, evidence_hash: str) -> UUID:
    """The id of a decision: the same model, champion, policy and evidence make the same decision."""
    return uuid5(_NAMESPACE, f"{subject_model}|{champion_model}|{policy_hash}|{evidence_hash}")


async def record(connection: Connection, decision: Decision, checks: Sequence[evaluated.Check], policy: Policy) -> bool:
    """Store decision, checks and policy; False when this decision is already stored.

    Raises:
        ValueError: the decision was made by another policy than the one given.
    """
    if decision.policy_hash != policy.policy_hash:
        raise ValueError("a decision is recorded with the policy that made it")
    await connection.execute(INSERT_POLICY_SQL, policy.policy_hash, policy.body, decision.decided_at)
    inserted = await connection.fetchval(
        INSERT_DECISION_SQL, decision.decision_id, decision.evidence_hash, *astuple(decision)
    )
    if inserted is None:
        return False
    rows = [
        (decision.decision_id, c.name, c.verdict, c.estimate, c.lo, c.hi, c.n, c.threshold, c.detail) for c in checks
    ]
    await connection.executemany(INSERT_EVIDENCE_SQL, rows)
    return True


async def get(connection: Connection, decision_id: UUID) -> DecisionDocument:
    """The decision with its evidence. Raises NotFoundError: no such decision."""
    for document in await _read(connection, DecisionDocument, SELECT_DECISION_SQL, decision_id):
        return document
    raise NotFoundError(f"decision {decision_id} does not exist; list the decisions to see their ids")


async def find(connection: Connection, prefix: str) -> DecisionDocument:
    """The decision whose id begins with `prefix`. Raises NotFoundError: none does, or several do."""
    documents = await _read(connection, DecisionDocument, PREFIX_SQL, prefix.lower())
    if len(documents) != 1:
        count = "several decisions" if documents else "no decision"
        raise NotFoundError(f"{count} with an id beginning {prefix}…; see `punkcast decisions`")
    return documents[0]


async def of_model(connection: Connection, model_id: str) -> list[DecisionDocument]:
    """Every decision about a model, oldest first."""
    return await _read(connection, DecisionDocument, OF_MODEL_SQL, model_id)


async def listing(
    connection: Connection,
    *,
    model_id: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[DecisionRecord]:
    """Newest first, optionally about one model; `before` is the (decided_at, decision_id) of the last one seen."""
    return await _read(connection, DecisionRecord, LIST_DECISIONS_SQL, model_id, *(before or (None, None)), limit)


async def policy(connection: Connection, prefix: str) -> StoredPolicy:
    """The stored policy whose hash begins with `prefix`. Raises NotFoundError: none does, or several do."""
    rows = await connection.fetch(SELECT_POLICY_SQL, prefix.lower())
    if len(rows) != 1:
        count = "no policy" if not rows else "several policies"
        raise NotFoundError(f"{count} with a hash beginning {prefix}…; each decision shows the hash of its policy")
    return StoredPolicy(**dict(rows[0]))


async def rollbacks_since(connection: Connection, since: datetime, *, actor: str) -> int:
    """How many rollbacks `actor` decided after `since`."""
    return int(await connection.fetchval(ROLLBACKS_SINCE_SQL, since, actor))


async def last_rollback(connection: Connection, *, after: datetime) -> datetime | None:
    """The newest rollback after `after`, whoever decided it."""
    instant: datetime | None = await connection.fetchval(LAST_ROLLBACK_SQL, after)
    return instant


async def upper_bound(connection: Connection, model_id: str, check_name: str) -> float | None:
    """The upper bound that the newest decision about the model recorded for a check."""
    bound: float | None = await connection.fetchval(CHECK_OF_MODEL_SQL, model_id, check_name)
    return bound


async def expired(connection: Connection, *, at: datetime) -> list[DecisionRecord]:
    """The decisions whose contenders still wait for a person although their time is over."""
    return await _read(connection, DecisionRecord, EXPIRED_SQL, at)


async def _read(connection: Connection, kind: type[Recorded], query: str, *arguments: object) -> list[Recorded]:
    """The decisions that a query finds, in its order, each with its checks by name."""
    rows = await connection.fetch(query, *arguments)
    checks: dict[UUID, list[Check]] = {row["decision_id"]: [] for row in rows}
    for row in await connection.fetch(CHECKS_SQL, list(checks)):
        checks[row["decision_id"]].append(Check(**row))
    return [kind(**row, checks=checks[row["decision_id"]]) for row in rows]
