"""Every decision can be made again from what is on record, and a record that was touched is found out."""

import json
from datetime import timedelta

import pytest

from shared.evaluation.canonical import canonical_json, sha256_of
from shared.registry import freezes
from tests.factories import gate_evidence
from tests.factories import registry as made
from tests.integration.gatekeeper.conftest import START, Gate
from tests.integration.gatekeeper.test_gatekeeper import start_shadow, store_test


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
    outcome = await vacant.run(made.findings)
    assert [finding.problems for finding in outcome] == [()] * len(outcome)
    kinds = [(finding.decision.kind, finding.decision.action) for finding in outcome]
    assert sorted(kinds) == sorted(
        [("gate", "none"), ("gate", "promote"), *[("gate", "reject")] * 4, *[("gate", "start_shadow")] * 2]
        + [("shadow", "reject")] * 2
    )


async def test_an_evidence_changed_together_with_its_hash_is_found_out(gate: Gate) -> None:
    """Prices made a little better, hash and all: the checks no longer follow, nor does the id."""
    text = str(await gate.value("select evidence from decisions"))
    evidence = json.loads(text)
    evidence["evidence"]["sales"]["price"][0] *= 2
    forged = canonical_json(evidence)
    await gate.run(made.tamper, "update decisions set evidence = $1, evidence_hash = $2", forged, sha256_of(forged))
    (finding,) = await gate.run(made.findings)
    problems = "; ".join(finding.problems)
    assert "make it decision" in problems
    assert "another text" in problems
    assert "recorded checks differ" in problems


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("decisions set verdict = 'inconclusive'", ["verdict"]),
        ("decisions set reason = 'because I say so'", ["reason"]),
        ("decisions set action = 'none'", ["action"]),
        ("decisions set owner = 'nobody', expires_at = decided_at", ["owner"]),
        ("decisions set expected_generation = 7", ["expected_generation"]),
        ("decisions set kind = 'shadow'", ["inputs are damaged"]),
        ("decisions set policy_hash = repeat('0', 64)", ["no policy"]),
        (
            "decisions set evidence = replace(evidence, '\"missing\":[]', '\"missing\":[ ]')",
            ["hashes to", "make it decision", "another text"],
        ),
        ("policies set body = replace(body, '\"max_bias\":0.02', '\"max_bias\":0.2')", ["is not what its hash says"]),
    ],
)
async def test_a_changed_record_is_found_out(gate: Gate, change: str, named: list[str]) -> None:
    await gate.run(made.tamper, f"update {change}")
    (finding,) = await gate.run(made.findings)
    problems = "; ".join(finding.problems)
    assert [part for part in named if part in problems] == named


async def test_a_changed_check_is_found_out(gate: Gate) -> None:
    await gate.run(made.tamper, "update gate_evidence set estimate = estimate * 0.5 where check_name = 'bias'")
    (finding,) = await gate.run(made.findings)
    assert finding.problems == ("its recorded checks differ: bias",)


async def test_a_changed_step_of_a_test_is_found_out(gate: Gate) -> None:
    await start_shadow(gate, "far", test="worse")
    await gate.mature("far", "worse")
    assert [finding.problems for finding in await gate.run(made.findings)] == [()] * 3
    await gate.run(made.tamper, "update monitor_steps set difference = difference - 0.01 where step_no = 2")
    (finding,) = [finding for finding in await gate.run(made.findings) if finding.decision.kind == "shadow"]
    assert "do not lead to the state" in "; ".join(finding.problems)
