"""`punkcast policy`, `decisions` and `models`: what a person sees and does, against a real database."""

import getpass
import json
import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from shared.errors import ConflictError, InvalidInputError, NotFoundError
from shared.evaluation.policy import PolicyError, load_policy
from tests.factories import registry as made
from tests.factories.database import Database
from tests.integration.cli.conftest import invoke, ran, run, said

AT = datetime(2025, 2, 1, tzinfo=UTC)
FIRST, SECOND, THIRD = map(made.model_id, ("first", "second", "third"))
TEXT = files("shared.evaluation").joinpath("policy.toml").read_text()


@pytest.fixture
async def lived(database: Database) -> Database:
    """Two champions by a person's word, and a shadow of the second."""
    for name in ("first", "second", "third"):
        await database.run(made.evaluated, name, AT)
    for days, name in enumerate(("first", "second")):
        await made.promote_by_hand(database, name, AT + timedelta(days=days))
    return database


def test_the_active_policy_is_shown_and_named_by_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = load_policy()
    shown = run("policy", "show")
    assert policy.policy_hash in shown
    assert re.search(r"absolute\.max_bias +0\.02", shown)
    assert run("policy", "show", "--json").strip() == policy.body
    own = tmp_path / "own.toml"
    own.write_text(TEXT.replace("max_bias = 0.02 ", "max_bias = 0.03 "))
    monkeypatch.setenv("PUNKCAST_POLICY_FILE", str(own))
    assert load_policy(own).policy_hash in run("policy", "show")


def test_a_policy_file_is_checked(tmp_path: Path) -> None:
    whole, gap = tmp_path / "whole.toml", tmp_path / "gap.toml"
    whole.write_text(TEXT)
    assert "complete; 0 knobs differ" in run("policy", "check", str(whole))
    gap.write_text(TEXT.replace("threshold = 20.0\n", "", 1))
    with pytest.raises(PolicyError, match=r"gap\.toml.*sequential\.threshold"):
        run("policy", "check", str(gap))
    with pytest.raises(PolicyError, match="cannot be read"):
        run("policy", "check", str(tmp_path / "nothing.toml"))


