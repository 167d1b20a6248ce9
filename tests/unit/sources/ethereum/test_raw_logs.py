import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from shared.errors import InvalidInputError
from shared.sources.ethereum.raw_logs import RAW_LOG_SCHEMA, raw_logs
from tests.factories.punks_contract import FIRST_BLOCK, NOBODY, TOPICS, log, seconds_of

ANN = "0x" + "a" * 40
HASH = "0x" + "1" * 64


def logs(count: int = 3) -> list[dict[str, Any]]:
    """Bids in blocks of their own."""
    return [log("PunkBidEntered", 1, 5 + number, ANN, block=FIRST_BLOCK + number) for number in range(count)]


def test_a_log_of_etherscan_is_read() -> None:
    frame = raw_logs([log("PunkOffered", 7, 16, NOBODY, block=FIRST_BLOCK + 1, tx_index=3, log_index=18)], "page")
    assert frame.schema == RAW_LOG_SCHEMA
    assert frame.row(0, named=True) == {
        "block": FIRST_BLOCK + 1,
        "timestamp": datetime.fromtimestamp(seconds_of(FIRST_BLOCK + 1), UTC),
        "tx_index": 3,
        "log_index": 18,
        "tx_hash": HASH,
        "address": "0xb47e3cd837ddf8e4c57f05d70ab865de6e193bbb",
        "topic0": TOPICS["PunkOffered"],
        "topic1": f"0x{7:064x}",
        "topic2": "0x" + "0" * 64,
        "topic3": None,
        "data": f"0x{16:064x}",
    }


@pytest.mark.parametrize("write", [hex, str, int, lambda number: hex(number).upper().replace("0X", "0x")])
def test_numbers_may_be_hexadecimal_decimal_or_integers(write: Any) -> None:
    row = log("PunkBidEntered", 1, 5, ANN, block=4_711_171, tx_index=11, log_index=171)
    numbers = {key: write(int(row[key], 16)) for key in ("blockNumber", "transactionIndex", "logIndex", "timeStamp")}
    assert_frame_equal(raw_logs([{**row, **numbers}], "page"), raw_logs([row], "page"))


def capital(value: Any) -> Any:
    return value.upper().replace("0X", "0x") if isinstance(value, str) else value


