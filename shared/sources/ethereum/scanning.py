"""Reads the logs of a contract with the times of their blocks, from one fork of the chain."""

import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from shared.errors import TransientError
from shared.market.chain import KEPT_BLOCKS, BlockRef, Cursor, Located
from shared.sources.ethereum.answers import Header, quantity, without_time
from shared.sources.ethereum.node import EthereumNode
from shared.sources.ethereum.ranges import Span, in_order

MANY_LOGS: Final = 20_000
"""A scan ends after this number of logs, which are decoded and stored together."""


class ChainMovedError(TransientError):
    """The chain changed during the scan. Nothing was stored; the next pull reads it again."""


@dataclass(frozen=True)
class Scanned:
    """Raw logs in contract order, the times of their blocks (UTC seconds), and the last block read with its time."""

    rows: list[dict[str, Any]]
    times: dict[int, int]
    cursor: Cursor
    complete: bool
    time: int | None


@dataclass
class Scanner:
    """Reads final blocks in large ranges, and the newest blocks, which may still be replaced, one by one.

    The parents' hashes link the headers of the newest blocks with each other and with the block before. Their logs are
    requested by the block's hash. So all of them belong to one fork, even if the nodes change meanwhile.
    """

    node: EthereumNode
    in_flight: int
    budget_s: float
    span: Span = field(default_factory=Span)

    async def scan(self, located: Located) -> Scanned:
        """Read from the block after `located` to its target, or until the limit of time or logs.

        Raises:
            ChainMovedError: the blocks do not belong to one fork.
            NodeUnavailableError, TooMuchAtOnceError: the nodes give no answer.
        """
        first, target = located.block + 1, located.target
        newest = max(first, located.head - KEPT_BLOCKS + 1)
        until = time.monotonic() + self.budget_s
        rows, times, last = await self._final(first, min(newest - 1, target), until)
        recent: Sequence[Header] = ()
        if last == newest - 1 and target >= newest and len(rows) < MANY_LOGS:
            recent = await self.node.headers(range(newest, target + 1))
            _require_linked(located.ancestor if last == located.block else None, recent)
            # The headers have the times, so a log's own time is not needed.
            rows += [without_time(row) for row in await self.node.logs_of(recent)]
            times |= {header.number: header.time for header in recent}
            last = target
        elif last > located.block:
            recent = await self.node.headers([last])
        cursor = Cursor(last, tuple(BlockRef(header.number, header.hash) for header in recent))
        return Scanned(rows, times, cursor, complete=last >= target, time=recent[-1].time if recent else None)

    async def _final(self, first: int, last: int, until: float) -> tuple[list[dict[str, Any]], dict[int, int], int]:
        rows: list[dict[str, Any]] = []
        reached = first - 1
        parts = in_order(first, last, self.node.logs_between, span=self.span, in_flight=self.in_flight)
        async with aclosing(parts):
            async for part in parts:
                rows += part.items
                reached = part.last
                if len(rows) >= MANY_LOGS or time.monotonic() > until:
                    break
        return rows, await self.times(rows), reached

    async def times(self, rows: Sequence[dict[str, Any]]) -> dict[int, int]:
        """The times of the blocks whose logs have none; newer nodes send times with logs."""
        hashes = {
            quantity(row["blockNumber"], "a log's block"): row["blockHash"].lower()
            for row in rows
            if "blockTimestamp" not in row
        }
        headers = await self.node.headers(hashes)
        for header in headers:
            if header.hash != hashes[header.number]:
                raise ChainMovedError(
                    f"block {header.number} was replaced while its logs were read; they are read again"
                )
        return {header.number: header.time for header in headers}


def _require_linked(before: BlockRef | int | None, headers: Sequence[Header]) -> None:
    parent = before.hash if isinstance(before, BlockRef) else None
    for header in headers:
        if parent is not None and header.parent_hash != parent:
            raise ChainMovedError(f"block {header.number} does not follow the block before it; they are read again")
        parent = header.hash
