"""A release cannot serve the champion: the last nowcast stays, an alert is raised and a contender requested."""

from datetime import timedelta

import pytest

from services.nowcaster.bootstrap import build
from shared.contracts.messages import AlertRaised, NowcastPublished, TrainingRequested
from shared.evaluation.policy import load_policy
from shared.registry import decisions, models, unsupported
from tests.factories import registry as made
from tests.factories import small_market
from tests.factories.harness import Harness
from tests.factories.signing import OURS, sign_model, trust
from tests.factories.unsupported import WHY, Release
from tests.integration.nowcaster.conftest import shown, tick, with_standby


async def test_a_champion_that_this_code_cannot_serve_raises_one_alert_and_one_training_request(
    harness: Harness, champion: str, release: Release
) -> None:
    await tick(harness)
    before = await shown(harness)
    release.cannot_serve.add(champion)
    harness = await harness.another(build)
    for minutes in (30, 5, 5):
        await tick(harness, minutes=minutes)
    assert await harness.dead() == []
    assert await shown(harness) == before, "the last nowcast stays"
    assert await harness.value("select count(*) from generations") == 1
    (alert,) = await harness.emitted(AlertRaised)
    assert (alert.kind, alert.severity, alert.model_id) == ("unsupported_champion", "critical", champion)
    assert WHY in alert.summary
    (asked,) = await harness.emitted(TrainingRequested)
    assert champion in asked.reason
    assert await harness.value("select count(*) from nowcast_failures") == 0, "nothing speaks against the model"
    record = await harness.run(unsupported.find, champion)
    assert (record.role, record.reason) == ("champion", WHY)


async def test_it_is_on_record_until_a_champion_is_published_again(
    harness: Harness, champion: str, release: Release
) -> None:
    release.cannot_serve.add(champion)
    await tick(harness)
    assert await harness.value("select count(*) from unsupported_models where cleared_at is null") == 1
    release.cannot_serve.clear()
    at = await tick(harness, minutes=30)
    assert await harness.value("select cleared_at from unsupported_models") == at
    assert len(await harness.emitted(NowcastPublished)) == 1


async def test_a_contender_is_asked_for_every_hour_until_the_gate_has_judged_one_and_daily_then(
    harness: Harness, champion: str, release: Release
) -> None:
    release.cannot_serve.add(champion)
    await tick(harness)
    await tick(harness, minutes=59)
    assert len(await harness.emitted(TrainingRequested)) == 1
    await tick(harness, minutes=1)
    assert len(await harness.emitted(TrainingRequested)) == 2
    contender = await harness.register(small_market.model(8))
    rejection = made.decision(contender.model_id, harness.clock.now(), generation=1, action="reject")
    await harness.run(decisions.record, rejection, (), load_policy())
    await tick(harness, minutes=60)
    assert len(await harness.emitted(TrainingRequested)) == 2
    harness.clock.move_to(harness.clock.now() + timedelta(hours=23))
    await tick(harness)
    assert len(await harness.emitted(TrainingRequested)) == 3
    assert len(await harness.emitted(AlertRaised)) == 1


@pytest.mark.parametrize("role", ["previous", "shadow"])
async def test_a_standby_model_that_this_code_cannot_serve_is_left_out_and_nothing_speaks_against_it(
    harness: Harness, release: Release, role: str
) -> None:
    champion, standby = await with_standby(harness, role)
    release.cannot_serve.add(standby.model_id)
    at = await tick(harness)
    assert (await shown(harness))[1:] == (champion.model_id, at)
    assert await harness.value("select count(*) from nowcast_failures") == 0
    assert await harness.emitted(AlertRaised) == []
    (row,) = await harness.rows("select model_id, role from unsupported_models where cleared_at is null")
    assert tuple(row) == (standby.model_id, role)
    release.cannot_serve.clear()
    await tick(harness, minutes=30)
    assert await harness.value("select count(*) from unsupported_models where cleared_at is null") == 0
    assert await harness.value("select count(*) from generations where role = $1", role) == 1


async def test_the_record_of_an_unsupported_champion_goes_on_as_that_of_the_predecessor(
    harness: Harness, champion: str, release: Release
) -> None:
    release.cannot_serve.add(champion)
    await tick(harness)
    await harness.promote(small_market.model(8))
    await tick(harness, minutes=30)
    rows = await harness.rows("select role, cleared_at is null from unsupported_models order by since, cleared_at")
    assert [tuple(row) for row in rows] == [("champion", False), ("previous", True)]


async def test_a_champion_that_no_trusted_key_signed_is_not_loaded_until_it_is_signed(
    harness: Harness, champion: str
) -> None:
    await tick(harness)
    before = await shown(harness)
    trust(harness, OURS)
    harness = await harness.another(build)
    await tick(harness, minutes=30)
    assert await harness.dead() == []
    assert await shown(harness) == before, "the last nowcast stays"
    (alert,) = await harness.emitted(AlertRaised)
    assert (alert.kind, alert.severity, alert.model_id) == ("unsupported_champion", "critical", champion)
    assert f"no key of PUNKCAST_TRUSTED_KEYS signed the file of {champion}" in alert.summary
    assert len(await harness.emitted(TrainingRequested)) == 1
    assert await harness.value("select count(*) from nowcast_failures") == 0, "nothing speaks against the model"
    await sign_model(harness, await harness.run(models.get, champion), OURS)
    at = await tick(harness, minutes=30)
    assert (await shown(harness)).as_of == at
    assert await harness.value("select cleared_at from unsupported_models") == at
