"""The commands against a real database."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.contracts.envelope import decode
from shared.contracts.messages import TrainingRequested
from shared.errors import ConflictError, InvalidInputError, NotFoundError
from tests.factories import registry as made
from tests.factories import small_market
from tests.factories.database import Database
from tests.integration.cli.conftest import run, said
from tests.unit.market.event_rows import event_rows, with_value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    event_rows(600).write_parquet(tmp_path / "events.parquet")
    small_market.PUNKS.write_parquet(tmp_path / "punks.parquet")
    return tmp_path


def test_importing_twice_imports_once(folder: Path) -> None:
    assert "600 events appended, 0 known already" in run("import", str(folder))
    assert "0 events appended, 600 known already" in run("import", str(folder))
    assert "seq 600, block 4000599" in run("status")


def test_an_import_that_contradicts_the_stored_events_changes_nothing(folder: Path) -> None:
    run("import", str(folder))
    with_value(event_rows(700), 300, "price_wei", "12345").write_parquet(folder / "events.parquet")
    with pytest.raises(ConflictError, match="is stored with price_wei '1000000000000000300', not '12345'"):
        run("import", folder)
    assert "seq 600, block 4000599" in run("status")


def test_columns_that_an_import_leaves_out_are_named(folder: Path) -> None:
    event_rows(600).with_columns(note=1).write_csv(folder / "events.csv")
    (folder / "events.parquet").unlink()
    assert "events.csv: columns left out: 'note'\n600 events appended" in run("import", str(folder))


def test_missing_migrations_are_told_before_a_file_is_read(
    folder: Path, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUNKCAST_DATABASE_URL", empty_database_url)
    (folder / "events.parquet").write_bytes(b"no Parquet")
    with pytest.raises(ConflictError, match=r"lacks \d+ migration\(s\); run `punkcast migrate`"):
        run("import", folder)


def test_migrate_says_when_there_is_nothing_to_do() -> None:
    assert "up to date" in run("migrate")
    assert "up to date" in run("migrate", "--check")


async def test_a_freeze_by_a_person_is_announced(database: Database) -> None:
    await said("freeze", "add", "--reason", "odd values", "--by", "ada")
    (row,) = await database.rows("select body from outbox")
    alert = decode(bytes(row["body"])).data
    assert (alert.kind, alert.severity, alert.summary) == ("freeze", "info", "promotions are frozen by ada: odd values")


async def test_a_training_request_is_stored_with_its_message(database: Database) -> None:
    printed = await said("training", "request", "--reason", "new traits", "--by", "ann", "--data-cutoff", "2024-05-06")
    (row,) = await database.rows("select message_id, routing_key, body from outbox")
    assert row["routing_key"] == TrainingRequested.TYPE
    payload = decode(row["body"]).data
    assert (payload.reason, payload.requested_by) == ("new traits", "ann")
    assert payload.data_cutoff == datetime(2024, 5, 6, tzinfo=UTC)
    assert payload.request_id == row["message_id"]
    assert str(row["message_id"]) in printed
    assert "merged" in await said("training", "request", "--reason", "new traits")
    listed = await said("training", "list")
    assert re.search(rf"{row['message_id']} +queued", listed)


def test_keys_are_made_listed_and_revoked() -> None:
    key = run("keys", "create", "--name", "dashboard").strip()
    shape = re.fullmatch(r"pc_([0-9a-f]{12})_[A-Za-z0-9_-]{43}", key)
    listed = run("keys", "list")
    assert shape.group(1) in listed
    assert key not in listed
    assert "revoked" in run("keys", "revoke", shape.group(1))
    assert re.search(rf"{shape.group(1)}.*Z\s+\d{{4}}-\d\d-\d\d", run("keys", "list"))


def test_a_key_is_rotated_and_the_list_says_until_when() -> None:
    key = run("keys", "create", "--name", "site", "--expires", "90d").strip()
    key_id = key.split("_")[1]
    assert re.search(rf"{key_id}  site  read +– .*valid$", run("keys", "list"), re.MULTILINE)
    new = run("keys", "rotate", key_id, "--overlap", "24h").strip()
    assert new != key
    assert new.startswith(f"pc_{key_id}_")
    assert re.search(r"Z +valid, the old secret until \d{4}-", run("keys", "list"))
    run("keys", "rotate", key_id, "--overlap", "0")
    assert "old secret" not in run("keys", "list")
    with pytest.raises(InvalidInputError, match="not a duration"):
        run("keys", "rotate", key_id, "--overlap", "soon")


@pytest.mark.parametrize("hidden", ["\x1b[31m", "\u202e", "\u2066", "\u200b", "\u2028", "\x9b"])
def test_characters_that_nobody_sees_are_refused(hidden: str) -> None:
    for command in (
        ("keys", "create", "--name", f"an{hidden}na"),
        ("training", "request", "--reason", f"dr{hidden}ift"),
        ("training", "request", "--reason", "drift", "--by", f"an{hidden}na"),
        ("freeze", "add", "--reason", f"od{hidden}d"),
        ("freeze", "add", "--reason", "odd", "--by", f"a{hidden}da"),
    ):
        with pytest.raises(InvalidInputError, match=r"U\+"):
            run(*command)


async def test_what_is_stored_already_is_printed_without_them_and_without_markup(database: Database) -> None:
    text = "a\x1b[2J\u202eb [/nonsense]"
    await database.run(made.request, text, datetime(2025, 2, 1, tzinfo=UTC), requested_by=text)
    await database.execute(
        "insert into freezes (freeze_id, actor, reason, starts_at) values (gen_random_uuid(), $1, $1, now())", text
    )
    shown = r"a\x1b[2J\u202eb [/nonsense]"
    for command in (("training", "list"), ("training", "list", "--json"), ("freeze", "show")):
        printed = await said(*command)
        assert not {"\x1b", "\u202e"} & set(printed)
        assert shown in printed.replace(r"\u001b", r"\x1b")


def test_an_empty_platform_has_empty_lists() -> None:
    assert "no models yet" in run("models", "list")
    assert "no decisions yet" in run("decisions")
    assert "no training requests yet" in run("training", "list")
    assert "no keys yet" in run("keys", "list")


def test_a_freeze_is_added_shown_and_lifted_once() -> None:
    assert "nothing is frozen" in run("freeze", "show")
    said = run("freeze", "add", "--reason", "odd values", "--for", "3d", "--by", "ada")
    identity = re.findall(r"[0-9a-f-]{36}", said)[0]
    shown = run("freeze", "show")
    assert identity in shown
    assert "by ada: odd values" in shown
    run("freeze", "lift", identity, "--by", "bob")
    assert "nothing is frozen" in run("freeze", "show")
    with pytest.raises(NotFoundError, match="no freeze"):
        run("freeze", "lift", identity)
