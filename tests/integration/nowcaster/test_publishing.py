"""A nowcast is published whole, by moving one pointer, and never moves it back."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import asyncpg
import pytest

from services.nowcaster import repository
from services.nowcaster.bootstrap import build
from services.nowcaster.models import LoadedModels
from shared.contracts.messages import MarketUpdated, ModelPromoted, ModelRolledBack, NowcastPublished, NowcastRequested
from shared.messaging.transaction import Transaction
from shared.registry.models import ModelRecord
from shared.valuation.model import ValuationModel
from tests.factories import registry as made
from tests.factories import small_market
from tests.factories.harness import Harness
from tests.factories.small_market import Source
from tests.integration.nowcaster.conftest import START, ingest, shown, tick


async def promoted(harness: Harness) -> ModelPromoted:
    """The message of the last promotion."""
    return (await harness.emitted(ModelPromoted))[-1]


async def generations(harness: Harness) -> list[asyncpg.Record]:
    return await harness.rows(
        """select g.generation_id, role, model_id, as_of, snapshot_id, row_count, (
               select count(*) from nowcasts n where n.generation_id = g.generation_id) as rows
           from generations g order by generation_id"""
    )


async def test_a_tick_publishes_a_complete_generation_and_tells_of_it(harness: Harness, champion: str) -> None:
    at = await tick(harness)
    (generation,) = await generations(harness)
    assert (generation["role"], generation["model_id"], generation["as_of"]) == ("champion", champion, at)
    assert generation["row_count"] == generation["rows"] == 10_000
    assert await shown(harness) == (generation["generation_id"], champion, at)
    (message,) = await harness.emitted(NowcastPublished)
    assert (message.generation_id, message.snapshot_id) == (generation["generation_id"], generation["snapshot_id"])
    assert (message.as_of, message.published_at, message.model_id) == (at, at, champion)


async def test_what_happens_at_the_very_instant_is_not_known_yet(harness: Harness, champion: str) -> None:
    await ingest(harness, Source())
    last = small_market.EVENTS.filter(small_market.EVENTS["timestamp"] < START)["seq"][-1]
    assert await harness.value("select max(seq) from market_events") == last + 1
    await tick(harness)
    assert await harness.value("select last_event_seq from snapshots where kind = 'nowcast'") == last


@pytest.mark.parametrize("step", ["move_pointer", "emit"])
async def test_a_failure_after_the_rows_leaves_no_generation_and_the_next_try_publishes_it(
    harness: Harness, champion: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    holder = repository if step == "move_pointer" else Transaction

    async def fails(*_: object, **__: object) -> None:
        raise ConnectionResetError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(holder, step, fails)
        await tick(harness)
    assert await shown(harness) is None
    for table in ("generations", "nowcasts", "inbox"):
        assert await harness.value(f"select count(*) from {table}") == 0
    assert await harness.emitted(NowcastPublished) == []
    await harness.pass_time(10)
    assert await shown(harness) == ((await generations(harness))[0]["generation_id"], champion, START)


@pytest.mark.parametrize("punks_known", [True, False])
async def test_without_a_champion_the_tick_is_done_and_nothing_published(harness: Harness, punks_known: bool) -> None:
    if not punks_known:
        await harness.execute("delete from punks")
    await tick(harness)
    assert await harness.value("select count(*) from inbox where consumer = 'nowcaster'") == 1
    assert await harness.value("select count(*) from snapshots") == 0
    assert harness.bus.waiting("nowcaster") == 0
    assert await harness.dead() == []


async def test_a_slot_older_than_what_is_shown_is_skipped(harness: Harness, champion: str) -> None:
    await tick(harness, minutes=30)
    before = await shown(harness)
    await harness.send(NowcastRequested(slot=START))
    assert await shown(harness) == before
    assert len(await generations(harness)) == 1
    assert await harness.value("select count(*) from inbox") == 2


async def test_the_same_tick_twice_publishes_once(harness: Harness, champion: str) -> None:
    identity = await harness.send(NowcastRequested(slot=START))
    before = await shown(harness)
    harness.clock.move_to(START + timedelta(minutes=1))
    await harness.send(NowcastRequested(slot=START), message_id=identity)
    await harness.send(NowcastRequested(slot=START))
    assert await shown(harness) == before
    assert len(await harness.emitted(NowcastPublished)) == 1


async def test_a_slot_that_lies_ahead_waits_until_it_has_come(harness: Harness, champion: str) -> None:
    """Published at once it would make every nowcast until then outdated."""
    await harness.send(NowcastRequested(slot=START + timedelta(seconds=8)))
    assert await shown(harness) is None
    await harness.pass_time(10)
    assert (await shown(harness)).as_of == START + timedelta(seconds=8)


async def test_a_slot_far_ahead_is_given_up_and_ticks_go_on(harness: Harness, champion: str) -> None:
    await harness.send(NowcastRequested(slot=START + timedelta(hours=12)))
    at = await tick(harness, minutes=30)
    for seconds in (10, 60, 600, 600):
        await harness.pass_time(seconds)
    assert (await shown(harness)).as_of == at
    (dead,) = await harness.dead()
    assert "compare the clocks" in dead.reason


async def test_a_promotion_at_the_same_instant_publishes_the_new_champions_values(
    harness: Harness, champion: str
) -> None:
    await tick(harness)
    new = await harness.promote(small_market.model(8))
    await harness.send(await promoted(harness))
    first, second, previous = await generations(harness)
    assert (second["role"], second["model_id"]) == ("champion", new.model_id)
    assert (previous["role"], previous["model_id"]) == ("previous", champion)
    assert first["snapshot_id"] == second["snapshot_id"] == previous["snapshot_id"]
    assert await shown(harness) == (second["generation_id"], new.model_id, START)
    assert [g["rows"] for g in (second, previous)] == [10_000, 10_000]
    values = "select array_agg(value_wei order by punk_id) from nowcasts where generation_id = $1"
    assert await harness.value(values, second["generation_id"]) != await harness.value(values, first["generation_id"])
    assert await harness.value(values, previous["generation_id"]) == await harness.value(values, first["generation_id"])


async def test_a_rollback_publishes_the_old_champion_again_at_once(harness: Harness, champion: str) -> None:
    new = await harness.promote(small_market.model(8))
    await tick(harness)
    await harness.run(made.roll_back, new.model_id, START, to=champion)
    harness.clock.move_to(START + timedelta(seconds=3))
    (message,) = await harness.emitted(ModelRolledBack)
    await harness.send(message)
    assert (await shown(harness))[1:] == (champion, START + timedelta(seconds=3))


async def test_every_standby_model_values_the_champions_snapshot_and_moves_nothing(
    harness: Harness, champion: str
) -> None:
    new = await harness.promote(small_market.model(8))
    shadow = await harness.shadow(small_market.model(9))
    at = await tick(harness)
    published = await generations(harness)
    assert {(g["role"], g["model_id"]) for g in published} == {
        ("champion", new.model_id),
        ("previous", champion),
        ("shadow", shadow.model_id),
    }
    assert len({g["snapshot_id"] for g in published}) == 1
    assert {g["rows"] for g in published} == {10_000}
    assert (await shown(harness))[1:] == (new.model_id, at)
    assert len(await harness.emitted(NowcastPublished)) == 1


def during_the_next_load(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Awaitable[object]]) -> None:
    """Something happens while a model is loaded."""
    load = LoadedModels.load

    async def interrupted(self: LoadedModels, wanted: ModelRecord) -> ValuationModel:
        monkeypatch.setattr(LoadedModels, "load", load)
        await happens()
        return await load(self, wanted)

    monkeypatch.setattr(LoadedModels, "load", interrupted)


async def test_a_promotion_during_the_cycle_overtakes_it(
    harness: Harness, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values of a model that is champion no more are never shown."""
    record = await harness.register(small_market.model(8))
    promotion = partial(harness.run, made.promote, record.model_id, harness.clock.now(), register=False)
    during_the_next_load(monkeypatch, promotion)
    await tick(harness)
    assert await generations(harness) == []
    await harness.pass_time(10)
    assert (await shown(harness))[1:] == (record.model_id, START)
    assert [m.model_id for m in await harness.emitted(NowcastPublished)] == [record.model_id]


async def test_a_slow_replica_does_not_move_the_pointer_back(
    harness: Harness, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = await harness.another(build)
    during_the_next_load(monkeypatch, partial(tick, quick, minutes=30))
    await harness.send(NowcastRequested(slot=START))
    newer = await shown(harness)
    assert newer.as_of == START + timedelta(minutes=30)
    await harness.pass_time(10)
    assert await shown(harness) == newer
    assert len(await generations(harness)) == 1
    assert harness.bus.waiting("nowcaster") == 0


async def test_news_of_the_market_are_read_ahead_without_any_effect(harness: Harness, champion: str) -> None:
    before = await harness.value("select count(*) from inbox")
    await harness.send(MarketUpdated(last_seq=1, last_block=1, events=1, sales_scored=0))
    assert await harness.value("select count(*) from inbox") == before
    assert await harness.dead() == []
