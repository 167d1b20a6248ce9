"""Evidence from real files: models, hold-out and nowcast snapshot in a folder store."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from pydantic import TypeAdapter

from shared.errors import IntegrityError, UnsupportedModelError
from shared.evaluation import judgement
from shared.evaluation.canonical import canonical_json
from shared.evaluation.checks import Check
from shared.evaluation.evidence import GateEvidence, InfraFacts
from shared.evaluation.gates import decide
from shared.evaluation.policy import load_policy
from shared.registry import decisions
from shared.registry.evidence.gathering import EvidenceGatherer
from shared.registry.evidence.recheck import recheck
from shared.registry.models import ModelRecord
from shared.storage.object_store import ObjectRef
from shared.stores import snapshot_repository as snapshots
from shared.valuation.inputs import evaluation_snapshot, holdout_cutoff, nowcast_snapshot, training_snapshot
from shared.valuation.model import ValuationModel
from shared.valuation.reference import ROWS
from shared.valuation.snapshot import Snapshot
from shared.valuation.training import fit
from tests.factories import gate_evidence, registry, small_market
from tests.factories.database import Database
from tests.factories.harness import Harness
from tests.factories.small_market import END as NOW


@dataclass(frozen=True)
class Files:
    """A trained model's bytes, and the snapshots it is judged on."""

    cutoff: datetime
    learnt: Snapshot
    holdout: Snapshot
    nowcast: Snapshot
    artifact: bytes
    feature_schema: str


@pytest.fixture(scope="module")
def files() -> Files:
    timeline, prices = small_market.timeline(), small_market.prices()
    cutoff = holdout_cutoff(timeline, NOW, 100)
    learnt = training_snapshot(timeline, prices, cutoff)
    model = fit(learnt, threads=1, params=small_market.quick())
    holdout, nowcast = evaluation_snapshot(timeline, prices, cutoff, NOW), nowcast_snapshot(timeline, prices, NOW)
    return Files(cutoff, learnt, holdout, nowcast, model.to_bytes(), model.feature_schema)


def changed(record: ModelRecord, **fields: object) -> ModelRecord:
    return record.model_copy(update=fields)


@dataclass
class Shelf(Harness):
    """The registry and the store, filled as the trainer and the nowcaster would."""

    files: Files | None = None

    async def contender(self, *, archived_nowcast: bool = True) -> ModelRecord:
        await self.archive(self.files.holdout)
        if archived_nowcast:
            await self.archive(self.files.nowcast)
        return await self.with_file(
            registry.record("template", NOW),
            self.files.artifact,
            feature_schema=self.files.feature_schema,
            evaluation_snapshot=self.files.holdout.snapshot_id,
            data_cutoff=self.files.cutoff,
        )

    async def with_file(self, record: ModelRecord, body: bytes, **fields: object) -> ModelRecord:
        """The record with another file, stored."""
        file = await self.store.put("models", body, extension="json")
        identity = {"model_id": ValuationModel.id_of(file.sha256), "artifact_key": file.key}
        return changed(record, **identity, artifact_sha256=file.sha256, artifact_bytes=file.size, **fields)

    async def instead(self, model: ValuationModel) -> ModelRecord:
        """The contender with another model."""
        return await self.with_file(await self.contender(), model.to_bytes())

    def gatherer(self, elapsed: float = 0.25) -> EvidenceGatherer:
        """Each use of the stopwatch takes so long."""
        ticks = iter(np.arange(0, 100 * elapsed, elapsed))
        return super().gatherer(stopwatch=lambda: float(next(ticks)), max_latency_s=0.3)

    async def evidence(self, contender: ModelRecord, *others: ModelRecord | None) -> GateEvidence:
        return (await self.gatherer().gather(contender, *(others or (None,)))).evidence

    async def infra(self, contender: ModelRecord, *others: ModelRecord | None) -> InfraFacts:
        return (await self.evidence(contender, *others)).infra

    async def checks(self, contender: ModelRecord, *others: ModelRecord | None) -> dict[str, Check]:
        return by_name(await self.evidence(contender, *others))


def by_name(evidence: GateEvidence) -> dict[str, Check]:
    return {check.name: check for check in decide(evidence, load_policy()).checks}


@pytest.fixture
async def shelf(database: Database, tmp_path: Path, files: Files) -> Shelf:
    shelf = Shelf.at(NOW, database, tmp_path)
    shelf.files = files
    return shelf


async def test_a_trained_model_gives_whole_evidence(shelf: Shelf) -> None:
    record = await shelf.contender()
    gathered = await shelf.gatherer().gather(record, None)
    assert gathered.nowcast_snapshot is None
    assert gathered.evidence.sales is not None
    assert len(gathered.evidence.sales) == 100
    assert gathered.evidence.infra == gate_evidence.infra(golden_rows=ROWS, parity_rows=100)
    checks = by_name(gathered.evidence)
    assert {checks[name].verdict for name in ("lineage", "no_overlap", "golden_rows", "latency")} == {"pass"}
    assert checks["sample"].verdict == "inconclusive", "a hundred sales are too few"


