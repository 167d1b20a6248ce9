"""The real market, read from a node in pieces, is stored as it was recorded."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from shared.clock import SystemClock
from shared.market.events import EVENT_SCHEMA
from shared.sources.ethereum.contract import MARKET_ADDRESS
from shared.sources.ethereum.json_rpc import JsonRpc
from shared.sources.ethereum.source import EthereumMarket, EthereumSource
from shared.sources.event_files import read_event_files
from shared.stores import event_repository
from shared.stores.market_reader import MarketReader
from tests.factories.database import Database
from tests.factories.event_logs import event_logs
from tests.factories.fake_chain import FakeChain, FakeNode, RpcError, transport
from tests.integration.chain.conftest import NoPrices, ingestor

EVENTS = 18_000
MOST = 5_000


@dataclass
class RecordedNode(FakeNode):
    """Tells the logs of recorded events, at most 5,000 at once."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._blocks = [int(row["blockNumber"], 16) for row in self.rows]
        self.refused = 0

    def _logs(self, asked: dict[str, Any]) -> Any:
        if "blockHash" in asked:
            return []
        first, last = int(asked["fromBlock"], 16), int(asked["toBlock"], 16)
        logs = self.rows[bisect_left(self._blocks, first) : bisect_right(self._blocks, last)]
        if len(logs) > MOST:
            self.refused += 1
            return RpcError("query returned more than 5000 results", code=-32005)
        return logs


@pytest.mark.realdata
async def test_the_recorded_events_come_through_a_node_unchanged(database: Database, market_data: Path) -> None:
    files = read_event_files(market_data)
    events = files.events.head(EVENTS)
    chain = FakeChain(head=int(events["block"][-1]) + 200)
    rows = event_logs(events)
    for row in rows:
        block = chain.hash(int(row["blockNumber"], 16))
        row |= {"blockHash": block, "blockTimestamp": row["timeStamp"], "address": MARKET_ADDRESS}
    node = RecordedNode(chain, rows=rows)
    rpc = JsonRpc(["http://node/"], chain_id=1, transport=transport(node=node))
    source = EthereumSource(rpc, EthereumMarket(budget_s=0.0, first_range=50_000), NoPrices())
    await database.run(event_repository.store_punks, files.punks)
    pieces, reader = 0, MarketReader()
    while True:
        # A new one for each piece: nothing depends on what it remembers of bids and owners.
        step = await ingestor(database, source, reader, SystemClock()).backfill()
        pieces += 1
        if step.stored.more_after is None:
            break
    await source.close()
    stored = await database.run(event_repository.read_events)
    sales = await database.value("select count(*) from current_sales")
    assert stored.select(EVENT_SCHEMA.keys()).equals(events)
    assert stored["known_at"].equals(stored["timestamp"].alias("known_at"))
    assert sales == events.filter(pl.col("event_type") == "sale").height
    assert pieces > 3
    assert node.refused
