import json
from pathlib import Path

import pytest

from lab.evaluation.folder import prepare_folder
from services.cli.files import whole, write_json
from shared.errors import ConflictError, InvalidInputError


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "figures").write_bytes(b"old")
    with pytest.raises(TypeError), whole(tmp_path / "figures") as stream:
        stream.write("no bytes")  # type: ignore[arg-type]
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("figures", b"old")]


def test_json_is_replaced_whole_and_a_folder_by_none(tmp_path: Path) -> None:
    for scored in (1, 2):
        write_json(tmp_path / "figures.json", {"scored": scored})
    (written,) = tmp_path.iterdir()
    assert (written.name, json.loads(written.read_text())) == ("figures.json", {"scored": 2})
    with pytest.raises(IsADirectoryError):
        write_json(tmp_path, {})
    assert list(tmp_path.parent.glob(f".{tmp_path.name}*")) == []


def test_json_keeps_the_order_of_its_keys_and_has_null_for_what_is_not_known(tmp_path: Path) -> None:
    write_json(tmp_path / "f.json", {"b": float("nan"), "a": [{"z": 1, "y": (2.5, float("inf"))}]})
    text = (tmp_path / "f.json").read_text()
    assert json.loads(text) == {"b": None, "a": [{"z": 1, "y": [2.5, None]}]}
    assert text.index('"b"') < text.index('"a"') < text.index('"z"') < text.index('"y"')


def test_a_folder_with_something_in_it_is_written_over_only_with_force(tmp_path: Path) -> None:
    (tmp_path / "thesis").touch()
    with pytest.raises(ConflictError, match="not empty"):
        prepare_folder(tmp_path, force=False)
    prepare_folder(tmp_path, force=True)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInputError, match="cannot be made a folder"):
        prepare_folder(tmp_path / "file", force=True)
