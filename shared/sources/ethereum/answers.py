"""Strict readers of a node's answers: an answer that does not match the request is an error."""

import re
from dataclasses import dataclass
from typing import Any, Final

from shared.errors import TransientError

_QUANTITY: Final = re.compile(r"0x[0-9a-fA-F]+")
_DATA: Final = re.compile(r"0x([0-9a-fA-F]{2})*")
_LARGEST: Final = 2**63 - 1
_BLOOM_BYTES: Final = 256


class MalformedAnswerError(TransientError):
    """A node's answer is impossible. Another node, or the same node later, may answer correctly."""


@dataclass(frozen=True)
class Header:
    """A block's header; `time` in UTC seconds. `bloom` and `transactions` (hashes) are empty if the node gave none."""

    number: int
    hash: str
    parent_hash: str
    time: int
    bloom: int | None = None
    transactions: tuple[str, ...] = ()


def quantity(value: Any, what: str) -> int:
    """A JSON-RPC quantity such as `0x1f`, up to 2^63 - 1. Some nodes send leading zeros, which are accepted.

    Raises:
        MalformedAnswerError: anything else; `what` names the value.
    """
    if isinstance(value, str) and _QUANTITY.fullmatch(value) and (number := int(value, 16)) <= _LARGEST:
        return number
    raise MalformedAnswerError(f"{what} is {_shown(value)}, not a hexadecimal quantity")


def fixed_data(value: Any, size: int, what: str) -> str:
    """Hexadecimal data of exactly `size` bytes, in lower case.

    Raises:
        MalformedAnswerError: anything else.
    """
    text = data(value, what)
    if len(text) != 2 + 2 * size:
        raise MalformedAnswerError(f"{what} has {(len(text) - 2) // 2} bytes, not {size}")
    return text


def data(value: Any, what: str) -> str:
    """Hexadecimal data of any length, in lower case.

    Raises:
        MalformedAnswerError: anything else.
    """
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise MalformedAnswerError(f"{what} is {_shown(value)}, not hexadecimal data")
    return value.lower()


def header(value: Any, number: int) -> Header:
    """The header of block `number` from `eth_getBlockByNumber`.

    Raises:
        MalformedAnswerError: the node does not have the block (null), or answers with another block.
    """
    where = f"block {number}"
    if value is None:
        raise MalformedAnswerError(f"{where} is not there")
    if not isinstance(value, dict):
        raise MalformedAnswerError(f"{where} is {_shown(value)}, not a block")
    answered = quantity(value.get("number"), f"{where}: its number")
    if answered != number:
        raise MalformedAnswerError(f"{where} was requested, but block {answered} came")
    return Header(
        number=number,
        hash=fixed_data(value.get("hash"), 32, f"{where}: its hash"),
        parent_hash=fixed_data(value.get("parentHash"), 32, f"{where}: its parent's hash"),
        time=quantity(value.get("timestamp"), f"{where}: its time"),
        bloom=_bloom(value.get("logsBloom"), where),
        transactions=tuple(
            fixed_data(transaction, 32, f"{where}: a transaction") for transaction in value.get("transactions") or ()
        ),
    )


def _bloom(value: Any, where: str) -> int | None:
    return None if value in (None, "0x") else int(fixed_data(value, _BLOOM_BYTES, f"{where}: its bloom"), 16)


def receipts(value: Any, block: Header) -> list[dict[str, Any]]:
    """All logs of a block from its receipts, which the header's bloom proves to be complete.

    Raises:
        MalformedAnswerError: no list of receipts, or receipts with other logs than the block.
    """
    where = f"block {block.number}"
    if not isinstance(value, list) or not all(isinstance(receipt, dict) for receipt in value):
        raise MalformedAnswerError(f"{where}: its receipts are {_shown(value)}")
    bloom, logs = 0, list[dict[str, Any]]()
    for receipt in value:
        bloom |= _bloom(receipt.get("logsBloom"), f"a receipt of {where}") or 0
        if fixed_data(receipt.get("blockHash"), 32, f"a receipt of {where}: its block") != block.hash:
            raise MalformedAnswerError(f"{where}: a receipt is of block {receipt['blockHash']}, not of {block.hash}")
        logs += receipt.get("logs") or ()
    if bloom != block.bloom:
        raise MalformedAnswerError(f"{where}: its receipts do not have the logs of its bloom filter")
    return logs


