"""A database that follows the market of a real node."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl
import pytest

from services.ingestor.bootstrap import build_ingestor
from services.ingestor.handlers import Ingestor, Step
from shared.clock import Clock, ManualClock, SystemClock
from shared.messaging.memory import MemoryBus
from shared.runtime.platform import Platform
from shared.settings import Settings
from shared.sources.ethereum.json_rpc import JsonRpc, Patience
from shared.sources.ethereum.source import EthereumMarket, EthereumSource
from shared.sources.price_source import PriceSource
from shared.stores import event_repository
from shared.stores.market_reader import MarketReader
from tests.factories import small_market
from tests.factories.contract_market import CHAIN_ID, ContractMarket
from tests.factories.database import Database

EVENTS_SQL = """
select event_time, block, tx_index, log_index, punk_id, event_type, price_wei::text, from_address, to_address,
       sale_kind, tx_hash
from market_events where superseded_at is null order by block, log_index
"""
SALES_SQL = """
select block, log_index, tx_hash, event_time, punk_id, price_wei::text, seller, buyer, kind, valid, exclusion,
       floor_wei::text, channel, pass_through, true_buyer, dealer, wrapped
from current_sales order by block, log_index
"""
OFFERS_SQL = """
select since_block, punk_id, kind, price_wei::text, maker, since_time, until_time, ended_by from offers
order by since_block, punk_id, kind, price_wei, until_time
"""
QUICK = Patience(rounds=5, first_pause_s=0.02, longest_pause_s=0.1, request_s=2.0)


class NoPrices(PriceSource):
    """Closes do not matter here."""

    async def closes(self, after: date | None, until: date) -> pl.DataFrame:
        return small_market.closes().clear()


@dataclass
class Following:
    """One process that follows the market into one database."""

    url: str
    database: Database
    source: EthereumSource
    ingestor: Ingestor
    reader: MarketReader
    steps: list[Step] = field(default_factory=list)

    async def catch_up(self) -> list[Step]:
        """Pull until there is no more; the steps it took."""
        steps = []
        while not steps or steps[-1].stored.more_after is not None:
            steps.append(await self.ingestor.backfill())
        self.steps += steps
        return steps

    async def events(self) -> list[tuple[Any, ...]]:
        return await self.rows(EVENTS_SQL)

    async def tables(self) -> tuple[list[tuple[Any, ...]], ...]:
        """All current events, sales and offers, without the numbers that depend on the way here."""
        return await self.events(), await self.rows(SALES_SQL), await self.rows(OFFERS_SQL)

    async def rows(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        async with self.database.connection() as connection:
            return [tuple(row) for row in await connection.fetch(query, *arguments)]


def ingestor(database: Database, source: EthereumSource, reader: MarketReader, clock: Clock) -> Ingestor:
    platform = Platform(Settings(), clock, database, MemoryBus(clock), None)  # type: ignore[arg-type]
    return build_ingestor(platform, source, reader)


Follow = Callable[..., Awaitable[Following]]


async def caught_up(follow: Follow, *urls: str, **options: Any) -> Following:
    """A process that has read the whole chain."""
    following = await follow(*urls, **options)
    await following.catch_up()
    return following


async def clean_tables(follow: Follow, **options: Any) -> tuple[list[tuple[Any, ...]], ...]:
    """What a backfill into an empty database stores."""
    return await (await caught_up(follow, **options)).tables()


@pytest.fixture
async def follow(make_database: Callable[[], Awaitable[str]], chain: ContractMarket) -> AsyncIterator[Follow]:
    """Makes a process that follows `chain`, by default into a database of its own and from the node itself."""
    async with AsyncExitStack() as stack:

        async def make(
            *urls: str,
            database_url: str | None = None,
            clock: ManualClock | None = None,
            confirmations: int = 0,
            sockets: Sequence[str] = (),
            **changed: Any,
        ) -> Following:
            url = database_url or await make_database()
            database = await Database.connect(url, max_size=3)
            stack.push_async_callback(database.close)
            everything = {"confirmations": confirmations, "start_block": 0, "contract_block": 0}
            market = EthereumMarket(**{"chain_id": CHAIN_ID, "market": chain.address} | everything | changed)
            rpc = JsonRpc(urls or [chain.url], chain_id=market.chain_id, patience=QUICK)
            source = EthereumSource(rpc, market, NoPrices(), sockets=sockets)
            stack.push_async_callback(source.close)
            await database.run(event_repository.store_punks, small_market.PUNKS)
            reader = MarketReader()
            return Following(url, database, source, ingestor(database, source, reader, clock or SystemClock()), reader)

        yield make
