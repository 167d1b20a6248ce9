"""Files with pages of raw logs: `.json` or `.json.gz`, saved from a node, Etherscan or Blockscout.

A page is a list of logs, or an object with a list as `result` (JSON-RPC, Etherscan) or `items`.
"""

import gzip
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from shared.errors import InvalidInputError
from shared.sources.ethereum.contract import MARKET_ADDRESS
from shared.sources.ethereum.decoder import market_logs
from shared.sources.ethereum.raw_logs import RAW_LOG_SCHEMA, empty_logs, in_contract_order, place, raw_logs

_GZIP_MAGIC: Final = b"\x1f\x8b"


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
    logs = market_logs(raw_logs(rows, str(file)), str(file), market=market)
    if rows and logs.is_empty():
        raise InvalidInputError(f"{file}: none of its {len(rows)} logs is of the market's contract {market}")
    return logs


def _parsed(file: Path) -> object:
    try:
        content = file.read_bytes()
        if content.startswith(_GZIP_MAGIC):
            content = gzip.decompress(content)
        return json.loads(content)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise InvalidInputError(f"{file}: is no readable page of JSON ({reason}); fetch it again") from error


def _rows(file: Path, parsed: object) -> list[Any]:
    if isinstance(parsed, dict):
        answer = parsed.get("error") or parsed.get("result", parsed.get("items"))
        if parsed.get("error") or isinstance(answer, str):
            raise InvalidInputError(f"{file}: is an error and not a page: {answer}; fetch it again")
        parsed = answer
    if not isinstance(parsed, list):
        raise InvalidInputError(f"{file}: expected a list of logs, or one as 'result' or 'items'")
    return parsed
