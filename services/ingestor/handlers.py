"""Pulls new events, derives sales and offers, and scores the sales against earlier nowcasts."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

import structlog

from services.ingestor.pulling import Puller, Stored, cursor_of
from services.ingestor.reference import Reference
from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import IngestRequested, MarketUpdated
from shared.database.pool import Database
from shared.errors import PunkcastError
from shared.market.chain import BlockRef, NodeState
from shared.messaging.ticks import continuation, slot_at
from shared.messaging.transaction import AlreadyHandledError, Transaction, handling, originating
from shared.sources.source import BlockSource, MarketSource
from shared.stores import offer_repository, sale_repository, source_repository
from shared.stores.market_reader import MarketReader
from shared.telemetry.metrics import (
    NODE_FAILURES,
    REORGANISATIONS,
    SOURCE_BLOCK,
    SOURCE_BLOCK_TIME,
    SOURCE_FAILURES,
    SOURCE_HEAD,
)

log = structlog.get_logger(__name__)
CONSUMER = "ingestor"


@dataclass(frozen=True)
class Step:
    """The result of one pull. `last_block` is the block of the newest event."""

    stored: Stored
    sales: int
    scored: int
    last_block: int


class Ingestor:
    """Keeps `market_events`, `sales`, `offers` and `outcomes` in step with the source."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        source: MarketSource | BlockSource,
        puller: Puller,
        reference: Reference,
        reader: MarketReader,
    ) -> None:
        self._database = database
        self._clock = clock
        self._source = source
        self._puller = puller
        self._reference = reference
        self._reader = reader
        self._right_market = False
        self._started, self._blocks_read = clock.now(), 0
        # A tick and a head at the same time read one after the other, so that the second reads only what is left.
        self._one_pull = asyncio.Lock()

    async def on_ingest_requested(self, message: Envelope) -> None:
        """One pull. If the source has more, the same commit requests the next pull.

        A request to read on is believed only if it names the last block read. Otherwise it does nothing, and its id
        stays free.
        """
        assert isinstance(message.data, IngestRequested)
        after = message.data.after
        async with self._one_pull:
            if after is not None and after != await self._reached():
                log.info("ingest.outdated", after=after)
                return
            await self._step(
                lambda: handling(self._database, self._clock, consumer=CONSUMER, cause=message), self._request_more
            )

    async def on_head(self) -> None:
        """Pull because the chain has another newest block, until there is no more.

        It requests nothing: each head during a long read would begin another sequence of requests.
        """
        more = True
        while more:
            async with self._one_pull:
                step = await self.backfill()
            more = step.stored.more_after is not None

    async def backfill(self, *, again_from: int | None = None) -> Step:
        """One pull without a message, which requests no further pull. `again_from`: supersedes all later events."""

        async def nothing(_: Transaction, __: Step) -> None:
            pass

        return await self._step(
            lambda: originating(self._database, self._clock, source=CONSUMER), nothing, again_from=again_from
        )

    async def _request_more(self, transaction: Transaction, step: Step) -> None:
        if step.stored.more_after is not None:
            after = _named(step.stored.more_after)
            request = IngestRequested(slot=slot_at("ingest", self._clock.now()), after=after)
            # Concurrent pulls make one request.
            await transaction.emit(request, message_id=continuation(after))

    async def _reached(self) -> str | None:
        """The last block read; None for a source without blocks, and before the first read."""
        if not isinstance(self._source, BlockSource):
            return None
        async with self._database.connection() as connection:
            recent = (await cursor_of(connection, self._source)).recent
        return _named(recent[-1]) if recent else None

    async def _step(
        self,
        transaction_of: Callable[[], AbstractAsyncContextManager[Transaction]],
        then: Callable[[Transaction, Step], Awaitable[None]],
        *,
        again_from: int | None = None,
    ) -> Step:
        """Commit events, derived rows, the source's cursor and the messages in one transaction."""
        now = self._clock.now()
        if not self._right_market:
            # Before the first request, because a node's answers about another market only confuse.
            async with self._database.connection() as connection:
                await source_repository.require(connection, self._source.origin)
            self._right_market = True
        try:
            pull = await self._puller.pull(now, again_from=again_from)
        except PunkcastError as error:
            await self._record_failure(error, at=now)
            raise
        gathered = await self._reference.gather(now)
        async with self._reader.alone():
            try:
                async with transaction_of() as transaction:
                    await gathered.store(transaction.connection)
                    await source_repository.claim(transaction.connection, self._source.origin, at=now)
                    stored = await pull.store(transaction.connection, at=now)
                    if stored.read is not None:
                        await source_repository.record(transaction.connection, stored.look, at=now)
                    step = await self._derive(transaction, stored)
                    await then(transaction, step)
            except AlreadyHandledError:
                raise  # the timeline has read nothing
            except BaseException:
                # The timeline may hold rows that were rolled back.
                self._reader.forget()
                raise
        self._reference.committed(gathered)
        pull.committed()
        self._observe(stored)
        return step

    async def _record_failure(self, error: PunkcastError, *, at: datetime) -> None:
        SOURCE_FAILURES.inc()
        async with self._database.transaction() as connection:
            await source_repository.record_failure(connection, str(error), self._nodes(), at=at)

    def _nodes(self) -> Sequence[NodeState]:
        return self._source.nodes if isinstance(self._source, BlockSource) else ()

    def _observe(self, stored: Stored) -> None:
        """Metrics and one line about a pull that was stored."""
        if stored.read is None:
            return
        head_time, block_time = stored.look.times
        left = max(stored.read.target - stored.read.last, 0)
        self._blocks_read += max(stored.read.last - stored.read.after, 0)
        seconds = (self._clock.now() - self._started).total_seconds()
        SOURCE_HEAD.set(stored.look.head or 0)
        SOURCE_BLOCK.set(stored.read.last)
        if block_time is not None:
            SOURCE_BLOCK_TIME.set(block_time)
        if stored.revision is not None:
            REORGANISATIONS.inc()
        for node in stored.look.nodes:
            NODE_FAILURES.labels(node.name).set(node.failures)
        log.info(
            "source.read",
            block=stored.read.last,
            head=stored.look.head,
            events=stored.appended,
            blocks_left=left,
            seconds_left=round(left * seconds / self._blocks_read) if left and self._blocks_read else 0,
            age_s=None if head_time is None else int(self._clock.now().timestamp()) - head_time,
        )

    async def _derive(self, transaction: Transaction, stored: Stored) -> Step:
        connection = transaction.connection
        await self._reader.refresh(connection)
        await offer_repository.catch_up(connection)
        # Not only what came just now: an import may have appended events without deriving their sales.
        known = await sale_repository.last_sale_seq(connection)
        timeline = self._reader.timeline
        fresh = []
        for sale in reversed(timeline.sales):
            if sale.event_seq <= known:
                break
            fresh.append(sale)
        fresh.reverse()
        await sale_repository.record_sales(connection, fresh)
        if labelled := await sale_repository.label_sales(connection, timeline.sales):
            log.info("sales.labelled", sales=labelled)
        scored = await sale_repository.score(
            connection, [sale.event_seq for sale in fresh if sale.excluded is None], at=self._clock.now()
        )
        step = Step(stored, len(fresh), scored, max(timeline.last_key[0], 0))
        if stored.appended or stored.revision or fresh:
            await self._tell(transaction, step, last_seq=timeline.last_seq)
        return step

    async def _tell(self, transaction: Transaction, step: Step, *, last_seq: int) -> None:
        revision = step.stored.revision
        await transaction.emit(
            MarketUpdated(
                last_seq=last_seq,
                last_block=step.last_block,
                events=step.stored.appended,
                sales_scored=step.scored,
                revised_from_block=revision.first_block if revision else None,
                revised_from_seq=revision.first_seq if revision else None,
            )
        )
        log.info("market.updated", events=step.stored.appended, sales=step.sales, scored=step.scored)


def _named(block: BlockRef) -> str:
    return f"{block.number}/{block.hash}"
