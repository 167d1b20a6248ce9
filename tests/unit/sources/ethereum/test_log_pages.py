import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
        [{"jsonrpc": "2.0", "id": 1, "result": LOGS[:5]}, {"jsonrpc": "2.0", "id": 2, "result": LOGS[5:]}],
        [LOGS[:5], [], LOGS[5:]],
    ],
)
def test_a_page_is_a_list_or_an_answer_with_one_or_several(tmp_path: Path, name: str, content: object) -> None:
    assert_frame_equal(read_log_pages([page(tmp_path, name, content)]), WHOLE)


@pytest.mark.parametrize("name", ["page.ndjson", "page.jsonl", "page.ndjson.gz", "page.json"])
@pytest.mark.parametrize(
    "text",
    [
        "\n".join(map(json.dumps, LOGS)),
        "\ufeff" + "\r\n".join(map(json.dumps, LOGS)) + "\r\n\r\n",
        "\n".join(json.dumps(one, indent=2) for one in LOGS),
        json.dumps({"result": LOGS[:7]}) + "\n" + json.dumps({"result": LOGS[5:]}),
        json.dumps(LOGS[:7]) + json.dumps(LOGS[7:]),
    ],
)
def test_values_of_json_may_follow_each_other(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    assert_frame_equal(read_log_pages([file]), WHOLE)


def numbered(row: dict[str, Any], **names: str) -> dict[str, Any]:
    """The log with numbers as integers, by other names of its fields."""
    hexadecimal = ("blockNumber", "transactionIndex", "logIndex", "timeStamp")
    numbers = {key: int(row[key].removeprefix("0x") or "0", 16) for key in hexadecimal}
    return {names.get(key, key): value for key, value in (row | numbers).items()}


def iso(row: dict[str, Any], pattern: str) -> str:
    return datetime.fromtimestamp(int(row["timeStamp"], 16), UTC).strftime(pattern)


SQL = {
    "block_number": "blockNumber", "transaction_index": "transactionIndex", "log_index": "logIndex",
    "transaction_hash": "transactionHash", "block_timestamp": "timeStamp",
}  # fmt: skip
TOOLS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "ethers 6": lambda row: {"_type": "log", **numbered(row, logIndex="index", timeStamp="timestamp")},
    "ethers 5, with JavaScript's time": lambda row: {
        **numbered(row, timeStamp="_"), "removed": False, "timestamp": iso(row, "%Y-%m-%dT%H:%M:%S.000Z"),
    },
    "web3.py": lambda row: {**numbered(row, timeStamp="blockTimestamp"), "blockHash": "0x" + "5" * 64},
    "viem": lambda row: {**numbered(row, timeStamp="_"), "blockNumber": str(int(row["blockNumber"], 16)),
                         "blockTimestamp": row["timeStamp"], "eventName": "PunkBidEntered"},
    "BigQuery": lambda row: {
        **{other: row[key] for other, key in SQL.items()}, "address": row["address"], "topics": row["topics"],
        "data": row["data"], "log_index": "0", "block_timestamp": iso(row, "%Y-%m-%d %H:%M:%S UTC"),
    },
    "Etherscan": lambda row: {**row, "logIndex": "0x", "gasPrice": "0x4a817c800", "gasUsed": "0x1d8a8"},
}  # fmt: skip


@pytest.mark.parametrize("write", TOOLS.values(), ids=TOOLS)
def test_logs_in_the_words_of_other_tools_are_the_same(tmp_path: Path, write: Callable[..., dict[str, Any]]) -> None:
    assert_frame_equal(read_log_pages([page(tmp_path, "page.json", [write(one) for one in LOGS])]), WHOLE)


def test_a_node_s_own_word_counts_more_than_another_tool_s(tmp_path: Path) -> None:
    rows = [{**one, "index": 100 - number} for number, one in enumerate(LOGS)]
    assert_frame_equal(read_log_pages([page(tmp_path, "page.json", rows)]), WHOLE)


def test_the_pages_of_a_directory_are_found_by_name(tmp_path: Path) -> None:
    for name in ("b.json", "a.json.gz", "c.ndjson", "notes.txt", "events.parquet"):
        page(tmp_path, name, LOGS)
    assert [file.name for file in page_paths(tmp_path)] == ["a.json.gz", "b.json", "c.ndjson"]
    assert page_paths(tmp_path / "b.json") == (tmp_path / "b.json",)
    assert page_paths(tmp_path / "events.parquet") == ()
    with pytest.raises(InvalidInputError, match="nowhere: there is no such file or directory"):
        page_paths(tmp_path / "nowhere")


def test_pages_come_in_contract_order_and_overlaps_once(tmp_path: Path) -> None:
    pages = [page(tmp_path, "1.json", LOGS[5:]), page(tmp_path, "2.json.gz", LOGS[:8]), page(tmp_path, "3.json", [])]
    assert_frame_equal(read_log_pages(pages), WHOLE)


def test_overlapping_pages_that_differ_are_refused_with_both_names(tmp_path: Path) -> None:
    other = [{**LOGS[6], "data": "0x" + "0" * 63 + "1"}, *LOGS[7:]]
    pages = [page(tmp_path, "1.json", LOGS[:8]), page(tmp_path, "2.json", other)]
    with pytest.raises(InvalidInputError, match=r"2.json: the log at block 4000006, log_index 0 differs .* 1.json"):
        read_log_pages(pages)


def test_a_log_twice_in_one_page_counts_once_unless_the_two_differ(tmp_path: Path) -> None:
    assert_frame_equal(read_log_pages([page(tmp_path, "1.json", [*LOGS, LOGS[3]])]), WHOLE)
    with pytest.raises(InvalidInputError, match=r"1.json: the log at block 4000003, log_index 0 occurs twice"):
        read_log_pages([page(tmp_path, "1.json", [*LOGS, {**LOGS[3], "data": LOGS[4]["data"][:-1] + "1"}])])


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
        (
            [*LOGS[:2], {"blockNumber": 5}],
            "log 3: transactionIndex, logIndex, transactionHash, address, data, topics are missing",
        ),
        ([{"result": LOGS}, {"error": {"message": "limit"}}], "is an error and not a page: .*limit"),
        ([[LOGS]], "log 1: must be an object"),
        ([LOGS, 5], "expected a list of logs"),
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
        b"\n \n",
        json.dumps(LOGS[0]).encode() + b"\n{",
        json.dumps(LOGS).encode() + b"]",
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
