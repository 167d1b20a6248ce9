"""Raw Ethereum logs as a frame, from JSON objects of a node, Etherscan, or Blockscout's copy of Etherscan's API.

The formats differ in details: nodes have no time of a log (newer ones add `blockTimestamp`), Etherscan writes zero as
`0x`, and Blockscout pads the topics with null. Numbers are hexadecimal text, decimal text or integers. A time may also
be text with an offset.
"""

from collections.abc import Mapping
from itertools import chain, pairwise
from typing import Any, Final, NoReturn

import polars as pl

from shared.contracts.messages import EARLIEST_INSTANT
from shared.errors import InvalidInputError
from shared.market.events import ADDRESS, HASH
from shared.market.frame_columns import instants
from shared.market.frame_rules import Rule, first_true, refuse, short

TOPICS: Final = ("topic0", "topic1", "topic2", "topic3")
RAW_LOG_SCHEMA: Final[dict[str, pl.DataType]] = {
    "block": pl.Int64(),
    "timestamp": pl.Datetime("us", "UTC"),
    "tx_index": pl.Int64(),
    "log_index": pl.Int64(),
    "tx_hash": pl.String(),
    "address": pl.String(),
    **dict.fromkeys(TOPICS, pl.String()),
    "data": pl.String(),
}
"""A log, with hexadecimal text in lower case with 0x; missing topics are null."""

_NUMBERS: Final = {"block": "blockNumber", "tx_index": "transactionIndex", "log_index": "logIndex"}
_TEXTS: Final = {"tx_hash": "transactionHash", "address": "address", "data": "data"}
_KEYS: Final = {**_NUMBERS, **_TEXTS, "timestamp": "timeStamp", "topics": "topics"}
_LARGEST: Final = {"block": 2**32 - 1, "tx_index": 2**31 - 1, "log_index": 2**31 - 1}
_EARLIEST_SECOND: Final = int(EARLIEST_INSTANT.timestamp())
_LATEST_SECOND: Final = 253_402_300_799
"""The end of the year 9999, the last year of a Python datetime."""

_BYTES: Final = r"^0x(?:[0-9a-f]{2})*$"


def empty_logs() -> pl.DataFrame:
    """A frame without logs."""
    return pl.DataFrame(schema=RAW_LOG_SCHEMA)


def raw_logs(rows: list[dict[str, Any]], where: str, timestamps: Mapping[int, int] | None = None) -> pl.DataFrame:
    """The logs (`RAW_LOG_SCHEMA`) in contract order, after all rules hold; raises as its two steps do."""
    return in_contract_order(parsed_logs(rows, where, timestamps), where)


def parsed_logs(rows: list[dict[str, Any]], where: str, timestamps: Mapping[int, int] | None = None) -> pl.DataFrame:
    """The logs (`RAW_LOG_SCHEMA`) in the order of the page, after the rules of each log hold.

    Args:
        where: name of the page or answer in errors, which count logs from 1 in the order of the page.
        timestamps: seconds since 1970 by block number, for logs without a time.

    Raises:
        InvalidInputError: every broken rule, with its first log, field and value.
    """
    if not rows:
        return empty_logs()
    frame = _with_times(_columns(rows, where), timestamps)
    rules = _rules()
    # As in `frame_rules.CheckedFrame`, but errors quote the original JSON value.
    if frame.select(pl.any_horizontal(broken.any() for _, broken, _ in rules)).item():
        flags = (
            (column, frame.select(broken=broken.fill_null(False))["broken"], rule) for column, broken, rule in rules
        )
        refuse(where, [_problem(rows, column, broken, rule) for column, broken, rule in flags if broken.any()])
    instant = pl.from_epoch(pl.col("timestamp"), time_unit="s").cast(pl.Datetime("us", "UTC"))
    return frame.with_columns(timestamp=instant).select(*RAW_LOG_SCHEMA)