FORMS: dict[str, Callable[[list[dict[str, Any]]], list[dict[str, Any]]]] = {
    "in another order": lambda rows: rows[::-1],
    "with integers and decimal text among the hexadecimal": lambda rows: [
        rows[0], {**rows[1], "blockNumber": FIRST_BLOCK + 1}, {**rows[2], "logIndex": "0"}
    ],
    "with the null that Blockscout fills topics up with": lambda rows: [
        {**row, "topics": [*row["topics"], None]} for row in rows
    ],
    "with Etherscan's zero": lambda rows: [row | {"logIndex": "0x", "transactionIndex": "0x0"} for row in rows],
    "in capital digits": lambda rows: [{key: capital(value) for key, value in row.items()} for row in rows],
    "with the times as text with an offset": lambda rows: [
        {**row, "timeStamp": f"{datetime.fromtimestamp(int(row['timeStamp'], 16), zone):{form}}"}
        for row, zone, form in zip(
            rows,
            (UTC, UTC, timezone(timedelta(hours=2))),
            ("%Y-%m-%dT%H:%M:%S.000Z", "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%dT%H:%M:%S%z"),
            strict=True,
        )
    ],
    "with the time under the name that newer nodes give it": lambda rows: [
        {"blockTimestamp" if key == "timeStamp" else key: value for key, value in row.items()} for row in rows
    ],
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_same_logs_in_another_form_are_the_same(form: Callable[..., list[dict[str, Any]]]) -> None:
    assert_frame_equal(raw_logs(form(logs()), "page"), raw_logs(logs(), "page"))


def test_a_node_s_log_has_its_time_from_its_block() -> None:
    rows = [{**row, "removed": False, "blockHash": HASH} for row in logs()]
    times = {FIRST_BLOCK + number: seconds_of(FIRST_BLOCK + number) for number in range(3)}
    for row in rows:
        del row["timeStamp"]
    assert_frame_equal(raw_logs(rows, "answer", times), raw_logs(logs(), "page"))
    with pytest.raises(
        InvalidInputError, match=r"answer: log 3: timeStamp must be the time of the block.*\(found None\)"
    ):
        raw_logs(rows, "answer", {block: times[block] for block in list(times)[:2]})
    with pytest.raises(InvalidInputError, match="answer: log 1: timeStamp"):
        raw_logs(rows, "answer")


def test_no_logs_are_an_empty_frame() -> None:
    assert_frame_equal(raw_logs([], "page"), pl.DataFrame(schema=RAW_LOG_SCHEMA))


NO_NUMBERS = ("", "-1", "0x-1", "0x+5", "+5", " 5", "5.0", "0x" + "f" * 64, -1, 2**70, None)
NO_TOPICS = ([HASH, "\ud800"], [HASH, 5], HASH, {HASH: 1}, None)


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        *(("blockNumber", value, "blockNumber must be a number") for value in NO_NUMBERS),
        ("blockNumber", "0xzz", "blockNumber must be a number from 0 to 4294967295 (found '0xzz')"),
        ("blockNumber", "0x100000000", "blockNumber must be a number from 0 to 4294967295 (found '0x100000000')"),
        ("blockNumber", True, "blockNumber must be a number or its text (found True)"),
        ("blockNumber", 5.0, "blockNumber must be a number or its text (found 5.0)"),
        ("transactionIndex", "0x80000000", "transactionIndex must be a number from 0 to 2147483647"),
        ("logIndex", "0x80000000", "logIndex must be a number from 0 to 2147483647"),
        ("logIndex", ["0x1"], "logIndex must be a number or its text"),
        ("timeStamp", "0x1", "text with an offset, not before the contract (2017-06-22) (found '0x1')"),
        *(
            (
                "timeStamp",
                value,
                "timeStamp must be the time of the block, as seconds since 1970 or text with an offset",
            )
            for value in ("0x7fffffffffffffff", 1_609_459_200_000, "yesterday", "2021-01-01T00:00:00", "2021-01-01")
        ),
        ("timeStamp", "2021-01-01T00:00:00.001Z", "timeStamp must be the time of the block"),
        ("timeStamp", {"seconds": 5}, "timeStamp must be a number or its text"),
        ("transactionHash", "0x1", "transactionHash must be 0x and 64 hexadecimal digits (found '0x1')"),
        ("transactionHash", HASH + "\n", "transactionHash must be 0x and 64 hexadecimal digits"),
        ("transactionHash", None, "transactionHash must be 0x and 64 hexadecimal digits"),
        ("transactionHash", "\ud800", "transactionHash must be text (found '\\ud800')"),
        ("logIndex", "\ud800", "logIndex must be a number or its text"),
        ("logIndex", "٣", "logIndex must be a number"),
        ("transactionHash", 5, "transactionHash must be text (found 5)"),
        ("address", ANN[:-1], "address must be 0x and 40 hexadecimal digits"),
        ("address", {"hash": ANN}, "address must be text"),
        ("data", "0x123", "data must be 0x and whole bytes in hexadecimal (found '0x123')"),
        *(("data", value, "data must be 0x and whole bytes") for value in ("123456", "0xgg", None)),
        ("topics", [], "topic0 must not be missing"),
        ("topics", [None, "0x" + "0" * 64], "topic0 must not be missing"),
        ("topics", [HASH, None, HASH], "topic2 must not follow a missing topic"),
        ("topics", [HASH, "0x5"], "topic1 must be 0x and 64 hexadecimal digits"),
        ("topics", [HASH] * 5, "topics must be at most 4 (found 5)"),
        *(("topics", value, "topics must be a list of text") for value in NO_TOPICS),
        ("removed", True, "removed is True: a reorganisation took it back"),
        ("removed", "true", "removed is 'true'"),
    ],
)
def test_a_malformed_log_is_refused_with_its_number_field_and_rule(field: str, value: object, rule: str) -> None:
    rows: list[dict[str, Any]] = logs()
    rows[1][field] = value
    with pytest.raises(InvalidInputError, match=f"^page.json: log 2: .*{re.escape(rule)}"):
        raw_logs(rows, "page.json")


