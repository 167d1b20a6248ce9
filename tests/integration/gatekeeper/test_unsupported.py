"""A release that cannot serve the champion, or a contender: judged by a rule of its own, or left to another release."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from services.gatekeeper.bootstrap import build
from services.ingestor.bootstrap import build as build_ingestor
from services.nowcaster.bootstrap import build as build_nowcaster
from shared.contracts.messages import ContenderRegistered, IngestRequested, NowcastRequested
from shared.database.pool import Database
from shared.errors import UnsupportedModelError
from shared.evaluation.gates import CONFIRMED, PUBLISHED
from shared.evaluation.policy import Policy, load_policy
from shared.registry import audit, models
from shared.registry.evidence.gathering import EvidenceGatherer
from shared.registry.evidence.recheck import recheck
from shared.registry.models import ModelRecord
from shared.stores.market_reader import MarketReader
from tests.factories import registry as made
from tests.factories import small_market
from tests.factories.stand import Stand
from tests.factories.unsupported import WHY, Release
from tests.integration.gatekeeper.conftest import START, Gate


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Release:
    return Release.deployed(monkeypatch)


@pytest.fixture
def policy() -> Policy:
    """The quick models of the small market are a little biased; one published value is enough here."""
    packaged = load_policy()
    rules = packaged.unsupported_champion
    assert rules is not None
    absolute = packaged.absolute.model_copy(update={"max_bias": 0.1, "bias_resolution": 0.2})
    few = rules.model_copy(update={"min_published": 1, "margin": 1.0})
    return packaged.model_copy(update={"absolute": absolute, "unsupported_champion": few})


async def nowcast(stand: Stand) -> None:
    """A freshly started nowcaster values the market as of now."""
    other = stand.another()
    await other.host(build_nowcaster(other.platform))
    await other.send(NowcastRequested(slot=stand.clock.now()))
    assert await other.dead() == []


@pytest.fixture
async def stand(database: Database, tmp_path: Path, policy: Policy) -> Stand:
    """A gatekeeper; the champion has published, and sales came after that."""
    stand = Stand.at(small_market.END - timedelta(days=5), database, tmp_path)
    await stand.import_until(stand.clock.now())
    await stand.promote(small_market.model())
    await nowcast(stand)
    stand.clock.move_to(small_market.END)
    other = stand.another()
    await other.host(build_ingestor(other.platform, source=small_market.Source()))
    await other.send(IngestRequested(slot=stand.clock.now()))
    assert await stand.value("select count(*) from outcomes where horizon = 'latest'") != 0
    await stand.host(build(stand.platform, policy=policy))
    return stand


async def champion_of(stand: Stand) -> ModelRecord:
    async with stand.database.connection() as connection:
        found = await models.champion(connection)
    assert found is not None
    return found


async def state(stand: Stand, record: ModelRecord) -> object:
    return await stand.value("select state from models where model_id = $1", record.model_id)


async def tell(stand: Stand, contender: ModelRecord) -> None:
    await stand.send(ContenderRegistered(model_id=contender.model_id, request_id=contender.training_request))


async def test_a_contender_replaces_a_champion_that_cannot_be_served_and_the_decision_can_be_made_again(
    stand: Stand, release: Release
) -> None:
    champion = await champion_of(stand)
    release.cannot_serve.add(champion.model_id)
    await nowcast(stand)
    contender = await stand.register(small_market.model(8), judged=False)
    await tell(stand, contender)
    assert await stand.dead() == []
    assert (await state(stand, champion), await state(stand, contender)) == ("retired", "champion")
    identity = await stand.value("select decision_id from decisions where subject_model = $1", contender.model_id)
    async with stand.database.connection() as connection:
        finding = await audit.verify(connection, identity)  # type: ignore[arg-type]
    checks = {check.check_name: check for check in finding.decision.checks}
    assert finding.problems == ()
    assert WHY in finding.decision.reason
    assert checks[PUBLISHED].verdict == "pass"
    published = await stand.value("select count(*) from outcomes where track = 'champion' and horizon = 'latest'")
    assert checks[PUBLISHED].n == published
    assert "blast_mean" not in checks
    gatherer = EvidenceGatherer(
        database=stand.database, store=stand.store, reader=MarketReader(), clock=stand.clock, threads=1, max_latency_s=5
    )
    assert await recheck(stand.database, gatherer, finding.decision) == []
    release.cannot_serve.clear()
    assert await recheck(stand.database, gatherer, finding.decision) == [], "with code that could serve it, too"
    await nowcast(stand)
    assert await stand.value("select count(*) from unsupported_models where cleared_at is null") == 0


async def test_a_champion_that_another_release_serves_is_not_replaced_by_that_rule(
    stand: Stand, release: Release
) -> None:
    """Only this gatekeeper cannot load it: nowcasts go on."""
    champion = await champion_of(stand)
    release.cannot_serve.add(champion.model_id)
    contender = await stand.register(small_market.model(8), judged=False)
    await tell(stand, contender)
    await stand.pass_time(7_200)
    assert await stand.dead() == []
    assert (await state(stand, champion), await state(stand, contender)) == ("champion", "registered")


async def test_an_anchor_that_cannot_be_served_is_left_out(stand: Stand, release: Release) -> None:
    anchor = await champion_of(stand)
    await stand.promote(small_market.model(8))
    release.cannot_serve.add(anchor.model_id)
    contender = await stand.register(small_market.model(9), judged=False)
    await tell(stand, contender)
    assert await stand.dead() == []
    rows = await stand.rows("select verdict, detail from gate_evidence where check_name = $1", CONFIRMED)
    (row,) = rows
    assert row["verdict"] == "inconclusive"
    assert WHY in row["detail"]


async def test_a_contender_of_a_newer_release_waits_for_its_gatekeeper_however_long_the_rollout_takes(
    stand: Stand, release: Release
) -> None:
    contender = await stand.register(small_market.model(8), judged=False)
    release.cannot_serve.add(contender.model_id)
    await tell(stand, contender)
    for _ in range(12):
        await stand.pass_time(600)
    assert await stand.dead() == []
    assert await state(stand, contender) == "registered"
    release.cannot_serve.clear()
    await stand.pass_time(600)
    assert await state(stand, contender) != "registered", "the newer gatekeeper has judged it"


async def test_after_a_day_the_message_ends_and_the_daily_look_sends_another(gate: Gate) -> None:
    gate.chosen.refused = UnsupportedModelError(WHY)
    gate.clock.move_to(START)
    await gate.register("newer")
    assert await gate.state("newer") == "registered"
    gate.clock.move_to(START + timedelta(days=1))
    await gate.bus.run_until_idle()
    assert len(gate.chosen.asked) == 2
    gate.clock.move_to(START + timedelta(days=2))
    await gate.pass_day(deliveries=2)
    assert len(gate.chosen.asked) == 2, "the message of then is over"
    (told,) = await gate.told(ContenderRegistered)
    assert isinstance(told, ContenderRegistered)
    gate.chosen.refused = None
    await gate.tell(told.model_id, message_id=uuid4())
    assert await gate.state("newer") == "champion"
    gate.clock.move_to(START + timedelta(days=3))
    await gate.pass_day()
    assert len(await gate.told(ContenderRegistered)) == 1
    assert made.model_id("newer") == told.model_id
