"""What a node answers, read strictly: what is not exactly what was asked for is a lie until proven otherwise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from shared.errors import TransientError

_QUANTITY: Final = re.compile(r"0x(0|[1-9a-fA-F][0-9a-fA-F]*)")
_DATA: Final = re.compile(r"0x([0-9a-fA-F]{2})*")
_LARGEST: Final = 2**63 - 1


class MalformedAnswerError(TransientError):
    """A node said something that cannot be so. Another one, or the same one later, may know better."""


@dataclass(frozen=True)
class Header:
    """A block's header: what ties it to the block before, and its time (UTC seconds)."""

    number: int
    hash: str
    parent_hash: str
    time: int


def quantity(value: Any, what: str) -> int:
    """A JSON-RPC quantity such as `0x1f`, up to 2^63 - 1; leading zeros are tolerated as some nodes send them.

    Raises:
        MalformedAnswerError: anything else; `what` names it.
    """
    if isinstance(value, str):
        text = "0x" + (value[2:].lstrip("0") or "0") if value.startswith("0x") and len(value) > 2 else value
        if _QUANTITY.fullmatch(text):
            number = int(text, 16)
            if number <= _LARGEST:
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
    """The header of block `number` out of `eth_getBlockByNumber`.

    Raises:
        MalformedAnswerError: the node does not have it (null), or it is another block's.
    """
    where = f"block {number}"
    if value is None:
        raise MalformedAnswerError(f"{where} is not there")
    if not isinstance(value, dict):
        raise MalformedAnswerError(f"{where} is {_shown(value)}, not a block")
    found = quantity(value.get("number"), f"{where}: its number")
    if found != number:
        raise MalformedAnswerError(f"{where} was asked for and block {found} came")
    return Header(
        number=number,
        hash=fixed_data(value.get("hash"), 32, f"{where}: its hash"),
        parent_hash=fixed_data(value.get("parentHash"), 32, f"{where}: its parent's hash"),
        time=quantity(value.get("timestamp"), f"{where}: its time"),
    )


@dataclass(frozen=True)
class LogsAsked:
    """What logs were asked for, to compare with what came: blocks inclusive, address and topics in lower case."""

    address: str
    first: int
    last: int
    block_hash: str | None = None
    topics: tuple[tuple[str, ...] | None, ...] = ()

    def parameter(self) -> dict[str, Any]:
        """The filter object of `eth_getLogs`. With a block's hash a node that lacks the block says so."""
        asked: dict[str, Any] = {"address": self.address}
        if self.topics:
            asked["topics"] = [None if any_of is None else list(any_of) for any_of in self.topics]
        if self.block_hash is not None:
            return asked | {"blockHash": self.block_hash}
        return asked | {"fromBlock": hex(self.first), "toBlock": hex(self.last)}


def logs(value: Any, asked: LogsAsked) -> list[dict[str, Any]]:
    """The logs as they came, once each is one that was asked for and all are in contract order.

    Raises:
        MalformedAnswerError: a log of another block, contract or topic, a removed one, one that comes twice.
    """
    if not isinstance(value, list):
        raise MalformedAnswerError(f"eth_getLogs answered {_shown(value)}, not a list")
    placed: dict[tuple[int, int], dict[str, Any]] = {}
    for one in value:
        if not isinstance(one, dict):
            raise MalformedAnswerError(f"eth_getLogs has {_shown(one)} among its logs")
        place = _placed(one, asked)
        if place in placed:
            raise MalformedAnswerError(f"log {place[1]} of block {place[0]} came twice")
        placed[place] = one
    return [placed[place] for place in sorted(placed)]


def _placed(log: dict[str, Any], asked: LogsAsked) -> tuple[int, int]:
    block = quantity(log.get("blockNumber"), "a log's block")
    index = quantity(log.get("logIndex"), f"block {block}: a log's index")
    where = f"log {index} of block {block}"
    if not asked.first <= block <= asked.last:
        raise MalformedAnswerError(f"{where} came, but blocks {asked.first} to {asked.last} were asked for")
    if log.get("removed"):
        raise MalformedAnswerError(f"{where} is marked as removed")
    if fixed_data(log.get("address"), 20, f"{where}: its address") != asked.address:
        raise MalformedAnswerError(f"{where} is of contract {log['address']}, not of {asked.address}")
    block_hash = fixed_data(log.get("blockHash"), 32, f"{where}: its block's hash")
    if asked.block_hash is not None and block_hash != asked.block_hash:
        raise MalformedAnswerError(f"{where} is of block {block_hash}, not of {asked.block_hash}")
    topics = log.get("topics")
    if not isinstance(topics, list) or len(topics) > 4:
        raise MalformedAnswerError(f"{where}: its topics are {_shown(topics)}")
    given = [fixed_data(topic, 32, f"{where}: topic {number}") for number, topic in enumerate(topics)]
    for number, wanted in enumerate(asked.topics):
        if wanted is not None and (number >= len(given) or given[number] not in wanted):
            raise MalformedAnswerError(f"{where}: topic {number} is not what was asked for")
    data(log.get("data"), f"{where}: its data")
    fixed_data(log.get("transactionHash"), 32, f"{where}: its transaction's hash")
    quantity(log.get("transactionIndex"), f"{where}: its transaction's index")
    return block, index


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