def test_one_error_names_every_broken_rule_with_its_first_log() -> None:
    rows: list[dict[str, Any]] = logs()
    for number in (1, 2):
        del rows[number]["timeStamp"]
    rows[0]["data"], rows[2]["topics"] = "5", [HASH, "0x5"]
    with pytest.raises(InvalidInputError) as refused:
        raw_logs(rows, "page.json")
    assert str(refused.value) == (
        "page.json: 3 problems: (1) log 2: timeStamp must be the time of the block, as seconds since 1970 or text "
        "with an offset, not before the contract (2017-06-22) (found None; 1 more such logs); "
        "(2) log 1: data must be 0x and whole bytes in hexadecimal (found '5'); "
        f"(3) log 3: topic1 must be 0x and 64 hexadecimal digits (found ['{HASH}', '0x5'])"
    )


@pytest.mark.parametrize(
    "field", ["blockNumber", "transactionIndex", "logIndex", "transactionHash", "address", "data", "topics"]
)
def test_a_log_that_lacks_a_field_is_refused(field: str) -> None:
    rows = logs()
    del rows[2][field]
    with pytest.raises(InvalidInputError, match=f"page.json: log 3: {field} is missing"):
        raw_logs(rows, "page.json")


@pytest.mark.parametrize("row", [None, 5, "log", ["0x"], []])
def test_something_that_is_no_object_is_refused(row: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"page.json: log 2: must be an object"):
        raw_logs([logs()[0], row], "page.json")


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"block": FIRST_BLOCK, "data": "0x" + "0" * 64}, "4000000, log_index 0 occurs twice"),
        (
            {"logIndex": "0x1", "timeStamp": hex(seconds_of(FIRST_BLOCK) + 1)},
            "4000000, log_index 1 has another time than its block before",
        ),
        (
            {"blockNumber": hex(FIRST_BLOCK + 1), "timeStamp": hex(seconds_of(FIRST_BLOCK) - 1)},
            "4000001, log_index 0 is earlier than the log before it",
        ),
        ({"logIndex": "0x1", "transactionIndex": "0x1"}, "4000000, log_index 1 has a lower transactionIndex than the"),
        ({"logIndex": "0x1", "transactionHash": "0x" + "2" * 64}, "4000000, log_index 1 contradicts the log before it"),
        ({"logIndex": "0x1", "transactionIndex": "0x3"}, "4000000, log_index 1 contradicts the log before it"),
    ],
)
def test_logs_that_contradict_each_other_are_refused(changed: dict[str, Any], rule: str) -> None:
    first = log("PunkBidEntered", 1, 5, ANN, tx_index=2)
    with pytest.raises(InvalidInputError, match=f"block {rule}"):
        raw_logs([first, {**first, **changed}], "page.json")


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
anything = st.recursive(
    scalars | st.sampled_from([HASH, "0x", "0x1"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from([*logs(1)[0], "removed"]), anything), max_size=3), anything
)
def test_hostile_json_is_refused_in_words_or_read(changes: list[tuple[int, str, object]], extra: Any) -> None:
    rows = logs()
    for row, field, value in changes:
        rows[row][field] = value
    for page in (rows, [*rows, extra]):
        try:
            frame = raw_logs(page, "page.json")
        except InvalidInputError as error:
            assert str(error).startswith("page.json: ")
        else:
            assert frame.schema == RAW_LOG_SCHEMA
            assert frame.height == len(page)
