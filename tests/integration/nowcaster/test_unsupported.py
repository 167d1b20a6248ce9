"""A release cannot serve the champion: the last nowcast stays, a person is told, a contender is asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.nowcaster.bootstrap import build
from shared.contracts.messages import AlertRaised, NowcastPublished, TrainingRequested
from shared.registry import unsupported
from tests.factories import small_market
from tests.factories.stand import Stand
from tests.factories.unsupported import WHY, Release
from tests.integration.nowcaster.conftest import shown, tick


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Release:
    return Release.deployed(monkeypatch)


async def restarted(stand: Stand) -> Stand:
    """A nowcaster that holds no model in memory yet."""
    other = stand.another()
    await other.host(build(other.platform))
    return other


async def test_a_champion_that_this_code_cannot_serve_is_told_once_and_a_contender_asked_for_once(
    stand: Stand, champion: str, release: Release
) -> None:
    await tick(stand)
    before = await shown(stand)
    release.cannot_serve.add(champion)
    stand = await restarted(stand)
    for minutes in (30, 5, 5):
        await tick(stand, minutes=minutes)
    assert await stand.dead() == []
    assert await shown(stand) == before, "the last nowcast stays"
    assert await stand.value("select count(*) from generations") == 1
    (alert,) = await stand.told(AlertRaised)
    assert isinstance(alert, AlertRaised)
    assert (alert.kind, alert.severity, alert.model_id) == ("unsupported_champion", "critical", champion)
    assert WHY in alert.summary
    (asked,) = await stand.told(TrainingRequested)
    assert isinstance(asked, TrainingRequested)
    assert champion in asked.reason
    assert await stand.value("select count(*) from nowcast_failures") == 0, "nothing speaks against the model"
    async with stand.database.connection() as connection:
        found = await unsupported.find(connection, champion)
    assert found is not None
    assert (found.role, found.reason) == ("champion", WHY)


async def test_it_is_on_record_until_a_champion_is_published_again(
    stand: Stand, champion: str, release: Release
) -> None:
    release.cannot_serve.add(champion)
    await tick(stand)
    assert await stand.value("select count(*) from unsupported_models where cleared_at is null") == 1
    release.cannot_serve.clear()
    at = await tick(stand, minutes=30)
    assert await stand.value("select cleared_at from unsupported_models") == at
    assert len(await stand.told(NowcastPublished)) == 1


async def test_a_contender_is_asked_for_every_hour_until_the_gate_has_judged_one_and_daily_then(
    stand: Stand, champion: str, release: Release
) -> None:
    release.cannot_serve.add(champion)
    await tick(stand)
    await tick(stand, minutes=59)
    assert len(await stand.told(TrainingRequested)) == 1
    await tick(stand, minutes=1)
    assert len(await stand.told(TrainingRequested)) == 2
    contender = await stand.register(small_market.model(8))
    async with stand.database.transaction() as connection:
        await connection.execute(
            """insert into decisions (decision_id, kind, subject_model, verdict, action, policy_hash, evidence_hash,
                                      evidence, actor, reason, expected_generation, decided_at)
               values (gen_random_uuid(), 'gate', $1, 'fail', 'reject', 'p', 'e', '{}', 'gate', 'worse', 1, $2)""",
            contender.model_id,
            stand.clock.now(),
        )
    await tick(stand, minutes=60)
    assert len(await stand.told(TrainingRequested)) == 2
    stand.clock.move_to(stand.clock.now() + timedelta(hours=23))
    await tick(stand)
    assert len(await stand.told(TrainingRequested)) == 3
    assert len(await stand.told(AlertRaised)) == 1


@pytest.mark.parametrize("role", ["previous", "shadow"])
async def test_a_companion_that_this_code_cannot_serve_is_left_out_and_nothing_speaks_against_it(
    stand: Stand, release: Release, role: str
) -> None:
    champion = companion = await stand.promote(small_market.model())
    if role == "previous":
        champion = await stand.promote(small_market.model(8))
    else:
        companion = await stand.shadow(small_market.model(8))
    release.cannot_serve.add(companion.model_id)
    at = await tick(stand)
    here = await shown(stand)
    assert here is not None
    assert here[1:] == (champion.model_id, at)
    assert await stand.value("select count(*) from nowcast_failures") == 0
    assert await stand.told(AlertRaised) == []
    (row,) = await stand.rows("select model_id, role from unsupported_models where cleared_at is null")
    assert tuple(row) == (companion.model_id, role)
    release.cannot_serve.clear()
    await tick(stand, minutes=30)
    assert await stand.value("select count(*) from unsupported_models where cleared_at is null") == 0
    assert await stand.value("select count(*) from generations where role = $1", role) == 1


async def test_the_record_of_an_unsupported_champion_goes_on_as_that_of_the_predecessor(
    stand: Stand, champion: str, release: Release
) -> None:
    release.cannot_serve.add(champion)
    await tick(stand)
    await stand.promote(small_market.model(8))
    await tick(stand, minutes=30)
    rows = await stand.rows("select role, cleared_at is null from unsupported_models order by since, cleared_at")
    assert [tuple(row) for row in rows] == [("champion", False), ("previous", True)]
