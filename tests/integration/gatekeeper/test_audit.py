"""Every decision can be made again from what is on record, and a record that was touched is found out."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from shared.evaluation.canonical import canonical_json, sha256_of
from shared.registry import audit, freezes
from shared.registry.audit import Finding
from tests.factories import gate_evidence
from tests.factories import registry as made
from tests.integration.gatekeeper.conftest import START, Gate
from tests.integration.gatekeeper.test_gatekeeper import start_shadow, store_test


async def findings(gate: Gate) -> list[Finding]:
    async with gate.database.connection() as connection:
        return [await audit.verify(connection, one) for one in await audit.identities(connection)]


async def played(vacant: Gate) -> None:
    """A promotion, a rejection for each reason, shadows that lose and expire, and one that waits in vain."""
    await vacant.run(freezes.freeze, made.NAMESPACE, actor="me", reason="stop", at=START)
    await vacant.judge("waiting")
    await vacant.run(freezes.lift, made.NAMESPACE, actor="me", at=START)
    await vacant.judge("good")
    for name, evidence in {
        "worse": gate_evidence.evidence(sales=gate_evidence.holdout(extra_error=0.5)),
        "blind": gate_evidence.evidence(blast=None, infra=None),
        "unknown": gate_evidence.evidence(sales=None, lineage=None),
        "few": gate_evidence.evidence(sales=gate_evidence.holdout(n=100)),
    }.items():
        vacant.clock.move_to(vacant.clock.now() + timedelta(hours=1))
        await vacant.judge(name, evidence=evidence)
    await start_shadow(vacant, "far")
    await store_test(vacant, "few", "worse")
    await vacant.mature("few", "worse")
    vacant.clock.move_to(START + timedelta(days=31))
    await store_test(vacant, "far", "open")
    await vacant.mature("far", "expired")
    await vacant.pass_day()


async def test_every_decision_comes_out_the_same(vacant: Gate) -> None:
    await played(vacant)
    outcome = await findings(vacant)
    assert [finding.problems for finding in outcome] == [()] * len(outcome)
    kinds = [(finding.decision.kind, finding.decision.action) for finding in outcome]
    assert sorted(kinds) == sorted(
        [("gate", "none"), ("gate", "promote"), *[("gate", "reject")] * 4, *[("gate", "start_shadow")] * 2]
        + [("shadow", "reject")] * 2
    )


async def tamper(gate: Gate, statement: str, *arguments: object) -> None:
    """As somebody would who owns the database and turns the triggers off."""
    async with gate.database.transaction() as connection:
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(statement, *arguments)


async def test_a_changed_evidence_is_found_out(gate: Gate) -> None:
    await tamper(gate, "update decisions set evidence = replace(evidence, '\"missing\":[]', '\"missing\":[ ]')")
    (finding,) = await findings(gate)
    text = "; ".join(finding.problems)
    assert "hashes to" in text
    assert "make it decision" in text
    assert "another text" in text


async def test_an_evidence_changed_together_with_its_hash_is_found_out(gate: Gate) -> None:
    """Prices made a little better, hash and all: the checks no longer follow, nor does the id."""
    text = str(await gate.value("select evidence from decisions"))
    evidence = json.loads(text)
    evidence["evidence"]["sales"]["price"][0] *= 2
    forged = canonical_json(evidence)
    await tamper(gate, "update decisions set evidence = $1, evidence_hash = $2", forged, sha256_of(forged))
    (finding,) = await findings(gate)
    problems = "; ".join(finding.problems)
    assert "make it decision" in problems
    assert "another text" in problems
    assert "recorded checks differ" in problems


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("verdict = 'inconclusive'", "verdict"),
        ("reason = 'because I say so'", "reason"),
        ("action = 'none'", "action"),
        ("owner = 'nobody', expires_at = decided_at", "owner"),
        ("expected_generation = 7", "expected_generation"),
        ("kind = 'shadow'", "inputs are damaged"),
        ("policy_hash = repeat('0', 64)", "no policy"),
    ],
)
async def test_a_changed_column_is_found_out(gate: Gate, change: str, named: str) -> None:
    await tamper(gate, f"update decisions set {change}")
    (finding,) = await findings(gate)
    assert named in "; ".join(finding.problems)


async def test_a_changed_check_is_found_out(gate: Gate) -> None:
    await tamper(gate, "update gate_evidence set estimate = estimate * 0.5 where check_name = 'bias'")
    (finding,) = await findings(gate)
    assert finding.problems == ("its recorded checks differ: bias",)


async def test_a_changed_policy_is_found_out(gate: Gate) -> None:
    await tamper(gate, "update policies set body = replace(body, '\"max_bias\":0.02', '\"max_bias\":0.2')")
    (finding,) = await findings(gate)
    assert "is not what its hash says" in "; ".join(finding.problems)


async def test_a_changed_step_of_a_test_is_found_out(gate: Gate) -> None:
    await start_shadow(gate, "far", test="worse")
    await gate.mature("far", "worse")
    assert [finding.problems for finding in await findings(gate)] == [()] * 3
    await tamper(gate, "update monitor_steps set difference = difference - 0.01 where step_no = 2")
    (finding,) = [finding for finding in await findings(gate) if finding.decision.kind == "shadow"]
    assert "do not lead to the state" in "; ".join(finding.problems)
