"""What follows a publication: reasons and comparables of all punks, and the market's days.

Reasons cost far more than values: a minute of a core for 10,000 punks. So publishing never waits for them, a newer
publication ends the work on an older one, and between two batches the process does whatever else there is to do. Of
several nowcasters one claims the work. What was not made (the process died, the store was away) is found missing again
and made anew.
"""

from __future__ import annotations

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
from shared.market.reader import MarketReader
from shared.messaging.bus import Subscription
from shared.registry import explanations
from shared.registry import models as registry
from shared.registry.explanations import Published
from shared.units import as_seconds
from shared.valuation.explanation.attribution import explained_in_batches
from shared.valuation.explanation.comparables import MarketThen
from shared.valuation.explanation.stored import Before, Explained
from shared.valuation.inputs import nowcast_snapshot

log = structlog.get_logger(__name__)
LOOK_S = 30.0
DAYS_AGAIN = timedelta(days=3)
"""So many days back are written again each time: the last one was going on, and events may have come late."""


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
        """Look for what is missing until cancelled."""
        while True:
            with suppress(TransientError):
                await self.catch_up()
            await asyncio.sleep(LOOK_S)

    async def drain(self) -> None:
        await self.catch_up()

    async def catch_up(self) -> bool:
        """Explain what the pointer shows, if nobody has or is about to; True when something was made."""
        async with self._database.connection() as connection:
            shown = await explanations.unexplained(connection)
            if shown is None or shown.generation_id in self._given_up:
                return False
            # The connection is kept for the work: the claim ends with it.
            if not await explanations.claim(connection, shown.generation_id):
                return False
            try:
                return await self._explain(connection, shown)
            except PermanentError as error:
                # It will not get better; the next generation may.
                self._given_up = {shown.generation_id}
                log.warning("explanation.impossible", generation=shown.generation_id, reason=str(error))
                return False

    async def _explain(self, connection: Connection, shown: Published) -> bool:
        as_of = as_seconds(shown.as_of)
        model = await self._models.load(await registry.get(connection, shown.model_id))
        async with self._reader.alone():
            await self._reader.refresh(connection)
            timeline, prices = self._reader.timeline, self._reader.prices
            snapshot = await asyncio.to_thread(nowcast_snapshot, timeline, prices, shown.as_of)
            if snapshot.snapshot_id != shown.snapshot_id:
                # An event or a close came late.
                raise IntegrityError(f"the market as of {shown.as_of.isoformat()} is another one now")
            then = await asyncio.to_thread(MarketThen, timeline, as_of)
            newest = await connection.fetchval(explanations.NEWEST_DAY_SQL)
            first = None if newest is None else newest - DAYS_AGAIN
            days = await asyncio.to_thread(market_days, timeline, as_of, first=first)
        await explanations.write_days(connection, days)
        calibration = shown.calibration(model) or model.calibration
        batches = explained_in_batches(model, snapshot.frame, then, calibration)
        # The last batch comes with the whole.
        while (whole := await asyncio.to_thread(next, batches)) is None:
            now = await explanations.unexplained(connection)
            if now is None or now.generation_id != shown.generation_id:
                log.info("explanation.overtaken", generation=shown.generation_id)
                return False
        if earlier := await explanations.before(connection, shown):
            values = await explanations.micro_eth(connection, earlier.generation_id)
            body = await explanations.reasons(connection, earlier.generation_id)
            if len(values) == len(whole.floor_eth):
                before = Before(earlier.generation_id, earlier.as_of, earlier.model_id)
                whole = replace(whole, before=before, before_value_micro_eth=values)
                if body is not None:
                    with suppress(IntegrityError):
                        whole = whole.since(await asyncio.to_thread(Explained.from_bytes, body))
        body = await asyncio.to_thread(whole.to_bytes)
        async with connection.transaction():
            await explanations.write(connection, shown.generation_id, body, at=self._clock.now())
        log.info("explanation.made", generation=shown.generation_id, bytes=len(body))
        return True
