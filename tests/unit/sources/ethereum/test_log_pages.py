import gzip
import json
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from shared.errors import InvalidInputError
from shared.sources.ethereum.log_pages import read_log_pages
from shared.sources.ethereum.raw_logs import empty_logs, raw_logs
from shared.sources.market_files import page_paths
from tests.factories.punks_contract import FIRST_BLOCK, log

ANN = "0x" + "a" * 40
LOGS = [log("PunkBidEntered", 1, 5 + number, ANN, block=FIRST_BLOCK + number) for number in range(12)]
WHOLE = raw_logs(LOGS, "all")


def page(folder: Path, name: str, content: object) -> Path:
    file = folder / name
    text = json.dumps(content).encode()
    file.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return file


@pytest.mark.parametrize("name", ["page.json", "page.json.gz", "PAGE.JSON"])
@pytest.mark.parametrize(
    "content",
    [
        LOGS,
        {"jsonrpc": "2.0", "id": 1, "result": LOGS},
        {"status": "1", "message": "OK", "result": LOGS},
        {"items": LOGS, "next_page_params": None},
    ],
)
def test_a_page_is_a_list_or_an_answer_with_one(tmp_path: Path, name: str, content: object) -> None:
    assert_frame_equal(read_log_pages([page(tmp_path, name, content)]), WHOLE)


def test_the_pages_of_a_directory_are_found_by_name(tmp_path: Path) -> None:
    for name in ("b.json", "a.json.gz", "notes.txt", "events.parquet"):
        page(tmp_path, name, LOGS)
    assert [file.name for file in page_paths(tmp_path)] == ["a.json.gz", "b.json"]
    assert page_paths(tmp_path / "b.json") == (tmp_path / "b.json",)
    assert page_paths(tmp_path / "events.parquet") == ()
    assert page_paths(tmp_path / "nowhere") == ()


def test_pages_come_in_contract_order_and_overlaps_once(tmp_path: Path) -> None:
    pages = [page(tmp_path, "1.json", LOGS[5:]), page(tmp_path, "2.json.gz", LOGS[:8]), page(tmp_path, "3.json", [])]
    assert_frame_equal(read_log_pages(pages), WHOLE)


def test_overlapping_pages_that_differ_are_refused_with_both_names(tmp_path: Path) -> None:
    other = [{**LOGS[6], "data": "0x" + "0" * 63 + "1"}, *LOGS[7:]]
    pages = [page(tmp_path, "1.json", LOGS[:8]), page(tmp_path, "2.json", other)]
    with pytest.raises(InvalidInputError, match=r"2.json: the log at block 4000006, log_index 0 differs .* 1.json"):
        read_log_pages(pages)


def test_a_log_twice_in_one_page_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"1.json: the log at block 4000003, log_index 0 occurs twice"):
        read_log_pages([page(tmp_path, "1.json", [*LOGS, LOGS[3]])])


def test_pages_that_contradict_each_other_about_a_block_are_refused(tmp_path: Path) -> None:
    later = {**LOGS[11], "logIndex": "0x5", "timeStamp": LOGS[10]["timeStamp"]}
    pages = [page(tmp_path, "1.json", LOGS), page(tmp_path, "2.json", [later])]
    with pytest.raises(InvalidInputError, match=r"1.json, 2.json: the log at block 4000011, log_index 5 has another"):
        read_log_pages(pages)


def test_no_pages_and_empty_pages_are_no_logs(tmp_path: Path) -> None:
    assert_frame_equal(read_log_pages([]), empty_logs())
    nothing = {"status": "0", "message": "No records found", "result": []}
    assert_frame_equal(read_log_pages([page(tmp_path, "1.json", nothing)]), empty_logs())


def test_logs_of_other_contracts_are_left_out_but_a_page_of_nothing_else_is_refused(tmp_path: Path) -> None:
    other = [{**one, "address": "0x" + "9" * 40, "logIndex": "0x9"} for one in LOGS]
    assert_frame_equal(read_log_pages([page(tmp_path, "1.json", LOGS + other)]), WHOLE)
    with pytest.raises(InvalidInputError, match=r"1.json: none of its 12 logs is of the market's contract 0xb47e"):
        read_log_pages([page(tmp_path, "1.json", other)])
    assert read_log_pages([page(tmp_path, "1.json", other)], market="0x" + "9" * 40).height == 12


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"jsonrpc": "2.0", "error": {"code": -32005, "message": "limit"}}, "is an error and not a page: .*limit"),
        ({"status": "0", "message": "NOTOK", "result": "Max rate limit reached"}, "not a page: Max rate limit reached"),
        ({"result": None}, "expected a list of logs"),
        ({"logs": LOGS}, "expected a list of logs"),
        (5, "expected a list of logs"),
        ([5], "log 1: must be an object"),
        ([log("Assign", ANN, 10_000)], "block 4000000, log_index 0: Assign must name a punk"),
    ],
)
def test_what_is_no_page_is_refused_with_its_name(tmp_path: Path, content: object, words: str) -> None:
    with pytest.raises(InvalidInputError, match=rf"page.json: .*{words}"):
        read_log_pages([page(tmp_path, "page.json", content)])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"\x1f\x8b" + b"\x00" * 40,
        gzip.compress(json.dumps(LOGS).encode()).replace(b"\x1f\x8b\x08", b"\x1f\x8b\x07"),
    ],
)
def test_an_unreadable_page_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "page.json.gz"
    file.write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"page.json.gz: is no readable page of JSON"):
        read_log_pages([file])


def test_a_page_cut_anywhere_is_refused(tmp_path: Path) -> None:
    file = page(tmp_path, "page.json.gz", LOGS)
    whole = file.read_bytes()
    for cut in range(1, len(whole), 7):
        file.write_bytes(whole[:cut])
        with pytest.raises(InvalidInputError, match=r"page.json.gz: "):
            read_log_pages([file])