async def test_a_file_that_values_too_slowly_is_not_quick(shelf: Shelf) -> None:
    slow = await shelf.gatherer(elapsed=0.4).gather(await shelf.contender(), None)
    assert by_name(slow.evidence)["latency"].verdict == "fail"


async def test_values_and_intervals_in_the_evidence_follow_the_outcomes_before_each_sale(shelf: Shelf) -> None:
    """The contender's on the hold-out, the champion's on the sales that the contender has learnt from, too."""
    contender = changed(await shelf.contender(), training_snapshot=shelf.files.learnt.snapshot_id)
    await shelf.archive(shelf.files.learnt)
    new = ValuationModel.from_bytes(shelf.files.artifact, threads=1)
    old = replace(new, data_cutoff=new.data_cutoff - timedelta(days=10)).with_reference(shelf.files.learnt.frame)
    champion = await shelf.with_file(contender, old.to_bytes(), data_cutoff=old.data_cutoff)
    sales = (await shelf.evidence(contender, champion)).sales
    assert sales.champion is not None
    rows = shelf.files.holdout.frame.filter(pl.col("floor_eth").is_finite())
    for said, model, earlier in ((sales.contender, new, ()), (sales.champion, old, (shelf.files.learnt.frame,))):
        values, frozen = model.predict_forward(rows, *earlier, rows), model.predict(rows)
        assert np.array_equal(said.value, values.value_eth)
        assert np.array_equal(said.bands[0].low, values.lo80)
        assert np.array_equal(said.bands[1].high, values.hi90)
        assert not np.array_equal(said.value, frozen.value_eth)
        assert not np.array_equal(said.bands[1].high, frozen.hi90)
    assert not np.array_equal(sales.champion.bands[1].high, old.predict_forward(rows, rows).hi90)


async def test_a_model_against_itself_has_no_blast_radius_and_no_difference(shelf: Shelf) -> None:
    record = await shelf.contender()
    gathered = await shelf.gatherer().gather(record, record)
    assert gathered.nowcast_snapshot == shelf.files.nowcast.snapshot_id
    checks = by_name(gathered.evidence)
    assert (checks["blast_mean"].estimate, checks["blast_mean"].n) == (0.0, 10_000)
    assert (checks["non_inferiority"].estimate, checks["non_inferiority"].verdict) == (0.0, "pass")


async def test_a_damaged_file_is_rejected_not_crashed_on(shelf: Shelf) -> None:
    record = changed(await shelf.contender(), artifact_sha256="0" * 64)
    evidence = await shelf.evidence(record)
    verdicts = {name: check.verdict for name, check in by_name(evidence).items()}
    assert (verdicts["artifact_sha256"], verdicts["loads"], verdicts["sample"]) == ("fail", "fail", "error")
    assert decide(evidence, load_policy()).action == "reject"


async def test_a_file_that_is_no_model_does_not_load(shelf: Shelf) -> None:
    infra = await shelf.infra(await shelf.with_file(await shelf.contender(), b"{}"))
    assert (infra.sha256_matches, infra.loads) == (True, False)
    assert "model" in infra.load_error


async def test_a_hold_out_that_is_not_archived_is_missing_evidence(shelf: Shelf) -> None:
    record = changed(await shelf.contender(), evaluation_snapshot="f" * 64)
    evidence = await shelf.evidence(record)
    assert evidence.sales is None
    assert decide(evidence, load_policy()).verdict == "error"


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"data_cutoff": NOW + timedelta(days=1), "git_sha": ""}, ("git_sha", "data_cutoff differs from the file's")),
        ({"git_sha": "unknown"}, ("git_sha",)),
    ],
)
async def test_a_registry_that_lacks_the_code_or_contradicts_the_file_is_named(
    shelf: Shelf, fields: dict[str, object], missing: tuple[str, ...]
) -> None:
    lineage = (await shelf.evidence(changed(await shelf.contender(), **fields))).lineage
    assert lineage.missing == missing


async def test_a_file_that_this_code_answers_otherwise_is_left_to_the_release_that_fitted_it(shelf: Shelf) -> None:
    model = ValuationModel.from_bytes(shelf.files.artifact, threads=1)
    shifted = replace(model, reference=replace(model.reference, answers=model.reference.answers * 1.0001))
    with pytest.raises(UnsupportedModelError, match="answers to the reference rows differ"):
        await shelf.gatherer().gather(await shelf.instead(shifted), None)


async def test_a_file_without_reference_rows_does_not_load(shelf: Shelf) -> None:
    model = ValuationModel.from_bytes(shelf.files.artifact, threads=1)
    evidence = await shelf.evidence(await shelf.instead(replace(model, reference=None)))
    assert not evidence.infra.loads
    assert "without reference rows" in evidence.infra.load_error
    assert decide(evidence, load_policy()).action == "reject"


async def test_the_file_read_again_values_everything_as_the_judged_one(shelf: Shelf) -> None:
    record = await shelf.contender()
    parity = (await shelf.checks(record, record))["parity"]
    assert (parity.verdict, parity.estimate, parity.n) == ("pass", 0.0, 10_000 + 100)