async def test_policies_are_compared_by_file_by_hash_and_with_the_active_one(lived: Database, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(TEXT.replace("max_days = 30.0 ", "max_days = 31.0 ", 1))
    result = await ran("policy", "diff", str(own), load_policy().policy_hash[:10])
    assert result.exit_code == 1
    assert re.search(r"inconclusive\.max_days +31 +30", result.stdout)
    assert len(result.stdout.strip().splitlines()) == 2, result.stdout
    assert "no difference" in await said("policy", "diff", "active", load_policy().policy_hash)
    with pytest.raises(NotFoundError, match="no policy"):
        await ran("policy", "show", "--hash", "ffff")


async def test_decisions_are_listed_shown_and_verified(lived: Database) -> None:
    for listed in (await said("decisions"), await said("decisions", "list")):
        assert "second is good" in listed
        assert "first is good" in listed
    only = await said("decisions", "list", "--model", FIRST)
    assert "second is good" not in only
    (row,) = await lived.rows("select * from decisions where subject_model = $1", FIRST)
    shown = await said("decisions", "show", str(row["decision_id"])[:9])
    for part in (str(row["decision_id"]), row["policy_hash"], row["evidence_hash"], "actor     ada"):
        assert part in shown
    assert (await said("decisions", "show", str(row["decision_id"]), "--evidence")).strip() == row["evidence"]
    assert "1 of 1 decisions come out the same" in await said("decisions", "verify", str(row["decision_id"]))
    assert "2 of 2" in await said("decisions", "verify", "--all", "--files")
    assert json.loads(await said("decisions", "verify", "--all", "--json")) == {"verified": 2, "wrong": []}
    with pytest.raises(InvalidInputError, match="or --all"):
        await ran("decisions", "verify")
    with pytest.raises(InvalidInputError, match="no decision"):
        await ran("decisions", "verify", "ffffffff-")


async def test_a_tampered_decision_is_named_and_the_exit_code_says_so(lived: Database) -> None:
    """Done as the owner of the database with its triggers off, which is the only way."""
    identity = await lived.run(
        made.tamper,
        """update decisions set evidence = replace(evidence, 'first is good', 'first is best')
           where subject_model = $1 returning decision_id""",
        FIRST,
    )
    result = await ran("decisions", "verify", "--all")
    assert result.exit_code == 1
    assert f"{identity} of {FIRST}: its evidence hashes to" in result.stdout
    assert "1 of 2 decisions come out the same" in result.stdout
    report = json.loads((await ran("decisions", "verify", str(identity), "--json")).stdout)
    assert [one["decision_id"] for one in report["wrong"]] == [str(identity)]


async def test_a_model_is_promoted_rolled_back_and_put_into_quarantine(lived: Database) -> None:
    assert "promoted: decision" in await said("models", "promote", THIRD, "--reason", "seen enough", "--actor", "bob")
    assert THIRD in await said("models", "champion")
    assert SECOND in await said("models", "champion", "--at", "2025-02-02T12:00:00")
    assert FIRST in await said("models", "champion", "--at", "2025-02-01T12:00:00")
    assert "rolled back" in await said("models", "rollback", "--reason", "odd values")
    assert SECOND in await said("models", "champion")
    await said("models", "quarantine", THIRD, "--reason", "poisoned")
    rows = await lived.rows("select action, actor, reason from decisions order by decided_at offset 2")
    kinds = await lived.rows("select routing_key from outbox order by id offset 2")
    assert [tuple(row) for row in rows] == [
        ("promote", "bob", "seen enough"),
        ("rollback", getpass.getuser(), "odd values"),
        ("quarantine", getpass.getuser(), "poisoned"),
    ]
    assert [row["routing_key"].split(".")[2] for row in kinds] == ["promoted", "rolled_back"]
    with pytest.raises(ConflictError, match="in quarantine"):
        await ran("models", "promote", THIRD, "--reason", "again")
    with pytest.raises(ConflictError, match="somebody moved it"):
        await ran("models", "promote", FIRST, "--reason", "x", "--expect-generation", "1")


@pytest.mark.parametrize(
    "command", [("promote", "m-0123456789abcdef"), ("rollback",), ("quarantine", "m-0123456789abcdef")]
)
def test_nothing_is_done_without_a_reason(command: tuple[str, ...]) -> None:
    result = invoke("models", *command)
    assert result.exit_code == 2
    assert "--reason" in result.output


async def test_models_have_a_card_a_lineage_and_differences(lived: Database) -> None:
    card = await said("models", "show", FIRST, "--card")
    assert card.startswith(f"# Model card: {FIRST}\n")
    assert "first is good" in card
    assert json.loads(await said("models", "show", FIRST))["state"] == "retired"
    shown = await said("models", "lineage", FIRST)
    assert "first is good" in shown
    assert "requested" in shown
    result = await ran("models", "diff", FIRST, SECOND)
    assert result.exit_code == 1
    assert "artifact_sha256" in result.stdout
    assert "feature_schema" not in result.stdout
    assert "the same model" in await said("models", "diff", FIRST, FIRST)


async def test_documents_are_those_of_the_api_with_json(lived: Database) -> None:
    async def document(*arguments: str) -> Any:
        return json.loads(await said(*arguments, "--json"))

    assert [one["model_id"] for one in await document("models", "list", "--state", "champion")] == [SECOND]
    assert (await document("models", "champion"))["model_id"] == SECOND
    assert (await document("models", "lineage", FIRST))["line"][0]["model_id"] == FIRST
    assert await document("models", "shadows") == []
    (listed,) = await document("decisions", "list", "--model", FIRST)
    shown = await document("decisions", "show", listed["decision_id"])
    assert shown["evidence"]["said"] == "first is good"
    assert shown.items() >= listed.items()
    assert {one["reason"] for one in await document("training", "list")} == {"first", "second", "third"}


async def test_shadows_are_visible(lived: Database) -> None:
    assert "no shadow is running" in await said("models", "shadows")
    await lived.run(made.start_shadow, "far", AT + timedelta(days=2))
    shown = await said("models", "shadows")
    assert re.search(rf"{made.model_id('far')} +{SECOND} +running +0 of 200 +1 +1 ", shown)
