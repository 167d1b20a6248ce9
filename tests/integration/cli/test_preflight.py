"""`punkcast models preflight` and `punkcast migrate --preflight`: what a deployment learns from an exit code."""

from pathlib import Path

import pytest

from shared.errors import IntegrityError, InvalidInputError
from shared.registry.models import ModelRecord
from tests.factories import small_market
from tests.factories.database import Database
from tests.factories.harness import Harness
from tests.factories.signing import OURS, seed
from tests.factories.unsupported import WHY, Release
from tests.integration.cli.conftest import ran, said


@pytest.fixture
async def harness(database: Database, tmp_path: Path) -> Harness:
    """On the database and the objects that the commands see, too."""
    return Harness.at(small_market.END, database, tmp_path / "home")


async def promoted(harness: Harness) -> tuple[ModelRecord, ModelRecord, ModelRecord]:
    """The champion, the previous champion and a shadow."""
    previous = await harness.promote(small_market.model())
    champion = await harness.promote(small_market.model(8))
    return champion, previous, await harness.shadow(small_market.model(9))


async def test_before_the_first_champion_nothing_stands_in_the_way(harness: Harness) -> None:
    for command in (("models", "preflight"), ("migrate", "--preflight")):
        result = await ran(*command)
        assert result.exit_code == 0, result.output
    assert "no champion yet" in (await ran("models", "preflight")).stdout


async def test_models_that_all_load_are_named_with_their_roles(harness: Harness, release: Release) -> None:
    champion, previous, shadow = await promoted(harness)
    result = await ran("models", "preflight")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        f"{champion.model_id} champion: ok",
        f"{previous.model_id} previous: ok",
        f"{shadow.model_id} shadow: ok",
    ]


async def test_a_champion_that_does_not_load_stops_a_deployment_unless_that_is_accepted(
    harness: Harness, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion, *_ = await promoted(harness)
    release.cannot_serve.add(champion.model_id)
    looked = await ran("models", "preflight")
    assert looked.exit_code == 1
    assert f"{champion.model_id} champion: {WHY}" in looked.stdout
    stopped = await ran("migrate", "--preflight")
    assert stopped.exit_code == 1
    assert "keep the running release" in stopped.stdout
    assert (await ran("migrate", "--preflight", "--accept-unsupported")).exit_code == 0
    monkeypatch.setenv("PUNKCAST_ACCEPT_UNSUPPORTED", "true")
    accepted = await ran("migrate", "--preflight")
    assert accepted.exit_code == 0
    assert "a contender of this code" in accepted.stdout


async def test_a_damaged_champion_is_not_accepted_as_one_of_another_release(harness: Harness) -> None:
    champion, *_ = await promoted(harness)
    (harness.store.root / champion.artifact_key).write_bytes(b"{}")
    assert (await ran("models", "preflight")).exit_code == 1
    assert (await ran("migrate", "--preflight", "--accept-unsupported")).exit_code == 1


@pytest.mark.parametrize("missing", [1, 2], ids=["previous", "shadow"])
async def test_a_standby_model_that_does_not_load_is_reported_and_stops_no_deployment(
    harness: Harness, release: Release, missing: int
) -> None:
    standby = (await promoted(harness))[missing]
    release.cannot_serve.add(standby.model_id)
    assert (await ran("models", "preflight")).exit_code == 3
    migrated = await ran("migrate", "--preflight")
    assert migrated.exit_code == 0
    assert f"{standby.model_id} {('previous', 'shadow')[missing - 1]}: {WHY}" in migrated.stdout


async def test_a_deployment_that_trusts_keys_asks_for_a_signed_champion_and_models_sign_signs_it(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion = await harness.promote(small_market.model())
    made = dict(line.split(": ") for line in (await said("signing-key")).replace("=", ": ", 1).splitlines())
    monkeypatch.setenv("PUNKCAST_TRUSTED_KEYS", made["verifier key"])
    refused = await ran("models", "preflight")
    assert refused.exit_code == 1
    assert f"sign it with `punkcast models sign {champion.model_id}`" in refused.stdout
    monkeypatch.setenv("PUNKCAST_SIGNING_KEY", made["PUNKCAST_SIGNING_KEY"])
    for _ in range(2):
        assert made["verifier key"] in await said("models", "sign", champion.model_id)
    assert (await ran("models", "preflight")).exit_code == 0
    assert await harness.value("select count(*) from model_signatures") == 1


async def test_a_damaged_file_is_not_signed(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    champion = await harness.promote(small_market.model())
    path = harness.store.root / champion.artifact_key
    path.write_bytes(path.read_bytes().replace(b'"seed":7', b'"seed":8'))
    monkeypatch.setenv("PUNKCAST_SIGNING_KEY", seed(OURS))
    with pytest.raises(IntegrityError):
        await ran("models", "sign", champion.model_id)
    assert await harness.value("select count(*) from model_signatures") == 0


async def test_signing_without_a_key_says_how_to_make_one(harness: Harness) -> None:
    with pytest.raises(InvalidInputError, match="`punkcast signing-key` makes a key"):
        await ran("models", "sign", small_market.model().model_id)