async def test_a_file_that_changes_between_judging_and_deploying_is_missing_evidence(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second reading finds other bytes under the key than the first."""
    record, get, keys = await shelf.contender(), shelf.store.get, list[str]()

    async def once(reference: ObjectRef) -> bytes:
        if reference.key in keys and reference.key == record.artifact_key:
            raise IntegrityError(f"{reference.key} is damaged")
        keys.append(reference.key)
        return await get(reference)

    monkeypatch.setattr(shelf.store, "get", once)
    evidence = await shelf.evidence(record)
    assert (evidence.infra.loads, evidence.infra.parity_difference) == (True, None)
    assert by_name(evidence)["parity"].verdict == "error"


async def test_before_any_nowcast_is_archived_the_blast_radius_is_taken_on_one_made_for_it(shelf: Shelf) -> None:
    record = await shelf.contender(archived_nowcast=False)
    await shelf.import_until(NOW)
    gathered = await shelf.gatherer().gather(record, record)
    assert gathered.nowcast_snapshot is not None
    checks = by_name(gathered.evidence)
    assert (checks["blast_mean"].verdict, checks["blast_mean"].n) == ("pass", 10_000)
    kept = await shelf.run(snapshots.load, shelf.store, gathered.nowcast_snapshot)
    assert (kept.kind, kept.frame.height) == ("nowcast", 10_000)
    again = await shelf.gatherer().gather(record, record)
    assert again.nowcast_snapshot == gathered.nowcast_snapshot, "the next gate finds it archived"


async def test_a_nowcast_archived_by_a_release_that_lacked_a_column_is_not_used(shelf: Shelf) -> None:
    record = await shelf.contender(archived_nowcast=False)
    await shelf.import_until(NOW)
    older = replace(shelf.files.nowcast, frame=shelf.files.nowcast.frame.drop("asks"), feature_schema="0" * 64)
    await shelf.archive(older)
    gathered = await shelf.gatherer().gather(record, record)
    assert gathered.nowcast_snapshot not in {None, older.snapshot_id}
    assert by_name(gathered.evidence)["blast_mean"].verdict == "pass"


async def test_a_hold_out_of_a_release_that_lacked_a_column_of_the_champion_is_missing_evidence(shelf: Shelf) -> None:
    record = await shelf.contender()
    older = replace(shelf.files.holdout, frame=shelf.files.holdout.frame.drop("asks"))
    await shelf.archive(older)
    evidence = await shelf.evidence(changed(record, evaluation_snapshot=older.snapshot_id), record)
    assert (evidence.infra.loads, evidence.sales) == (False, None)
    assert "lacks asks" in evidence.infra.load_error


async def test_the_confirmed_champion_is_valued_like_the_champion(shelf: Shelf) -> None:
    record = await shelf.contender()
    evidence = await shelf.evidence(record, record, record)
    assert evidence.has_anchor
    assert evidence.sales.anchor is not None
    assert evidence.lineage.anchor_cutoff == record.data_cutoff


async def test_evidence_reads_back_from_its_record_as_it_was(shelf: Shelf) -> None:
    record = await shelf.contender()
    policy, evidence = load_policy(), await shelf.evidence(record, record, record)
    text = canonical_json(evidence)
    again = TypeAdapter(GateEvidence).validate_json(text, strict=True)
    assert canonical_json(again) == text
    assert decide(again, policy) == decide(evidence, policy)


async def test_a_gates_evidence_is_borne_out_by_the_files_it_names_and_a_forged_one_is_not(shelf: Shelf) -> None:
    record, policy = await shelf.contender(), load_policy()
    gathered = await shelf.gatherer().gather(record, record)
    judged = judgement.gate(
        gate_evidence.gate_inputs(
            gathered.evidence,
            model=record.model_id,
            champion=record.model_id,
            nowcast_snapshot=gathered.nowcast_snapshot,
        ),
        policy,
    )
    decision = replace(
        registry.decision("template", NOW, generation=0), subject_model=record.model_id, evidence=judged.evidence
    )
    await shelf.run(registry.contender, "template", NOW, **dict(record))
    await shelf.run(decisions.record, decision, judged.checks, policy)
    stored = await shelf.run(decisions.get, decision.decision_id)
    assert await recheck(shelf.database, shelf.gatherer(), stored) == []
    forged = json.loads(judged.evidence)
    forged["evidence"]["sales"]["price"][0] *= 1.01
    consistent = stored.model_copy(update={"evidence_text": canonical_json(forged)})
    problems = await recheck(shelf.database, shelf.gatherer(), consistent)
    assert problems == ["its sales are not those of the archived files"]
    del forged["evidence"]["lineage"]
    damaged = stored.model_copy(update={"evidence_text": canonical_json(forged)})
    (problem,) = await recheck(shelf.database, shelf.gatherer(), damaged)
    assert problem.startswith("its inputs are damaged: evidence.lineage")
