"""What happens becomes deliveries: rows that commit with the handled message, for each subscription once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from services.notifier import repository
from services.notifier.repository import Subscriber
from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import MarketUpdated, ModelPromoted, ModelRolledBack
from shared.database.pool import Database
from shared.messaging.transaction import Transaction, handling, originating

CONSUMER = "webhooks"
STRAGGLERS: Final = timedelta(hours=6)
"""Sales scored this long before their message are looked at again: what was entered is not entered twice."""
KEPT: Final = timedelta(days=30)
_NAMESPACE = UUID("c4c2f1de-7b0a-5c55-9d40-5a52d5f0b6a1")


class Subscriptions:
    """A queue of its own: it only writes rows, so that nobody's webhook holds anything up."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._looked_at: int | None = None

    async def on_event(self, message: Envelope) -> None:
        """Write down what the message means to whoever subscribed to it."""
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            match message.data:
                case ModelPromoted() as promoted:
                    fields = promoted.model_dump(mode="json")
                    await self._tell(transaction, "model.promoted", str(promoted.decision_id), fields, message.time)
                case ModelRolledBack() as rolled_back:
                    fields = rolled_back.model_dump(mode="json")
                    key = str(rolled_back.decision_id)
                    await self._tell(transaction, "model.rolled_back", key, fields, message.time)
                case MarketUpdated(sales_scored=scored) if scored:
                    await self._tell_sales(transaction, message.time)

    async def _tell_sales(self, transaction: Transaction, at: datetime) -> None:
        subscribers = await repository.subscribed(transaction.connection, "sale.scored")
        if not subscribers:
            return
        for sale in await repository.scored_since(transaction.connection, at - STRAGGLERS):
            scored_at = sale.pop("scored_at")
            assert isinstance(scored_at, datetime)
            for one in subscribers:
                if one.created_at <= scored_at:
                    await self._enter(transaction, one, "sale.scored", str(sale["event_seq"]), sale, at)

    async def look_for_deals(self) -> None:
        """When another generation is shown than at the last look, its deals. Nothing needs to be remembered: a listing
        has one delivery for each webhook, and one that a process missed is found in the next generation."""
        async with originating(self._database, self._clock, source=CONSUMER) as transaction:
            generation_id = await repository.shown(transaction.connection)
            if generation_id is None or generation_id == self._looked_at:
                return
            await self._tell_deals(transaction, generation_id, self._clock.now())
            await repository.purge(transaction.connection, before=self._clock.now() - KEPT)
        self._looked_at = generation_id

    async def _tell_deals(self, transaction: Transaction, generation_id: int, at: datetime) -> None:
        subscribers = await repository.subscribed(transaction.connection, "deal.found")
        if not subscribers:
            return
        widest = min(one.deal_margin for one in subscribers)
        for deal in await repository.deals(transaction.connection, generation_id, margin=widest):
            discount = 1.0 - int(str(deal["ask_wei"])) / int(str(deal["value_wei"]))
            fields = deal | {"generation_id": generation_id, "discount": round(discount, 6)}
            for one in subscribers:
                if discount >= one.deal_margin:
                    # A listing is told of once, whatever its value does afterwards.
                    await self._enter(transaction, one, "deal.found", str(deal["listing"]), fields, at)

    async def _tell(
        self, transaction: Transaction, event: str, key: str, fields: Mapping[str, object], at: datetime
    ) -> None:
        for one in await repository.subscribed(transaction.connection, event):
            await self._enter(transaction, one, event, key, fields, at)

    async def _enter(
        self,
        transaction: Transaction,
        to: Subscriber,
        event: str,
        key: str,
        fields: Mapping[str, object],
        at: datetime,
    ) -> None:
        body = json.dumps(
            {"type": event, "timestamp": at.isoformat(), "data": fields}, default=_plain, separators=(",", ":")
        )
        delivery_id = uuid5(_NAMESPACE, f"{to.webhook_id}|{event}|{key}")
        await repository.enter(
            transaction.connection, delivery_id, to.webhook_id, event=event, body=body, at=self._clock.now()
        )


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
