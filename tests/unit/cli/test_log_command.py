"""`punkcast audit log`, against a gateway that may lie: a server in this process, over HTTP."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import Result
from typer.testing import CliRunner

from services.cli.app import app
from services.cli.verification import log
from shared.errors import InvalidInputError, TransientError
from shared.merkle import GrowingTree, canonical_line, merkle_levels, proof
from shared.signing.log import Checkpoint, LogEntry
from shared.signing.notes import SigningKey, sign

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
OURS, STRANGERS = SigningKey("punkcast", bytes([1] * 32)), SigningKey("punkcast", bytes([3] * 32))
WEI = ["50", "45", "55", "40", "60", "35", "65"]
VALUES = [canonical_line(punk, WEI, "A") for punk in range(5)]
LEVELS = merkle_levels("\n".join(VALUES).encode())
ROOT = LEVELS[-1][0].hex()


def entry(number: int) -> LogEntry:
    at = AT + timedelta(minutes=30 * number)
    return LogEntry(number * 3, at, at + timedelta(seconds=2), "m-0123456789abcdef", 5, ROOT, "b" * 64)


def checkpoint(lines: list[str], key: SigningKey = OURS, origin: str = "punkcast") -> str:
    tree = GrowingTree()
    for line in lines:
        tree.append(line.encode())
    return sign(Checkpoint(origin, tree.size, tree.root()).text(), [key])


class Gateway:
    """What a gateway serves; a test changes any of it."""

    def __init__(self, size: int) -> None:
        self.lines = [entry(number).line() for number in range(1, size + 1)]
        self.note = checkpoint(self.lines)
        self.nowcasts: dict[int, Any] = {}
        self.page: Callable[[int, list[str]], Any] = lambda start, lines: {
            "items": [{"index": start + place, "line": line} for place, line in enumerate(lines)]
        }

    def answer(self, target: str) -> bytes | None:
        parts = urlsplit(target)
        if parts.path == "/v1/log/checkpoint":
            return self.note.encode()
        if parts.path == "/v1/log/entries":
            start = int(parse_qs(parts.query)["start"][0])
            return json.dumps(self.page(start, self.lines[start : start + 3])).encode()
        number = int(parts.path.rpartition("/")[2])
        return json.dumps(self.nowcasts[number]).encode() if number in self.nowcasts else None


@pytest.fixture
def gateway() -> Gateway:
    return Gateway(8)


@pytest.fixture
def url(gateway: Gateway) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = gateway.answer(self.path)
            self.send_response(200 if body is not None else 404)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def audit(*arguments: object, key: SigningKey = OURS) -> Result:
    command = ["audit", "log", "--key", str(key.verifier), *map(str, arguments)]
    return CliRunner().invoke(app, command, catch_exceptions=False)


def holds(result: Result) -> str:
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("TRUE: ")
    return result.stdout


def fails(result: Result) -> str:
    assert result.exit_code == 1, result.output
    assert result.stdout.startswith("FALSE: ")
    return result.stdout


def test_a_log_is_checked_and_kept_and_the_copy_needs_no_gateway(gateway: Gateway, url: str, tmp_path: Path) -> None:
    assert "8 entries" in holds(audit("--url", url, "--save", tmp_path / "log"))
    assert (tmp_path / "log" / "checkpoint").read_text() == gateway.note
    assert (tmp_path / "log" / "entries").read_text().splitlines() == gateway.lines
    assert "8 entries" in holds(audit("--copy", tmp_path / "log"))


def test_a_log_that_grew_begins_with_the_saved_copy(gateway: Gateway, url: str, tmp_path: Path) -> None:
    for size in (3, 3, 7, 8):
        gateway.note = checkpoint(gateway.lines[:size])
        said = holds(audit("--url", url, "--save", tmp_path))
    assert "the 7 entries of the saved copy are its beginning" in said
    assert len(log.from_folder(tmp_path, [OURS.verifier]).entries) == 8


def swapped(lines: list[str]) -> list[str]:
    return [*lines[:3], lines[4], lines[3], *lines[5:]]


CHANGES: dict[str, Callable[[list[str]], list[str]]] = {
    "an entry changed": lambda lines: [*lines[:4], lines[4].replace(ROOT, "c" * 64), *lines[5:]],
    "an entry removed": lambda lines: lines[:2] + lines[3:],
    "an entry inserted": lambda lines: [*lines[:2], replace(entry(2), generation_id=7).line(), *lines[2:]],
    "two entries swapped": swapped,
    "the last one cut off": lambda lines: lines[:-1],
    "an entry twice": lambda lines: [*lines[:2], lines[1], *lines[2:]],
    "no entries": lambda lines: [],
    "a line that is none": lambda lines: [*lines[:4], "\ud800\x1b[31m", *lines[5:]],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_gateway_that_changes_anything_is_found_out(gateway: Gateway, url: str, tmp_path: Path, change: str) -> None:
    gateway.lines = CHANGES[change](gateway.lines)
    said = fails(audit("--url", url, "--save", tmp_path))
    assert "\x1b" not in said
    assert list(tmp_path.iterdir()) == [], "nothing is kept"


@pytest.mark.parametrize(
    "note",
    [
        lambda lines: checkpoint(lines, STRANGERS),
        lambda lines: checkpoint(lines).replace("\n8\n", "\n7\n"),
        lambda lines: checkpoint(lines).replace("punkcast\n8", "another\n8"),
        lambda lines: sign("punkcast\n8\n", [OURS]),
        lambda lines: sign(f"punkcast\n8\n{base64.b64encode(bytes(32)).decode()}\n", [OURS]),
        lambda lines: "",
    ],
)
def test_a_checkpoint_that_the_key_did_not_sign_is_found_out(
    gateway: Gateway, url: str, note: Callable[[list[str]], str]
) -> None:
    gateway.note = note(gateway.lines)
    fails(audit("--url", url))


@pytest.mark.parametrize("page", [{}, {"items": None}, [], {"items": [{"index": 5, "line": "x"}]}, "text"])
def test_pages_that_make_no_sense_are_found_out(gateway: Gateway, url: str, page: object) -> None:
    gateway.page = lambda start, lines: page
    fails(audit("--url", url))


def test_a_generation_that_the_signer_lists_twice_is_found_out(gateway: Gateway, url: str) -> None:
    gateway.lines.append(replace(entry(8), merkle_root="c" * 64).line())
    gateway.note = checkpoint(gateway.lines)
    assert "generation 24 follows on 24" in fails(audit("--url", url))


@pytest.mark.parametrize("change", ["an entry changed", "an entry removed", "an entry inserted"])
def test_a_log_that_does_not_begin_with_the_saved_copy_is_found_out(
    gateway: Gateway, url: str, tmp_path: Path, change: str
) -> None:
    """Although the signer itself signs the other history."""
    holds(audit("--url", url, "--save", tmp_path))
    before = {file.name: file.read_text() for file in tmp_path.iterdir()}
    gateway.lines = [*CHANGES[change](gateway.lines), entry(9).line()]
    gateway.note = checkpoint(gateway.lines)
    holds(audit("--url", url))
    assert "the log was rewritten" in fails(audit("--url", url, "--save", tmp_path))
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == before, "the evidence stays"


def test_a_log_that_became_shorter_or_has_another_name_is_found_out(gateway: Gateway, url: str, tmp_path: Path) -> None:
    holds(audit("--url", url, "--save", tmp_path))
    whole, gateway.note = gateway.note, checkpoint(gateway.lines[:-1])
    assert "8 were signed before" in fails(audit("--url", url, "--save", tmp_path))
    gateway.note = checkpoint(gateway.lines, origin="punkcast/2")
    assert "saved copy is of punkcast" in fails(audit("--url", url, "--save", tmp_path))
    gateway.note = whole
    holds(audit("--url", url, "--save", tmp_path))


def test_a_copy_whose_writing_was_interrupted_still_proves_its_checkpoint(
    gateway: Gateway, url: str, tmp_path: Path
) -> None:
    gateway.note = checkpoint(gateway.lines[:3])
    holds(audit("--url", url, "--save", tmp_path))
    (tmp_path / "entries").write_text("".join(f"{line}\n" for line in gateway.lines))
    assert "3 entries" in holds(audit("--copy", tmp_path))


def whole(number: int) -> dict[str, Any]:
    """As /v1/nowcasts/{number} answers."""
    bounds = {level: {"lo": {"wei": lo}, "hi": {"wei": hi}} for level, lo, hi in zip(
        ("50", "80", "90"), WEI[1::2], WEI[2::2], strict=True)}  # fmt: skip
    punks = [{"punk_id": punk, "value": {"wei": "50"}, "intervals": bounds, "confidence": "A"} for punk in range(5)]
    stated = {"generation_id": number, "model_id": "m-0123456789abcdef", "values_sha256": "b" * 64}
    return {"generation": stated | {"merkle_root": ROOT}, "punks": punks}


def test_values_have_the_root_in_the_log(gateway: Gateway, url: str, tmp_path: Path) -> None:
    gateway.nowcasts[6] = whole(6)
    assert "generation 6, published at 2026-11-30T13:00:02+00:00" in holds(audit("--url", url, "--generation", 6))
    steps = [{"side": step.side, "hash": step.hash.hex()} for step in proof(LEVELS, 2)]
    one = {
        "generation": whole(6)["generation"], "punk_id": 2, "line": VALUES[2], "leaf": LEVELS[0][2].hex(),
        "leaf_index": 2, "leaf_count": 5, "path": steps,
    }  # fmt: skip
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(one))
    holds(audit("--url", url, "--save", tmp_path / "log", "--values", file))
    holds(audit("--copy", tmp_path / "log", "--values", file))
    file.write_text(json.dumps(one | {"line": VALUES[2].replace(",50,", ",51,")}))
    fails(audit("--copy", tmp_path / "log", "--values", file))


def test_values_that_are_not_those_of_the_log_are_found_out(gateway: Gateway, url: str) -> None:
    cheaper = whole(6)
    cheaper["punks"][3] = cheaper["punks"][3] | {"value": {"wei": "51"}}
    own_root = merkle_levels("\n".join([*VALUES[:3], VALUES[3].replace(",50,", ",51,", 1), VALUES[4]]).encode())[-1][0]
    consistent = cheaper | {"generation": cheaper["generation"] | {"merkle_root": own_root.hex()}}
    fewer = whole(6) | {"punks": whole(6)["punks"][:4]}
    for answer in (cheaper, consistent, fewer, whole(9), whole(7)):
        gateway.nowcasts[6] = answer
        fails(audit("--url", url, "--generation", 6))
    another = whole(6)
    another["generation"]["model_id"] = "m-fedcba9876543210"
    gateway.nowcasts[6] = another
    assert "model_id" in fails(audit("--url", url, "--generation", 6))
    gateway.nowcasts[7] = whole(7)
    assert "the log has no generation 7" in fails(audit("--url", url, "--generation", 7))


def test_any_of_several_keys_is_enough(gateway: Gateway, url: str) -> None:
    holds(audit("--url", url, "--key", OURS.verifier, key=STRANGERS))
    fails(audit("--url", url, key=STRANGERS))


def test_input_that_says_nothing_about_a_log_is_no_verdict(gateway: Gateway, url: str, tmp_path: Path) -> None:
    for arguments in ([], ["--url", url, "--copy", tmp_path], ["--copy", tmp_path, "--generation", 1]):
        with pytest.raises(InvalidInputError, match="--url"):
            audit(*arguments)
    with pytest.raises(InvalidInputError, match="status 404"):
        audit("--url", url, "--generation", 6)
    with pytest.raises(TransientError):
        audit("--url", "http://127.0.0.1:1")
    with pytest.raises(OSError, match="checkpoint"):
        audit("--copy", tmp_path / "nothing")
    with pytest.raises(InvalidInputError, match="verifier key"):
        audit("--url", url, "--key", "nonsense")
