"""From the row to a registered contender, or to a reason why not."""

from __future__ import annotations

import re
from datetime import timedelta

import polars as pl
import pytest

from services.trainer.handlers import Trainer
from shared.contracts.messages import ContenderRegistered
from shared.registry import models
from shared.registry.models import ModelRecord
from shared.stores import snapshot_repository as snapshots
from shared.valuation.model import ValuationModel
from shared.valuation.params import Params
from shared.valuation.snapshot import Snapshot
from tests.factories import small_market
from tests.factories.small_market import END, HOLDOUT
from tests.factories.stand import Stand
from tests.integration.trainer.conftest import Fits, request, state, trainer


async def only_model(stand: Stand) -> ModelRecord:
    async with stand.database.connection() as connection:
        (record,) = await models.listing(connection)
    return record


async def load(stand: Stand, snapshot_id: str) -> Snapshot:
    async with stand.database.connection() as connection:
        return await snapshots.load(connection, stand.store, snapshot_id)


async def test_a_request_ends_as_a_registered_contender_whose_file_is_in_the_store(
    stand: Stand, served: Trainer
) -> None:
    identity = await request(stand)
    assert await served.drain() == 1
    record = await only_model(stand)
    body = await stand.store.get(models.artifact(record))
    assert record.model_id == ValuationModel.id_of(record.artifact_sha256)
    assert ValuationModel.from_bytes(body, threads=1).data_cutoff == record.data_cutoff
    done = await state(stand, identity)
    assert (done.status, done.model_id, done.attempts, done.error) == ("succeeded", record.model_id, 1, None)
    told = await stand.told(ContenderRegistered)
    assert told == [ContenderRegistered(model_id=record.model_id, request_id=identity)]
    assert record.state == "registered"


async def test_its_lineage_is_complete(stand: Stand, served: Trainer) -> None:
    champion = await stand.promote(small_market.model())
    identity = await request(stand)
    await served.drain()
    async with stand.database.connection() as connection:
        record = next(one for one in await models.listing(connection) if one.training_request == identity)
    assert record.parent_model == champion.model_id
    assert re.fullmatch(r"[0-9a-f]{7,64}|unknown", record.git_sha)
    assert re.fullmatch(r"[0-9a-f]{64}", record.environment_hash)
    assert re.match(r"\d+\.\d+", record.xgboost_version)
    assert record.params == Params.load().model_dump(mode="json")
    assert record.report["evaluation_sales"] == HOLDOUT
    learn, judge = await load(stand, record.training_snapshot), await load(stand, record.evaluation_snapshot)
    assert (learn.kind, judge.kind) == ("training", "evaluation")
    trained = ValuationModel.from_bytes(await stand.store.get(models.artifact(record)), threads=1)
    assert trained.reference_difference() == 0.0
    assert record.training_rows == learn.frame.height > 0
    assert record.feature_schema == trained.feature_schema
    assert learn.feature_schema == judge.feature_schema
    assert (record.data_cutoff, judge.as_of) == (learn.as_of, END)


async def test_the_hold_out_is_disjoint_from_what_was_learnt(stand: Stand, served: Trainer) -> None:
    await request(stand)
    await served.drain()
    record = await only_model(stand)
    learn, judge = await load(stand, record.training_snapshot), await load(stand, record.evaluation_snapshot)
    assert not set(learn.frame["event_seq"]) & set(judge.frame["event_seq"])
    assert learn.frame["sale_time"].max() < record.data_cutoff <= judge.frame["sale_time"].min()  # type: ignore[operator]
    everything = set(small_market.sales()["seq"])
    assert set(learn.frame["event_seq"]) | set(judge.frame["event_seq"]) <= everything


async def test_a_cut_off_that_was_asked_for_is_kept(stand: Stand, served: Trainer) -> None:
    cutoff = END - timedelta(days=20)
    await request(stand, data_cutoff=cutoff)
    await served.drain()
    record = await only_model(stand)
    assert record.data_cutoff == cutoff
    judged = (await load(stand, record.evaluation_snapshot)).frame.height
    assert judged == small_market.sales().filter(pl.col("timestamp") >= cutoff).height


async def test_the_same_data_makes_the_same_model_which_is_registered_once(stand: Stand, served: Trainer) -> None:
    first = await request(stand)
    await served.drain()
    record = await only_model(stand)
    stand.clock.move_to(END + timedelta(minutes=10))
    second = await request(stand)
    await trainer(stand, Fits()).drain()
    assert await only_model(stand) == record
    assert (await state(stand, second)).model_id == (await state(stand, first)).model_id == record.model_id
    assert len(await stand.told(ContenderRegistered)) == 1


async def test_requests_are_worked_off_until_the_queue_is_empty(stand: Stand, served: Trainer) -> None:
    await request(stand, "age")
    await request(stand, "drift", data_cutoff=END - timedelta(days=20))
    assert await served.drain() == 2
    assert await served.drain() == 0
    assert await stand.value("select count(*) from models") == 2


async def test_a_request_says_when_it_began_and_when_it_ended(stand: Stand, served: Trainer, fits: Fits) -> None:
    async def takes_a_minute(job: object) -> object:
        await stand.clock.sleep(60)
        return job

    fits.before = takes_a_minute  # type: ignore[assignment]
    identity = await request(stand)
    await served.drain()
    done = await state(stand, identity)
    assert (done.started_at, done.finished_at) == (END, END + timedelta(minutes=1))
    assert (await only_model(stand)).registered_at == END + timedelta(minutes=1)


async def test_too_few_sales_fail_at_once_and_say_what_to_do(stand: Stand, served: Trainer) -> None:
    identity = await request(stand, data_cutoff=END - timedelta(days=70))
    assert await served.drain() == 1
    done = await state(stand, identity)
    assert (done.status, done.attempts) == ("failed", 1)
    assert done.error is not None
    assert "import more history" in done.error
    assert await stand.value("select count(*) from models") == 0
    assert await stand.told(ContenderRegistered) == []


async def test_a_cut_off_in_the_future_fails_at_once(stand: Stand, served: Trainer, fits: Fits) -> None:
    """Its snapshot would claim sales that are still to come."""
    identity = await request(stand, data_cutoff=END + timedelta(hours=3))
    assert await served.drain() == 1
    done = await state(stand, identity)
    assert (done.status, done.attempts) == ("failed", 1)
    assert done.error is not None
    assert "lies ahead" in done.error
    assert fits.jobs == []


@pytest.mark.parametrize("refused", [1, 3])
async def test_the_store_being_away_costs_time_and_no_attempt(stand: Stand, served: Trainer, refused: int) -> None:
    identity = await request(stand)
    stand.store.away = refused
    await served.drain()
    done = await state(stand, identity)
    assert (done.status, done.attempts) == ("succeeded", 1)
    assert done.finished_at == END + timedelta(seconds=15 * refused)
    record = await only_model(stand)
    await load(stand, record.evaluation_snapshot)
