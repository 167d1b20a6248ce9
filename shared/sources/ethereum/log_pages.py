"""Files with pages of raw logs: JSON or one JSON value a line, plain or gzip, saved from a node or by other tools.

A page is a log, a list of logs, or an answer with a list as `result` (JSON-RPC, Etherscan) or `items`; or a list of
such pages.
"""

import gzip
import json
import re
import zlib
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

import polars as pl

from shared.errors import InvalidInputError
from shared.sources.ethereum.contract import MARKET_ADDRESS
from shared.sources.ethereum.decoder import market_logs
from shared.sources.ethereum.raw_logs import RAW_LOG_SCHEMA, empty_logs, in_contract_order, parsed_logs, place

_GZIP_MAGIC: Final = b"\x1f\x8b"
_SPACE: Final = re.compile(r"\s*")
_ANSWERS: Final = frozenset({"error", "result", "items"})
_WORDS: Final = {
    "index": "logIndex",
    "log_index": "logIndex",
    "block_number": "blockNumber",
    "transaction_index": "transactionIndex",
    "transaction_hash": "transactionHash",
    "timestamp": "timeStamp",
    "block_timestamp": "timeStamp",
}
"""A field of a log by its name in ethers and in SQL."""


def read_log_pages(paths: Sequence[Path], *, market: str = MARKET_ADDRESS) -> pl.DataFrame:
    """The market's logs (`RAW_LOG_SCHEMA`) of all pages in contract order, without duplicates.

    Raises:
        InvalidInputError: an unreadable page, the first broken rule with page and log, a page of another contract, or
            pages that contradict each other.
    """
    pages = [_page(file, market) for file in paths]
    if not pages:
        return empty_logs()
    logs = pl.concat([page.with_columns(page=pl.lit(number)) for number, page in enumerate(pages)])
    logs = logs.unique(subset=list(RAW_LOG_SCHEMA), keep="first")
    contradicting = logs.filter(pl.struct("block", "log_index").is_duplicated()).sort("block", "log_index", "page")
    if contradicting.height:
        first, second = (paths[number] for number in contradicting["page"][:2])
        raise InvalidInputError(f"{second}: the log at {place(contradicting)} differs from the one in {first.name}")
    return in_contract_order(logs.select(*RAW_LOG_SCHEMA), ", ".join(file.name for file in paths))


def _page(file: Path, market: str) -> pl.DataFrame:
    rows = _rows(file, _parsed(file))
    logs = in_contract_order(parsed_logs(rows, str(file)).unique(), str(file))
    logs = market_logs(logs, str(file), market=market)
    if rows and logs.is_empty():
        raise InvalidInputError(
            f"{file}: none of its {len(rows)} logs is of the market's contract {market}; name another with --market"
        )
    return logs


def _parsed(file: Path) -> object:
    """The JSON value in the file, or the list of several."""
    try:
        content = file.read_bytes()
        if content.startswith(_GZIP_MAGIC):
            content = gzip.decompress(content)
        text = content.decode(json.detect_encoding(content))
        values: list[object] = []
        decoder, at = json.JSONDecoder(), _end_of_space(text, 0)
        while at < len(text) or not values:
            value, end = decoder.raw_decode(text, at)
            values.append(value)
            at = _end_of_space(text, end)
        return values[0] if len(values) == 1 else values
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise InvalidInputError(f"{file}: is no readable page of JSON ({reason}); fetch it again") from error


def _end_of_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    assert space is not None
    return space.end()


def _rows(file: Path, parsed: object) -> list[Any]:
    rows = _answer(file, parsed)
    if any(isinstance(row, list) or _is_answer(row) for row in rows):
        rows = [*chain.from_iterable(_answer(file, row) for row in rows)]
    return [_in_words_of_nodes(row) for row in rows]


def _answer(file: Path, parsed: object) -> list[Any]:
    if isinstance(parsed, dict) and "topics" in parsed:
        return [parsed]
    if isinstance(parsed, dict):
        answer = parsed.get("error") or parsed.get("result", parsed.get("items"))
        if parsed.get("error") or isinstance(answer, str):
            raise InvalidInputError(f"{file}: is an error and not a page: {answer}; fetch it again")
        parsed = answer
    if not isinstance(parsed, list):
        raise InvalidInputError(f"{file}: expected a list of logs, or one as 'result' or 'items'")
    return parsed


def _is_answer(row: object) -> bool:
    return isinstance(row, dict) and "topics" not in row and not _ANSWERS.isdisjoint(row)


def _in_words_of_nodes(row: object) -> object:
    if not isinstance(row, dict) or _WORDS.keys().isdisjoint(row):
        return row
    return {_WORDS[name]: value for name, value in row.items() if name in _WORDS} | row
