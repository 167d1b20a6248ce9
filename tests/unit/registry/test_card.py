from datetime import UTC, datetime
from uuid import UUID

from shared.evaluation import judgement
from shared.evaluation.policy import load_policy
from shared.registry import card
from shared.registry.decisions import Check, DecisionDocument
from shared.registry.lineage import Lineage, Live, Relative, TrainedFor
from shared.registry.pointer import Reign
from tests.factories import gate_evidence as made
from tests.factories import registry

AT = datetime(2025, 2, 1, 12, tzinfo=UTC)
POLICY = load_policy()
RECORD = registry.record(
    "m-00000000000000aa", AT, git_dirty=True, training_rows=20_000, parent_model="m-00000000000000bb", state="champion"
)
LINEAGE = Lineage(
    model_id=RECORD.model_id,
    request=TrainedFor(reason="drift", requested_by="ada", requested_at=AT),
    line=[Relative(**(dict(RECORD) | {"model_id": one})) for one in ("m-00000000000000aa", "m-00000000000000bb")],
    children=[],
    reigns=[Reign(previous_model_id=None, generation=1, decision_id=UUID(int=2), moved_at=AT)],
    live=Live(n=40, median_ape=0.061, mean_loss=0.08, floor_loss=0.12, coverage80=0.81, coverage90=None),
)


def gate() -> DecisionDocument:
    judged = judgement.gate(made.gate_inputs(made.evidence(), model=RECORD.model_id, champion=None), POLICY)
    return DecisionDocument(
        decision_id=UUID(int=2), kind="gate", subject_model=RECORD.model_id, champion_model=None,
        verdict=judged.verdict, action=judged.action, policy_hash=POLICY.policy_hash, evidence_hash="e" * 64,
        evidence_text=judged.evidence, actor="gatekeeper", reason="a | b", expected_generation=0, decided_at=AT,
        owner=None, expires_at=None, checks=[Check.of(check) for check in judged.checks],
    )  # fmt: skip


def rendered() -> str:
    return card.render(RECORD, LINEAGE, [gate()])


def test_every_part_of_the_record_is_on_the_card() -> None:
    text = rendered()
    for part in (
        "# Model card: m-00000000000000aa", "State **champion**", "| training rows | 20,000 |",
        "`abc` with uncommitted changes", "drift, by ada", "| eta | 0.05 |", "m-00000000000000bb", POLICY.policy_hash,
        "| 80 % interval covers | 81.0% |", "| 90 % interval covers | – |", "(pointer generation 1)",
        "- Trained by code with uncommitted changes.", "- `slice_rare_types` is inconclusive",
    ):  # fmt: skip
        assert part in text, part


def test_each_check_has_estimate_interval_n_threshold_and_verdict() -> None:
    text, checks = rendered(), gate().checks
    for check in checks:
        assert f"| {check.check_name} | {check.verdict} |" in text
    bias = next(check for check in checks if check.check_name == "bias")
    assert f"{bias.interval_lo:.4g} … {bias.interval_hi:.4g} | 240 | 0.02 |" in text


def test_a_bar_in_a_reason_breaks_no_table() -> None:
    assert r"| a \| b |" in rendered()


def test_a_model_that_nobody_judged_or_saw_says_so() -> None:
    nothing = Live(n=0, median_ape=None, mean_loss=None, floor_loss=None, coverage80=None, coverage90=None)
    text = card.render(RECORD, LINEAGE.model_copy(update={"reigns": [], "live": nothing}), [])
    assert "The gate has not judged it yet." in text
    assert "No sale was scored against its values yet." in text
    assert "Champion since" not in text
