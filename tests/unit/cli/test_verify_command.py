import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.cli.verification.documents import sides
from shared.errors import InvalidInputError, TransientError
from shared.merkle import canonical_line, leaf_hash, merkle_levels, proof

COUNT = 11
WEI = ("5", "4", "6", "3", "7", "2", "8")


def line(punk: int) -> str:
    return canonical_line(punk, WEI, "ABCD"[punk % 4])


LEVELS = merkle_levels("\n".join(line(punk) for punk in range(COUNT)).encode())
ROOT = LEVELS[-1][0].hex()


def proof_document(punk: int) -> dict[str, Any]:
    return {
        "generation": {"merkle_root": ROOT},
        "punk_id": punk,
        "line": line(punk),
        "leaf": leaf_hash(line(punk).encode()).hex(),
        "leaf_index": punk,
        "leaf_count": COUNT,
        "path": [{"side": step.side, "hash": step.hash.hex()} for step in proof(LEVELS, punk)],
    }


def nowcast_document() -> dict[str, Any]:
    value, *bounds = WEI
    intervals = {
        level: {"lo": {"wei": bounds[2 * place]}, "hi": {"wei": bounds[2 * place + 1]}}
        for place, level in enumerate(("50", "80", "90"))
    }
    punks = [
        {"punk_id": punk, "value": {"wei": value}, "intervals": intervals, "confidence": "ABCD"[punk % 4]}
        for punk in range(COUNT)
    ]
    return {"generation": {"merkle_root": ROOT}, "punks": punks}


def verify(tmp_path: Path, document: object, *options: str) -> str:
    """What is printed; the exit code is 0 exactly after TRUE, else 1."""
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(document))
    result = CliRunner().invoke(app, ["verify", str(file), *options], catch_exceptions=False)
    assert result.exit_code == (0 if result.stdout.startswith("TRUE") else 1)
    return result.stdout


@pytest.mark.parametrize("punk", range(COUNT))
def test_a_true_proof_is_true(tmp_path: Path, punk: int) -> None:
    assert verify(tmp_path, proof_document(punk), "--root", ROOT).startswith("TRUE")


def test_a_whole_generation_is_verified_too(tmp_path: Path) -> None:
    document = nowcast_document()
    assert verify(tmp_path, document).startswith("TRUE")
    document["punks"][3]["value"]["wei"] = "6"
    assert verify(tmp_path, document).startswith("FALSE")


@pytest.mark.parametrize(
    "forged",
    [
        {"line": line(4).replace(",5,", ",6,")},
        {"line": line(4).replace(",5,", ",6,"), "leaf": leaf_hash(line(4).replace(",5,", ",6,").encode()).hex()},
        {"punk_id": 5},
        {"leaf_index": 5},
        {"leaf_index": COUNT},
        {"leaf": "0" * 64},
        {"path": []},
        {"path": [{"side": "up", "hash": "0" * 64}]},
        {"generation": {"merkle_root": "0" * 64}},
    ],
)
def test_what_was_changed_is_false(tmp_path: Path, forged: dict[str, Any]) -> None:
    assert verify(tmp_path, proof_document(4) | forged).startswith("FALSE")


def test_a_root_of_ones_own_is_believed_instead(tmp_path: Path) -> None:
    printed = verify(tmp_path, proof_document(4), "--root", "1" * 64)
    assert printed.startswith("FALSE")
    assert "you trust" in printed


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"generation": {}},
        {"generation": None},
        {"generation": {"merkle_root": "abc"}, "punks": []},
        proof_document(1) | {"path": [{"side": "left", "hash": "zz"}]} | {"leaf_index": 1, "leaf_count": 2},
        proof_document(1) | {"line": 7},
    ],
)
def test_what_is_no_proof_is_refused_in_words(tmp_path: Path, document: object) -> None:
    with pytest.raises(InvalidInputError):
        verify(tmp_path, document)


def test_a_file_that_is_not_json_and_a_server_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("punk")
    with pytest.raises(InvalidInputError, match="not JSON"):
        CliRunner().invoke(app, ["verify", str(tmp_path / "text")], catch_exceptions=False)
    with pytest.raises(TransientError):
        CliRunner().invoke(app, ["verify", "http://127.0.0.1:1/"], catch_exceptions=False)


@pytest.mark.parametrize("count", range(1, 40))
def test_sides_are_those_of_the_tree(count: int) -> None:
    levels = merkle_levels("\n".join(map(str, range(count))).encode())
    for index in range(count):
        assert sides(index, count) == [step.side for step in proof(levels, index)]
