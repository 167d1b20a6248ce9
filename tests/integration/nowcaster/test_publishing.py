"""A nowcast is published whole, by moving one pointer, and never moves it back."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from services.nowcaster import repository
from services.nowcaster.bootstrap import build
from services.nowcaster.models import LoadedModels
from shared.contracts.messages import MarketUpdated, ModelPromoted, ModelRolledBack, NowcastPublished, NowcastRequested
from shared.messaging.transaction import Transaction
from shared.registry.models import ModelRecord
from shared.valuation.model import ValuationModel
from tests.factories import registry, small_market
from tests.factories.small_market import Source
from tests.factories.stand import Stand
from tests.integration.nowcaster.conftest import START, ingest, shown, shown_at, tick


def promoted(model_id: str) -> ModelPromoted:
    return ModelPromoted(model_id=model_id, decision_id=uuid4(), pointer_generation=1)


async def generations(stand: Stand) -> list[asyncpg.Record]:
    return await stand.rows(
        """select g.generation_id, role, model_id, as_of, snapshot_id, row_count, (
               select count(*) from nowcasts n where n.generation_id = g.generation_id) as rows
           from generations g order by generation_id"""
    )


async def test_a_tick_publishes_a_complete_generation_and_tells_of_it(stand: Stand, champion: str) -> None:
    at = await tick(stand)
    (generation,) = await generations(stand)
    assert (generation["role"], generation["model_id"], generation["as_of"]) == ("champion", champion, at)
    assert generation["row_count"] == generation["rows"] == 10_000
    assert await shown(stand) == (generation["generation_id"], champion, at)
    (told,) = await stand.told(NowcastPublished)
    assert isinstance(told, NowcastPublished)
    assert (told.generation_id, told.snapshot_id) == (generation["generation_id"], generation["snapshot_id"])
    assert (told.as_of, told.published_at, told.model_id) == (at, at, champion)


async def test_what_happens_at_the_very_instant_is_not_known_yet(stand: Stand, champion: str) -> None:
    await ingest(stand, Source())
    last = small_market.EVENTS.filter(small_market.EVENTS["timestamp"] < START)["seq"][-1]
    assert await stand.value("select max(seq) from market_events") == last + 1
    await tick(stand)
    assert await stand.value("select last_event_seq from snapshots where kind = 'nowcast'") == last


@pytest.mark.parametrize("step", ["move_pointer", "emit"])
async def test_a_failure_after_the_rows_leaves_no_generation_and_the_next_try_publishes_it(
    stand: Stand, champion: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    holder = repository if step == "move_pointer" else Transaction

    async def fails(*_: object, **__: object) -> None:
        raise ConnectionResetError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(holder, step, fails)
        await tick(stand)
    assert await shown(stand) is None
    for table in ("generations", "nowcasts", "outbox", "inbox"):
        assert await stand.value(f"select count(*) from {table}") == 0
    await stand.pass_time(10)
    assert await shown(stand) == ((await generations(stand))[0]["generation_id"], champion, START)


@pytest.mark.parametrize("punks_known", [True, False])
async def test_without_a_champion_the_tick_is_done_and_nothing_published(stand: Stand, punks_known: bool) -> None:
    if not punks_known:
        async with stand.database.transaction() as connection:
            await connection.execute("delete from punks")
    await tick(stand)
    assert await stand.value("select count(*) from inbox where consumer = 'nowcaster'") == 1
    assert await stand.value("select count(*) from snapshots") == 0
    assert stand.bus.waiting("nowcaster") == 0
    assert await stand.dead() == []


async def test_a_slot_older_than_what_is_shown_is_skipped(stand: Stand, champion: str) -> None:
    await tick(stand, minutes=30)
    before = await shown(stand)
    await stand.send(NowcastRequested(slot=START))
    assert await shown(stand) == before
    assert len(await generations(stand)) == 1
    assert await stand.value("select count(*) from inbox") == 2


async def test_the_same_tick_twice_publishes_once(stand: Stand, champion: str) -> None:
    identity = await stand.send(NowcastRequested(slot=START))
    before = await shown(stand)
    stand.clock.move_to(START + timedelta(minutes=1))
    await stand.send(NowcastRequested(slot=START), message_id=identity)
    await stand.send(NowcastRequested(slot=START))
    assert await shown(stand) == before
    assert len(await stand.told(NowcastPublished)) == 1


async def test_a_slot_that_lies_ahead_waits_until_it_has_come(stand: Stand, champion: str) -> None:
    """Published at once it would make every nowcast until then outdated."""
    await stand.send(NowcastRequested(slot=START + timedelta(seconds=8)))
    assert await shown(stand) is None
    await stand.pass_time(10)
    assert await shown_at(stand) == START + timedelta(seconds=8)


async def test_a_slot_far_ahead_is_given_up_and_ticks_go_on(stand: Stand, champion: str) -> None:
    await stand.send(NowcastRequested(slot=START + timedelta(hours=12)))
    at = await tick(stand, minutes=30)
    for seconds in (10, 60, 600, 600):
        await stand.pass_time(seconds)
    assert await shown_at(stand) == at
    (dead,) = await stand.dead()
    assert "compare the clocks" in dead.reason


async def test_a_promotion_at_the_same_instant_publishes_the_new_champions_values(stand: Stand, champion: str) -> None:
    await tick(stand)
    new = await stand.promote(small_market.model(8))
    await stand.send(promoted(new.model_id))
    first, second, previous = await generations(stand)
    assert (second["role"], second["model_id"]) == ("champion", new.model_id)
    assert (previous["role"], previous["model_id"]) == ("previous", champion)
    assert first["snapshot_id"] == second["snapshot_id"] == previous["snapshot_id"]
    assert await shown(stand) == (second["generation_id"], new.model_id, START)
    assert [g["rows"] for g in (second, previous)] == [10_000, 10_000]
    values = "select array_agg(value_wei order by punk_id) from nowcasts where generation_id = $1"
    assert await stand.value(values, second["generation_id"]) != await stand.value(values, first["generation_id"])
    assert await stand.value(values, previous["generation_id"]) == await stand.value(values, first["generation_id"])


async def test_a_rollback_publishes_the_old_champion_again_at_once(stand: Stand, champion: str) -> None:
    new = await stand.promote(small_market.model(8))
    await tick(stand)
    async with stand.database.transaction() as connection:
        await connection.execute("update models set state = 'rolled_back' where model_id = $1", new.model_id)
        await connection.execute("update models set state = 'champion' where model_id = $1", champion)
        await connection.execute(
            """with d as (insert into decisions
                   select gen_random_uuid(), 'rollback', subject_model, champion_model, verdict, 'rollback',
                          policy_hash, evidence_hash, evidence, actor, reason, 2, decided_at from decisions
                   where subject_model = $2
                   returning decision_id)
               update model_pointer set model_id = $1, generation = generation + 1,
                      decision_id = (select decision_id from d)""",
            champion,
            new.model_id,
        )
    stand.clock.move_to(START + timedelta(seconds=3))
    await stand.send(
        ModelRolledBack(
            model_id=champion,
            rolled_back_model_id=new.model_id,
            decision_id=uuid4(),
            pointer_generation=3,
            reason="worse",
        )
    )
    here = await shown(stand)
    assert here is not None
    assert here[1:] == (champion, START + timedelta(seconds=3))


async def test_every_companion_values_the_champions_snapshot_and_moves_nothing(stand: Stand, champion: str) -> None:
    new = await stand.promote(small_market.model(8))
    beside = await stand.shadow(small_market.model(9))
    at = await tick(stand)
    found = await generations(stand)
    assert {(g["role"], g["model_id"]) for g in found} == {
        ("champion", new.model_id),
        ("previous", champion),
        ("shadow", beside.model_id),
    }
    assert len({g["snapshot_id"] for g in found}) == 1
    assert {g["rows"] for g in found} == {10_000}
    here = await shown(stand)
    assert here is not None
    assert here[1:] == (new.model_id, at)
    assert len(await stand.told(NowcastPublished)) == 1


async def test_a_promotion_during_the_cycle_overtakes_it(
    stand: Stand, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values of a model that is champion no more are never shown."""
    record = await stand.register(small_market.model(8))
    load = LoadedModels.load

    async def load_while_another_is_promoted(self: LoadedModels, wanted: ModelRecord) -> ValuationModel:
        monkeypatch.setattr(LoadedModels, "load", load)
        async with stand.database.transaction() as connection:
            await registry.promote(connection, record.model_id, stand.clock.now(), register=False)
        return await load(self, wanted)

    monkeypatch.setattr(LoadedModels, "load", load_while_another_is_promoted)
    await tick(stand)
    assert await generations(stand) == []
    await stand.pass_time(10)
    here = await shown(stand)
    assert here is not None
    assert here[1:] == (record.model_id, START)
    assert [m.model_id for m in await stand.told(NowcastPublished)] == [record.model_id]  # type: ignore[attr-defined]


async def test_a_slow_replica_does_not_move_the_pointer_back(
    stand: Stand, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = stand.another()
    await quick.host(build(quick.platform))
    load = LoadedModels.load

    async def load_while_the_other_publishes(self: LoadedModels, wanted: ModelRecord) -> ValuationModel:
        monkeypatch.setattr(LoadedModels, "load", load)
        await tick(quick, minutes=30)
        return await load(self, wanted)

    monkeypatch.setattr(LoadedModels, "load", load_while_the_other_publishes)
    await stand.send(NowcastRequested(slot=START))
    newer = await shown(stand)
    assert newer is not None
    assert newer[2] == START + timedelta(minutes=30)
    await stand.pass_time(10)
    assert await shown(stand) == newer
    assert len(await generations(stand)) == 1
    assert stand.bus.waiting("nowcaster") == 0


async def test_news_of_the_market_are_read_ahead_without_any_effect(stand: Stand, champion: str) -> None:
    before = await stand.value("select count(*) from inbox")
    await stand.send(MarketUpdated(last_seq=1, last_block=1, events=1, sales_scored=0))
    assert await stand.value("select count(*) from inbox") == before
    assert await stand.dead() == []
