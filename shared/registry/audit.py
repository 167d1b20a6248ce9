"""Audit: make every decision again from what is on record, and compare byte for byte.

Three things are compared: the text with its hash and the decision's id; the decision with what the recorded rules make
of the text's inputs; the state of a sequential test in the text with the steps that are on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isclose
from typing import Any
from uuid import UUID

from shared.database.pool import Connection
from shared.errors import NotFoundError
from shared.evaluation import checks as evaluated
from shared.evaluation import eprocess, judgement
from shared.evaluation.canonical import sha256_of
from shared.evaluation.checks import Judgement
from shared.evaluation.eprocess import EState, Step
from shared.evaluation.policy import Policy, PolicyError, stored_policy
from shared.registry import decisions
from shared.registry.decisions import Check, DecisionDocument

IDS_SQL = "select decision_id from decisions order by decided_at, decision_id"
STEPS_SQL = """
select difference, bound from monitor_steps where test_id = $1 and step_no <= $2 order by step_no
"""


@dataclass(frozen=True)
class Finding:
    """A decision as stored, and what is wrong with it: nothing when `problems` is empty."""

    decision: DecisionDocument
    problems: tuple[str, ...]


async def identities(connection: Connection) -> Sequence[UUID]:
    """Every decision's id, oldest first."""
    return [row["decision_id"] for row in await connection.fetch(IDS_SQL)]


async def verify(connection: Connection, decision_id: UUID) -> Finding:
    """Make one decision again. Raises NotFoundError: there is no such decision."""
    decision = await decisions.get(connection, decision_id)
    problems = []
    hashed = sha256_of(decision.evidence_text)
    if hashed != decision.evidence_hash:
        problems.append(f"its evidence hashes to {hashed[:12]}…, not {decision.evidence_hash[:12]}…")
    made = decisions.identity(decision.subject_model, decision.champion_model, decision.policy_hash, hashed)
    if made != decision_id:
        problems.append(f"model, champion, policy and evidence make it decision {made}")
    try:
        policy = await _policy(connection, decision.policy_hash)
        judged = judgement.again(decision.kind, decision.evidence_text, policy)
    except (NotFoundError, PolicyError, judgement.UnjudgeableError) as error:
        problems.append(str(error))
        return Finding(decision, tuple(problems))
    inputs = decision.evidence
    problems += _differences(decision, inputs, judged, policy)
    problems += _check_differences(judged.checks, decision.checks)
    problems += await _test_differences(connection, inputs, policy)
    return Finding(decision, tuple(problems))


async def _policy(connection: Connection, policy_hash: str) -> Policy:
    stored = await decisions.policy(connection, policy_hash)
    if sha256_of(stored.body) != policy_hash:
        raise NotFoundError(f"the stored policy {policy_hash[:12]}… is not what its hash says")
    return stored_policy(stored.body)


def _differences(decision: DecisionDocument, inputs: dict[str, Any], judged: Judgement, policy: Policy) -> list[str]:
    """Between the decision's columns, its text, and what is made of the text's inputs."""
    problems = []
    if judged.evidence != decision.evidence_text:
        problems.append("judged again, its evidence is another text")
    patience = policy.patience(judged.action)
    said: dict[str, tuple[object, object]] = {
        "verdict": (decision.verdict, judged.verdict),
        "action": (decision.action, judged.action),
        "reason": (decision.reason, judged.reason),
        "kind": (decision.kind, inputs.get("kind")),
        "subject_model": (decision.subject_model, inputs.get("model")),
        "champion_model": (decision.champion_model, inputs.get("champion")),
        "expected_generation": (decision.expected_generation, inputs.get("expected_generation")),
        "owner": (decision.owner, None if patience is None else policy.inconclusive.owner),
        "expires_at": (decision.expires_at, None if patience is None else decision.decided_at + patience),
    }
    if "decided_at" in inputs:
        said["decided_at"] = (decision.decided_at, datetime.fromisoformat(inputs["decided_at"]))
    if "actor" in inputs:
        said["actor"] = (decision.actor, inputs["actor"])
    return problems + [f"its {name} is {is_!r}, judged again {be!r}" for name, (is_, be) in said.items() if is_ != be]


def _check_differences(judged: Sequence[evaluated.Check], stored: Sequence[Check]) -> list[str]:
    made, kept = {c.name: Check.of(c) for c in judged}, {c.check_name: c for c in stored}
    wrong = sorted(name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name))
    return [f"its recorded checks differ: {', '.join(wrong)}"] if wrong else []


async def _test_differences(connection: Connection, inputs: dict[str, Any], policy: Policy) -> list[str]:
    """Between the state of the sequential test in the text and the recorded steps, walked again."""
    test = inputs.get("test")
    if test is None:
        return []
    claimed = EState(
        inputs.get("paired_sales", inputs["sales"]), tuple(inputs["wealth_worse"]), tuple(inputs["wealth_better"])
    )
    state = eprocess.start(policy.sequential)
    for row in await connection.fetch(STEPS_SQL, test, claimed.n):
        step = Step(row["difference"], row["bound"])
        state = eprocess.advance(state, step, margin=inputs["margin"], rules=policy.sequential)
    same = state.n == claimed.n and all(
        isclose(one, other, rel_tol=1e-9)
        for one, other in zip((*state.worse, *state.better), (*claimed.worse, *claimed.better), strict=True)
    )
    return [] if same else [f"the recorded steps of the test {test} do not lead to the state it was decided on"]
