"""The work after a publication: reasons and comparables of all punks, and the market's days.

Reasons cost far more than values: a minute of a core for 10,000 punks. So publishing never waits for them, a newer
publication ends the work on an older one, and other work runs between two batches. One of several nowcasters claims the
work. If it fails (the process died, the store was down), the reasons are still missing and the next look finds them.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import structlog

from services.nowcaster.models import LoadedModels
from shared.clock import Clock
from shared.database.pool import Connection, Database
from shared.errors import IntegrityError, PermanentError, TransientError
from shared.market.daily import market_days
from shared.messaging.bus import Subscription
from shared.registry import explanations
from shared.registry import models as registry
from shared.registry.explanations import Published
from shared.stores.market_reader import MarketReader
from shared.units import as_seconds
from shared.valuation.explanation.attribution import explained_in_batches
from shared.valuation.explanation.comparables import MarketThen
from shared.valuation.explanation.stored import Before, Explained
from shared.valuation.inputs import nowcast_snapshot

log = structlog.get_logger(__name__)
LOOK_S = 30.0
DAYS_AGAIN = timedelta(days=3)
"""These days are written again each time: the last one was incomplete, and events may arrive late."""


class Explainer:
    """Keeps the newest published generation explained."""

    def __init__(self, *, database: Database, clock: Clock, reader: MarketReader, models: LoadedModels) -> None:
        self._database = database
        self._clock = clock
        self._reader = reader
        self._models = models
        self._given_up: set[int] = set()
        self.name = "explainer"

    def subscriptions(self) -> Sequence[Subscription]:
        return ()

    async def background(self) -> None:
        """Look for missing explanations until cancelled."""
        while True:
            with suppress(TransientError):
                await self.catch_up()
            await asyncio.sleep(LOOK_S)

    async def drain(self) -> None:
        await self.catch_up()

    async def catch_up(self) -> bool:
        """Explain the published generation unless it is explained or claimed; True if this call explained it."""
        async with self._database.connection() as connection:
            published = await explanations.unexplained(connection)
            if published is None or published.generation_id in self._given_up:
                return False
            # The claim lasts as long as this connection.
            if not await explanations.claim(connection, published.generation_id):
                return False
            try:
                return await self._explain(connection, published)
            except PermanentError as error:
                # Another try would fail too; the next generation may succeed.
                self._given_up = {published.generation_id}
                log.warning("explanation.impossible", generation=published.generation_id, reason=str(error))
                return False

    async def _explain(self, connection: Connection, published: Published) -> bool:
        as_of = as_seconds(published.as_of)
        model = await self._models.load(await registry.get(connection, published.model_id))
        async with self._reader.alone():
            await self._reader.refresh(connection)
            timeline, prices = self._reader.timeline, self._reader.prices
            snapshot = await asyncio.to_thread(nowcast_snapshot, timeline, prices, published.as_of)
            if snapshot.snapshot_id != published.snapshot_id:
                raise IntegrityError(
                    f"the market as of {published.as_of.isoformat()} changed: an event or close came late"
                )
            then = await asyncio.to_thread(MarketThen, timeline, as_of)
            newest = await connection.fetchval(explanations.NEWEST_DAY_SQL)
            first = None if newest is None else newest - DAYS_AGAIN
            days = await asyncio.to_thread(market_days, timeline, as_of, first=first)
        await explanations.write_days(connection, days)
        calibration = published.calibration(model) or model.calibration
        batches = explained_in_batches(model, snapshot.frame, then, calibration)
        # None after each batch, then the result.
        while (explained := await asyncio.to_thread(next, batches)) is None:
            current = await explanations.unexplained(connection)
            if current is None or current.generation_id != published.generation_id:
                log.info("explanation.overtaken", generation=published.generation_id)
                return False
        if earlier := await explanations.before(connection, published):
            values = await explanations.micro_eth(connection, earlier.generation_id)
            body = await explanations.reasons(connection, earlier.generation_id)
            if len(values) == len(explained.floor_eth):
                before = Before(earlier.generation_id, earlier.as_of, earlier.model_id)
                explained = replace(explained, before=before, before_value_micro_eth=values)
                if body is not None:
                    with suppress(IntegrityError):
                        explained = explained.since(await asyncio.to_thread(Explained.from_bytes, body))
        body = await asyncio.to_thread(explained.to_bytes)
        async with connection.transaction():
            await explanations.write(connection, published.generation_id, body, at=self._clock.now())
        log.info("explanation.made", generation=published.generation_id, bytes=len(body))
        return True
