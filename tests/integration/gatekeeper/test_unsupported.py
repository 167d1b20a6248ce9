"""A release that cannot serve the champion, or a contender: judged by a rule of its own, or left to another release."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from services.gatekeeper.bootstrap import build
from services.ingestor.bootstrap import build as build_ingestor
from services.nowcaster.bootstrap import build as build_nowcaster
from shared.contracts.messages import ContenderRegistered, IngestRequested, NowcastRequested
from shared.errors import UnsupportedModelError
from shared.evaluation.gates import CONFIRMED, PUBLISHED
from shared.evaluation.policy import Policy, load_policy
from shared.registry import audit, models
from shared.registry.evidence.recheck import recheck
from tests.factories import registry as made
from tests.factories import small_market
from tests.factories.database import Database
from tests.factories.harness import Harness
from tests.factories.signing import OURS, STRANGERS, sign_model, trust
from tests.factories.unsupported import WHY, Release
from tests.integration.gatekeeper.conftest import Gate


@pytest.fixture
def policy() -> Policy:
    """The quick models of the small market are a little biased; one published value is enough here."""
    packaged = load_policy()
    rules = packaged.unsupported_champion
    absolute = packaged.absolute.model_copy(update={"max_bias": 0.1, "bias_resolution": 0.2})
    few = rules.model_copy(update={"min_published": 1, "margin": 1.0})
    return packaged.model_copy(update={"absolute": absolute, "unsupported_champion": few})


async def nowcast(harness: Harness) -> None:
    await harness.elsewhere(build_nowcaster, NowcastRequested(slot=harness.clock.now()))


@pytest.fixture
async def harness(database: Database, tmp_path: Path, policy: Policy) -> Harness:
    """A gatekeeper; the champion has published, and sales came after that."""
    harness = Harness.at(small_market.END - timedelta(days=5), database, tmp_path)
    await harness.import_until(harness.clock.now())
    await harness.promote(small_market.model())
    await nowcast(harness)
    harness.clock.move_to(small_market.END)
    await harness.elsewhere(build_ingestor, IngestRequested(slot=small_market.END), source=small_market.Source())
    assert await harness.value("select count(*) from outcomes where horizon = 'latest'") != 0
    await harness.host(build, policy=policy)
    return harness


async def judged(harness: Harness, seed: int = 8) -> str:
    """A contender that the trainer has registered and announced; its id."""
    contender = await harness.register(small_market.model(seed), judged=False)
    await harness.send(ContenderRegistered(model_id=contender.model_id, request_id=contender.training_request))
    assert await harness.dead() == []
    return contender.model_id


async def test_a_contender_replaces_a_champion_that_cannot_be_served_and_the_decision_can_be_made_again(
    harness: Harness, release: Release
) -> None:
    release.cannot_serve.add(champion := small_market.model().model_id)
    await nowcast(harness)
    contender = await judged(harness)
    assert (await harness.state(champion), await harness.state(contender)) == ("retired", "champion")
    identity = await harness.value("select decision_id from decisions where subject_model = $1", contender)
    finding = await harness.run(audit.verify, identity)
    checks = {check.check_name: check for check in finding.decision.checks}
    assert finding.problems == ()
    assert WHY in finding.decision.reason
    assert checks[PUBLISHED].verdict == "pass"
    published = await harness.value("select count(*) from outcomes where track = 'champion' and horizon = 'latest'")
    assert checks[PUBLISHED].n == published
    assert "blast_mean" not in checks
    gatherer = harness.gatherer()
    assert await recheck(harness.database, gatherer, finding.decision) == []
    release.cannot_serve.clear()
    assert await recheck(harness.database, gatherer, finding.decision) == [], "with code that could serve it, too"
    await nowcast(harness)
    assert await harness.value("select count(*) from unsupported_models where cleared_at is null") == 0


async def test_a_champion_that_another_release_serves_is_not_replaced_by_that_rule(
    harness: Harness, release: Release
) -> None:
    """Only this gatekeeper cannot load it: nowcasts go on."""
    release.cannot_serve.add(champion := small_market.model().model_id)
    contender = await judged(harness)
    await harness.pass_time(7_200)
    assert await harness.dead() == []
    assert (await harness.state(champion), await harness.state(contender)) == ("champion", "registered")


async def test_a_confirmed_champion_that_cannot_be_served_is_left_out(harness: Harness, release: Release) -> None:
    await harness.promote(small_market.model(8))
    release.cannot_serve.add(small_market.model().model_id)
    await judged(harness, 9)
    (row,) = await harness.rows("select verdict, detail from gate_evidence where check_name = $1", CONFIRMED)
    assert row["verdict"] == "inconclusive"
    assert WHY in row["detail"]


async def test_a_contender_of_a_newer_release_waits_for_its_gatekeeper_however_long_the_rollout_takes(
    harness: Harness, release: Release
) -> None:
    release.cannot_serve.add(small_market.model(8).model_id)
    contender = await judged(harness)
    for _ in range(12):
        await harness.pass_time(600)
    assert await harness.dead() == []
    assert await harness.state(contender) == "registered"
    release.cannot_serve.clear()
    await harness.pass_time(600)
    assert await harness.state(contender) != "registered", "the newer gatekeeper has judged it"


async def test_after_a_day_the_message_ends_and_the_daily_look_sends_another(vacant: Gate) -> None:
    vacant.chosen.refused = UnsupportedModelError(WHY)
    assert await vacant.judge("newer") == "registered"
    await vacant.pass_time(86_400)
    assert len(vacant.chosen.asked) == 2
    await vacant.pass_day(deliveries=2, days=2)
    assert len(vacant.chosen.asked) == 2, "the message of then is over"
    (message,) = await vacant.emitted(ContenderRegistered)
    vacant.chosen.refused = None
    await vacant.announce(message.model_id, message_id=uuid4())
    assert await vacant.state("newer") == "champion"
    await vacant.pass_day(days=3)
    assert len(await vacant.emitted(ContenderRegistered)) == 1
    assert made.model_id("newer") == message.model_id


async def test_a_contender_that_no_trusted_key_signed_is_never_promoted(harness: Harness, policy: Policy) -> None:
    trust(harness, OURS)
    await sign_model(harness, await harness.run(models.get, small_market.model().model_id), OURS)
    other = await harness.another(build, policy=policy)
    contender = await harness.register(small_market.model(8), judged=False)
    await sign_model(harness, contender, STRANGERS)
    await other.send(ContenderRegistered(model_id=contender.model_id, request_id=contender.training_request))
    assert await harness.state(contender.model_id) == "registered"
    assert await harness.value("select count(*) from decisions where subject_model = $1", contender.model_id) == 0
    await sign_model(harness, contender, OURS)
    await other.pass_time(660)
    assert await harness.value("select count(*) from decisions where subject_model = $1", contender.model_id) == 1
