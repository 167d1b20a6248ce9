"""From the row to a registered contender, or to a reason why not."""

import re
from datetime import timedelta

import polars as pl
import pytest

from services.trainer.handlers import Trainer
from shared.contracts.messages import ContenderRegistered
from shared.registry import models
from shared.registry.model_files import UnsignedModelError, require_signed
from shared.registry.models import ModelRecord
from shared.stores import snapshot_repository as snapshots
from shared.valuation.model import ValuationModel
from shared.valuation.params import Params
from shared.valuation.snapshot import Snapshot
from tests.factories import small_market
from tests.factories.harness import Harness
from tests.factories.signing import NEXT, OURS, STRANGERS
from tests.factories.small_market import END, HOLDOUT
from tests.integration.trainer.conftest import Fits, request, state, trainer, worked_off


async def only_model(harness: Harness) -> ModelRecord:
    (record,) = await harness.run(models.listing)
    return record


async def load(harness: Harness, snapshot_id: str) -> Snapshot:
    return await harness.run(snapshots.load, harness.store, snapshot_id)


async def test_a_request_ends_as_a_registered_contender_whose_file_is_in_the_store(
    harness: Harness, served: Trainer
) -> None:
    done = await worked_off(harness, served)
    record = await only_model(harness)
    body = await harness.store.get(models.artifact(record))
    assert record.model_id == ValuationModel.id_of(record.artifact_sha256)
    assert ValuationModel.from_bytes(body, threads=1).data_cutoff == record.data_cutoff
    assert (done.status, done.model_id, done.attempts, done.error) == ("succeeded", record.model_id, 1, None)
    announced = ContenderRegistered(model_id=record.model_id, request_id=done.request_id)
    assert await harness.emitted(ContenderRegistered) == [announced]
    assert record.state == "registered"


async def test_its_lineage_is_complete(harness: Harness, served: Trainer) -> None:
    champion = await harness.promote(small_market.model())
    identity = await request(harness)
    await served.drain()
    record = next(one for one in await harness.run(models.listing) if one.training_request == identity)
    assert record.parent_model == champion.model_id
    assert re.fullmatch(r"[0-9a-f]{7,64}|unknown", record.git_sha)
    assert re.fullmatch(r"[0-9a-f]{64}", record.environment_hash)
    assert re.match(r"\d+\.\d+", record.xgboost_version)
    assert record.params == Params.load().model_dump(mode="json")
    assert record.report["evaluation_sales"] == HOLDOUT
    learn, judge = await load(harness, record.training_snapshot), await load(harness, record.evaluation_snapshot)
    assert (learn.kind, judge.kind) == ("training", "evaluation")
    trained = ValuationModel.from_bytes(await harness.store.get(models.artifact(record)), threads=1)
    assert trained.reference_difference() == 0.0
    assert record.training_rows == learn.frame.height > 0
    assert record.feature_schema == trained.feature_schema
    assert learn.feature_schema == judge.feature_schema
    assert (record.data_cutoff, judge.as_of) == (learn.as_of, END)


async def test_the_hold_out_is_disjoint_from_what_was_learnt(harness: Harness, served: Trainer) -> None:
    await worked_off(harness, served)
    record = await only_model(harness)
    learn, judge = await load(harness, record.training_snapshot), await load(harness, record.evaluation_snapshot)
    assert not set(learn.frame["event_seq"]) & set(judge.frame["event_seq"])
    assert learn.frame["sale_time"].max() < record.data_cutoff <= judge.frame["sale_time"].min()
    everything = set(small_market.sales()["seq"])
    assert set(learn.frame["event_seq"]) | set(judge.frame["event_seq"]) <= everything


async def test_a_cut_off_that_was_asked_for_is_kept(harness: Harness, served: Trainer) -> None:
    cutoff = END - timedelta(days=20)
    await worked_off(harness, served, data_cutoff=cutoff)
    record = await only_model(harness)
    assert record.data_cutoff == cutoff
    judged = (await load(harness, record.evaluation_snapshot)).frame.height
    assert judged == small_market.sales().filter(pl.col("timestamp") >= cutoff).height


async def test_the_same_data_makes_the_same_model_which_is_registered_once(harness: Harness, served: Trainer) -> None:
    first = await request(harness)
    await served.drain()
    record = await only_model(harness)
    harness.clock.move_to(END + timedelta(minutes=10))
    second = await request(harness)
    await trainer(harness, Fits()).drain()
    assert await only_model(harness) == record
    assert (await state(harness, second)).model_id == (await state(harness, first)).model_id == record.model_id
    assert len(await harness.emitted(ContenderRegistered)) == 1


async def test_requests_are_worked_off_until_the_queue_is_empty(harness: Harness, served: Trainer) -> None:
    await request(harness, "age")
    await request(harness, "drift", data_cutoff=END - timedelta(days=20))
    assert await served.drain() == 2
    assert await served.drain() == 0
    assert len(await harness.run(models.listing)) == 2


async def test_a_request_says_when_it_began_and_when_it_ended(harness: Harness, served: Trainer, fits: Fits) -> None:
    async def takes_a_minute(job: object) -> object:
        await harness.clock.sleep(60)
        return job

    fits.before = takes_a_minute
    done = await worked_off(harness, served)
    assert (done.started_at, done.finished_at) == (END, END + timedelta(minutes=1))
    assert (await only_model(harness)).registered_at == END + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("ahead", "error", "fits_tried"),
    [(timedelta(days=-70), "import more history", 1), (timedelta(hours=3), "is in the future", 0)],
    ids=["too few sales before it", "sales that are still to come"],
)
async def test_a_cut_off_without_a_sound_snapshot_fails_at_once_and_says_why(
    harness: Harness, served: Trainer, fits: Fits, ahead: timedelta, error: str, fits_tried: int
) -> None:
    done = await worked_off(harness, served, data_cutoff=END + ahead)
    assert (done.status, done.attempts) == ("failed", 1)
    assert error in done.error
    assert len(fits.jobs) == fits_tried
    assert await harness.run(models.listing) == []
    assert await harness.emitted(ContenderRegistered) == []


@pytest.mark.parametrize("refused", [1, 3])
async def test_the_store_being_away_costs_time_and_no_attempt(harness: Harness, served: Trainer, refused: int) -> None:
    identity = await request(harness)
    harness.store.away = refused
    await served.drain()
    done = await state(harness, identity)
    assert (done.status, done.attempts) == ("succeeded", 1)
    assert done.finished_at == END + timedelta(seconds=15 * refused)
    await load(harness, (await only_model(harness)).evaluation_snapshot)


async def test_a_trainer_with_keys_signs_what_it_registers(harness: Harness, served: Trainer, fits: Fits) -> None:
    await request(harness)
    await trainer(harness, fits, keys=[OURS, NEXT]).drain()
    record = await only_model(harness)
    for key in (OURS, NEXT):
        require_signed(record, [key.verifier])
    with pytest.raises(UnsignedModelError):
        require_signed(record, [STRANGERS.verifier])
    known = await harness.rows("select verifier_key from signing_keys")
    assert {row["verifier_key"] for row in known} == {str(OURS.verifier), str(NEXT.verifier)}


async def test_a_trainer_without_keys_signs_nothing(harness: Harness, served: Trainer) -> None:
    await worked_off(harness, served)
    assert (await only_model(harness)).signatures == ()
    assert await harness.value("select count(*) from signing_keys") == 0