def in_contract_order(logs: pl.DataFrame, where: str) -> pl.DataFrame:
    """The logs sorted by `(block, log_index)`, checked for contradictions.

    Raises:
        InvalidInputError: a place occurs twice, or two logs contradict each other about a block or a transaction.
    """
    logs = logs.sort("block", "log_index")
    same_block = pl.col("block") == pl.col("block").shift()
    same_index = pl.col("tx_index") == pl.col("tx_index").shift()
    rules = [
        (same_block & (pl.col("log_index") == pl.col("log_index").shift()), "occurs twice"),
        (same_block & (pl.col("timestamp") != pl.col("timestamp").shift()), "has another time than its block before"),
        (pl.col("timestamp") < pl.col("timestamp").shift(), "is earlier than the log before it"),
        (
            same_block & (pl.col("tx_index") < pl.col("tx_index").shift()),
            "has a lower transactionIndex than the log before it",
        ),
        (
            same_block & (same_index != (pl.col("tx_hash") == pl.col("tx_hash").shift())),
            "contradicts the log before it about the transaction they belong to",
        ),
    ]
    for broken, rule in rules:
        wrong = logs.filter(broken)
        if wrong.height:
            raise InvalidInputError(f"{where}: the log at {place(wrong)} {rule}")
    return logs


def place(logs: pl.DataFrame) -> str:
    """Place of the first of these logs on the chain, for errors."""
    return f"block {logs['block'][0]}, log_index {logs['log_index'][0]}"


def _columns(rows: list[dict[str, Any]], where: str) -> pl.DataFrame:
    """The columns in the order of the page, with times in seconds. Invalid numbers become null."""
    try:
        if not {row.get("removed") for row in rows} <= {None, False}:
            _refuse_first(rows, where)
        columns = {
            **{name: _numbers([row[key] for row in rows]) for name, key in _NUMBERS.items()},
            **{name: _text([row[key] for row in rows]) for name, key in _TEXTS.items()},
            "timestamp": _seconds(_times(rows)),
            **_topics([row["topics"] for row in rows]),
        }
    except (KeyError, TypeError, AttributeError, UnicodeEncodeError):
        _refuse_first(rows, where)
    return pl.DataFrame(columns)


def _times(rows: list[dict[str, Any]]) -> list[Any]:
    times = [row.get("timeStamp") for row in rows]
    return [row.get("timeStamp", row.get("blockTimestamp")) for row in rows] if None in times else times


def _text(values: list[Any]) -> pl.Series:
    return pl.Series(values, dtype=pl.String, strict=True).str.to_lowercase()


def _numbers(values: list[Any]) -> pl.Series:
    """Hexadecimal text, decimal text or integers as integers (i64); null for other values."""
    if int in set(map(type, values)):
        values = [str(value) if type(value) is int else value for value in values]
    text = pl.col("text")
    unsigned = ~text.str.contains("+", literal=True)
    hexadecimal = text.str.slice(2).str.to_integer(base=16, strict=False)
    read = pl.when(text == "0x").then(0).when(unsigned & text.str.starts_with("0x")).then(hexadecimal)
    frame = pl.DataFrame({"text": _text(values)})
    if not frame["text"].str.starts_with("0x").all():
        read = read.when(unsigned).then(text.str.to_integer(base=10, strict=False))
    return frame.select(number=read)["number"]


def _seconds(values: list[Any]) -> pl.Series:
    """Seconds since 1970, from numbers or from text with an offset like `2021-03-01T12:00:00.000Z`; else null."""
    seconds = _numbers(values)
    if not any(isinstance(value, str) and ":" in value for value in values):
        return seconds
    text = pl.Series([value if isinstance(value, str) else None for value in values], dtype=pl.String)
    times = instants(text)
    whole = times == times.dt.truncate("1s")
    return seconds.zip_with(seconds.is_not_null(), times.dt.epoch("s").set(~whole.fill_null(False), None))


def _topics(values: list[Any]) -> dict[str, pl.Series]:
    """A column per topic."""
    if not (set(map(type, values)) <= {list, tuple} and max(map(len, values)) <= len(TOPICS)):
        raise TypeError("topics are a list of at most four")
    # One column for all topics is several times as fast as one list per topic.
    every = _text([*chain.from_iterable(values)])
    count = pl.Series([len(topics) for topics in values], dtype=pl.Int64)
    first = count.cum_sum() - count
    return {name: every.gather((first + number).set(count <= number, None)) for number, name in enumerate(TOPICS)}


