from typing import Any

import pytest

from shared.sources.ethereum import answers
from shared.sources.ethereum.answers import LogFilter, MalformedAnswerError
from tests.factories.fake_chain import MARKET, FakeChain

ASKED = LogFilter(MARKET, 10, 20, topics=(("0x" + "1" * 64,), None))


def log(**changed: Any) -> dict[str, Any]:
    chain = FakeChain(head=20)
    chain.log(12, "0x" + "1" * 64, "0x" + "2" * 64)
    [found] = chain.logs_of(12)
    return found | changed


@pytest.mark.parametrize(("text", "number"), [("0x0", 0), ("0x1f", 31), ("0x0001F", 31), ("0x00", 0)])
def test_a_quantity_is_read(text: str, number: int) -> None:
    assert answers.quantity(text, "it") == number


@pytest.mark.parametrize(
    "value", ["0x", "", "12", "0xg", "0x-1", " 0x1", "0x1 ", "0x1_0", None, 12, True, [], {}, "0x" + "f" * 16, 1.0]
)
def test_what_is_no_quantity_is_refused(value: Any) -> None:
    with pytest.raises(MalformedAnswerError, match="the head is"):
        answers.quantity(value, "the head")


@pytest.mark.parametrize("value", ["0x1", "0xzz", "ff", None, 5, "0x" + "1" * 63])
def test_what_is_no_data_is_refused(value: Any) -> None:
    with pytest.raises(MalformedAnswerError):
        answers.data(value, "data")
    with pytest.raises(MalformedAnswerError):
        answers.fixed_data(value, 32, "hash")


def test_good_logs_are_put_into_contract_order() -> None:
    one, two = log(logIndex="0x2"), log(logIndex="0x1")
    assert answers.logs([one, two], ASKED) == [two, one]
    assert answers.logs([], ASKED) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"blockNumber": "0x9"}, "blocks 10 to 20 were requested"),
        ({"blockNumber": "0x15"}, "blocks 10 to 20 were requested"),
        ({"blockNumber": None}, "a log's block is None"),
        ({"address": "0x" + "0" * 40}, "is of contract"),
        ({"address": "0x12"}, "has 1 bytes, not 20"),
        ({"removed": True}, "marked as removed"),
        ({"topics": ["0x" + "3" * 64]}, "topic 0 was not requested"),
        ({"topics": []}, "topic 0 was not requested"),
        ({"topics": "0x"}, "its topics are"),
        ({"topics": ["0x1"]}, "topic 0"),
        ({"data": "0xabc"}, "its data"),
        ({"logIndex": "five"}, "a log's index is 'five'"),
        ({"transactionHash": None}, "its transaction's hash"),
        ({"transactionIndex": -1}, "its transaction's index"),
        ({"blockHash": "0x12"}, "its block's hash"),
    ],
)
def test_a_log_that_was_not_asked_for_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(MalformedAnswerError, match=said):
        answers.logs([log(**changed)], ASKED)


@pytest.mark.parametrize("value", [None, {}, "0x", [1], [None]])
def test_what_are_no_logs_is_refused(value: Any) -> None:
    with pytest.raises(MalformedAnswerError, match="eth_getLogs"):
        answers.logs(value, ASKED)


def test_a_log_may_come_twice_but_not_with_different_content() -> None:
    assert answers.logs([log(), log()], ASKED) == [log()]
    with pytest.raises(MalformedAnswerError, match="log 0 of block 12 came twice"):
        answers.logs([log(), log(data="0x12")], ASKED)


@pytest.mark.parametrize("unknown", ["0x0", None])
def test_a_logs_time_of_zero_is_no_time(unknown: str | None) -> None:
    assert answers.logs([log(blockTimestamp=unknown)], ASKED) == [log()]
    assert answers.logs([log(blockTimestamp="0x5")], ASKED) == [log(blockTimestamp="0x5")]
    with pytest.raises(MalformedAnswerError, match="a log's time"):
        answers.logs([log(blockTimestamp="soon")], ASKED)


def test_receipts_prove_that_they_have_all_logs_of_a_block() -> None:
    block = answers.header(FakeChain(head=9).block(5) | {"logsBloom": "0x" + "00" * 255 + "81"}, 5)
    parts = [{"blockHash": block.hash, "logsBloom": "0x" + "00" * 255 + bits, "logs": [bits]} for bits in ("80", "01")]
    assert answers.receipts(parts, block) == ["80", "01"]
    for wrong in (None, [None], parts[:1], [parts[0], parts[1] | {"blockHash": "0x" + "0" * 64}]):
        with pytest.raises(MalformedAnswerError):
            answers.receipts(wrong, block)


def test_a_log_of_a_block_with_another_hash_is_refused() -> None:
    asked = LogFilter(MARKET, 12, 12, block_hash="0x" + "d" * 64)
    with pytest.raises(MalformedAnswerError, match="is of block 0x"):
        answers.logs([log()], asked)


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"number": "0x6"}, "block 6 came"), ({"hash": "0x1"}, "its hash"), ({"timestamp": ""}, "its time")],
)
def test_a_header_that_is_another_is_refused(changed: dict[str, Any], said: str) -> None:
    block = FakeChain(head=9).block(5)
    assert answers.header(block, 5).parent_hash == FakeChain(head=9).hash(4)
    with pytest.raises(MalformedAnswerError, match=said):
        answers.header(block | changed, 5)
    with pytest.raises(MalformedAnswerError, match="is not there"):
        answers.header(None, 5)
