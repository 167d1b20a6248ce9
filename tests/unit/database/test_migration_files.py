from pathlib import Path

import pytest

from shared.database.migrate import read_migrations
from shared.errors import InvalidInputError

GOOD = "-- migrate:up\ncreate table a (b int);\n"


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text)


def test_the_packaged_migrations_are_well_formed_and_in_order() -> None:
    migrations = read_migrations()
    assert migrations[0].name == "20261124000001_platform"
    assert [migration.version for migration in migrations] == sorted(migration.version for migration in migrations)


def test_migrations_are_sorted_by_version(tmp_path: Path) -> None:
    write(tmp_path, **{"20260102000000_b": GOOD, "20260101000000_a": GOOD, "20260103000000_a": GOOD})
    names = [migration.name for migration in read_migrations(tmp_path)]
    assert names == ["20260101000000_a", "20260102000000_b", "20260103000000_a"]


def test_a_changed_comment_changes_the_checksum_and_line_endings_do_not(tmp_path: Path) -> None:
    write(tmp_path, **{"20260101000000_a": GOOD})
    before = read_migrations(tmp_path)[0]
    (tmp_path / "20260101000000_a.sql").write_bytes(GOOD.replace("\n", "\r\n").encode())
    assert read_migrations(tmp_path)[0] == before
    write(tmp_path, **{"20260101000000_a": GOOD + "-- more\n"})
    assert read_migrations(tmp_path)[0].checksum != before.checksum


@pytest.mark.parametrize(
    "name", ["1_a", "20260101000000", "20260101000000_A", "20260101000000-a", "a", "2026010100000x_a"]
)
def test_a_name_without_version_and_words_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, **{name: GOOD})
    with pytest.raises(InvalidInputError, match=name):
        read_migrations(tmp_path)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("create table a (b int);", "first line"),
        ("", "first line"),
        ("-- a comment\n-- migrate:up\n", "first line"),
        ("-- migrate:up transaction:false\nselect 1;\n", "first line"),
        (GOOD + "-- migrate:down\ndrop table a;\n", "only go forward"),
    ],
)
def test_another_form_is_refused_with_the_broken_rule(tmp_path: Path, text: str, rule: str) -> None:
    write(tmp_path, **{"20260101000000_a": text})
    with pytest.raises(InvalidInputError, match=rule):
        read_migrations(tmp_path)


def test_two_files_of_one_version_are_refused(tmp_path: Path) -> None:
    write(tmp_path, **{"20260101000000_a": GOOD, "20260101000000_b": GOOD})
    with pytest.raises(InvalidInputError, match="taken by 20260101000000_a"):
        read_migrations(tmp_path)