@dataclass(frozen=True)
class LogFilter:
    """A request for logs: blocks inclusive, address and topics in lower case."""

    address: str
    first: int
    last: int
    block_hash: str | None = None
    topics: tuple[tuple[str, ...] | None, ...] = ()

    def parameter(self) -> dict[str, Any]:
        """The filter object of `eth_getLogs`. With a block's hash, a node without the block answers with an error."""
        parameter: dict[str, Any] = {"address": self.address}
        if self.topics:
            parameter["topics"] = [None if any_of is None else list(any_of) for any_of in self.topics]
        if self.block_hash is not None:
            return parameter | {"blockHash": self.block_hash}
        return parameter | {"fromBlock": hex(self.first), "toBlock": hex(self.last)}


def logs(value: Any, wanted: LogFilter) -> list[dict[str, Any]]:
    """The logs in contract order, checked against the request. A log may come twice.

    Raises:
        MalformedAnswerError: a log of another block, contract or topic, a removed log, or two logs at one place.
    """
    if not isinstance(value, list):
        raise MalformedAnswerError(f"eth_getLogs answered {_shown(value)}, not a list")
    by_key: dict[tuple[int, int], dict[str, Any]] = {}
    for log in value:
        if not isinstance(log, dict):
            raise MalformedAnswerError(f"eth_getLogs has {_shown(log)} among its logs")
        key = _checked(log, wanted)
        if by_key.get(key, log) != log:
            raise MalformedAnswerError(f"log {key[1]} of block {key[0]} came twice, with different content")
        by_key[key] = log
    return [_with_known_time(by_key[key]) for key in sorted(by_key)]


def _with_known_time(log: dict[str, Any]) -> dict[str, Any]:
    """The log without a `blockTimestamp` of null or zero, which nodes send for "not known"."""
    if log.get("blockTimestamp") is not None and quantity(log["blockTimestamp"], "a log's time"):
        return log
    return without_time(log)


def without_time(log: dict[str, Any]) -> dict[str, Any]:
    """The log without the time that newer nodes send with it."""
    return {name: value for name, value in log.items() if name != "blockTimestamp"}


def _checked(log: dict[str, Any], wanted: LogFilter) -> tuple[int, int]:
    """Block and index of a log that fits the request."""
    block = quantity(log.get("blockNumber"), "a log's block")
    index = quantity(log.get("logIndex"), f"block {block}: a log's index")
    where = f"log {index} of block {block}"
    if not wanted.first <= block <= wanted.last:
        raise MalformedAnswerError(f"{where} came, but blocks {wanted.first} to {wanted.last} were requested")
    if log.get("removed"):
        raise MalformedAnswerError(f"{where} is marked as removed")
    if fixed_data(log.get("address"), 20, f"{where}: its address") != wanted.address:
        raise MalformedAnswerError(f"{where} is of contract {log['address']}, not of {wanted.address}")
    block_hash = fixed_data(log.get("blockHash"), 32, f"{where}: its block's hash")
    if wanted.block_hash is not None and block_hash != wanted.block_hash:
        raise MalformedAnswerError(f"{where} is of block {block_hash}, not of {wanted.block_hash}")
    topics = log.get("topics")
    if not isinstance(topics, list) or len(topics) > 4:
        raise MalformedAnswerError(f"{where}: its topics are {_shown(topics)}")
    given = [fixed_data(topic, 32, f"{where}: topic {number}") for number, topic in enumerate(topics)]
    for number, any_of in enumerate(wanted.topics):
        if any_of is not None and (number >= len(given) or given[number] not in any_of):
            raise MalformedAnswerError(f"{where}: topic {number} was not requested")
    data(log.get("data"), f"{where}: its data")
    fixed_data(log.get("transactionHash"), 32, f"{where}: its transaction's hash")
    quantity(log.get("transactionIndex"), f"{where}: its transaction's index")
    return block, index


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