def _with_times(frame: pl.DataFrame, timestamps: Mapping[int, int] | None) -> pl.DataFrame:
    """Fills in missing `timestamps`, in seconds."""
    if timestamps is None:
        return frame
    known = pl.Series([timestamps.get(block) for block in frame["block"].to_list()], dtype=pl.Int64)
    return frame.with_columns(pl.col("timestamp").fill_null(known))


def _rules() -> list[Rule]:
    hash_rule = "must be 0x and 64 hexadecimal digits"
    time_rule = (
        "must be the time of the block, as seconds since 1970 or text with an offset, not before the contract "
        f"({EARLIEST_INSTANT:%Y-%m-%d})"
    )
    no_time = ~pl.col("timestamp").is_between(_EARLIEST_SECOND, _LATEST_SECOND).fill_null(False)
    texts = (
        ("tx_hash", HASH, hash_rule),
        ("address", ADDRESS, "must be 0x and 40 hexadecimal digits"),
        ("data", _BYTES, "must be 0x and whole bytes in hexadecimal"),
    )
    outside = {name: ~pl.col(name).is_between(0, most).fill_null(False) for name, most in _LARGEST.items()}
    gaps = {name: pl.col(before).is_null() & pl.col(name).is_not_null() for before, name in pairwise(TOPICS[1:])}
    return [
        *((name, outside[name], f"must be a number from 0 to {most}") for name, most in _LARGEST.items()),
        ("timestamp", no_time, time_rule),
        *((name, ~pl.col(name).str.contains(pattern).fill_null(False), rule) for name, pattern, rule in texts),
        ("topic0", pl.col("topic0").is_null(), "must not be missing"),
        *((name, ~pl.col(name).str.contains(HASH), hash_rule) for name in TOPICS),
        *((name, gap, "must not follow a missing topic") for name, gap in gaps.items()),
    ]


def _problem(rows: list[dict[str, Any]], column: str, broken: pl.Series, rule: str) -> str:
    row, count = first_true(broken), int(broken.sum())
    value = rows[row].get("topics" if column in TOPICS else _KEYS[column])
    more = f"; {count - 1} more such logs" if count > 1 else ""
    return f"log {row + 1}: {_KEYS.get(column, column)} {rule} (found {short(value)}{more})"


def _refuse_first(rows: list[dict[str, Any]], where: str) -> NoReturn:
    """Raise the error of the first log that does not fit into columns."""
    for number, row in enumerate(rows, start=1):
        at = f"{where}: log {number}:"
        if not isinstance(row, dict):
            raise InvalidInputError(f"{at} must be an object (found {short(row)})")
        if row.get("removed") not in (None, False):
            raise InvalidInputError(
                f"{at} removed is {short(row['removed'])}: a reorganisation took it back; fetch the page again"
            )
        missing = [key for key in (*_NUMBERS.values(), *_TEXTS.values(), "topics") if key not in row]
        if missing:
            raise InvalidInputError(f"{at} {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
        for key in (*_NUMBERS.values(), "timeStamp", "blockTimestamp"):
            if not (_is_text(row.get(key)) or type(row[key]) is int):
                raise InvalidInputError(f"{at} {key} must be a number or its text (found {short(row[key])})")
        for key in _TEXTS.values():
            if not _is_text(row[key]):
                raise InvalidInputError(f"{at} {key} must be text (found {short(row[key])})")
        topics = row["topics"]
        if not isinstance(topics, list | tuple) or not all(map(_is_text, topics)):
            raise InvalidInputError(f"{at} topics must be a list of text (found {short(topics)})")
        if len(topics) > len(TOPICS):
            raise InvalidInputError(f"{at} topics must be at most {len(TOPICS)} (found {len(topics)})")
    raise AssertionError("the logs are valid, but do not fit into columns")


def _is_text(value: object) -> bool:
    """True for a missing value, too: the rules decide whether it may be missing."""
    return value is None or (isinstance(value, str) and value.isascii())
