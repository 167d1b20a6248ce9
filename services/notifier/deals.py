"""Deals: asks below their value, told once for each listing and subscriber, and once that the ask is gone."""

from datetime import datetime

from services.notifier import deal_repository, deliveries, repository
from services.notifier.deal_repository import Ended
from shared.market.deal_odds import judge, learn
from shared.market.discount import billionths, discount
from shared.messaging.transaction import Transaction


async def look(transaction: Transaction, at: datetime) -> None:
    """Enter what changed since the last look: told asks that are gone, and deals by the newest generation.

    No position is stored, so it makes no difference how many looks were missed.
    """
    await deal_repository.lock(transaction.connection)
    for ask in await deal_repository.ended(transaction.connection):
        await _end(transaction, ask, at)
    generation_id = await repository.shown(transaction.connection)
    if generation_id is not None:
        await _find(transaction, generation_id, at)


async def _end(transaction: Transaction, ask: Ended, at: datetime) -> None:
    connection = transaction.connection
    if ask.moved_to is not None:
        await deal_repository.move(connection, ask)
        return
    await deal_repository.gone(connection, ask, at=at)
    key = _key(ask.listing, ask.times)
    found = deliveries.identity(ask.webhook_id, "deal.found", key)
    # A deal that is gone is not sent any more. Who was never sent it, is not told that it is gone.
    never_sent = await repository.withdraw(connection, found, reason=f"the ask is gone: {ask.reason}")
    if ask.wanted and not never_sent:
        fields = {
            "punk_id": ask.punk_id, "listing": ask.listing, "ask_wei": ask.ask_wei, "reason": ask.reason,
            "ended_at": ask.ended_at, "provisional": ask.provisional,
        }  # fmt: skip
        await deliveries.enter(transaction, ask.webhook_id, "deal.gone", key, fields, at)


async def _find(transaction: Transaction, generation_id: int, at: datetime) -> None:
    connection = transaction.connection
    subscribers = await repository.subscribed(connection, "deal.found")
    if not subscribers:
        return
    asks = await deal_repository.valued_asks(connection, generation_id)
    told = await deal_repository.told(connection, [ask.listing for ask in asks])
    prior = learn([ask.offer for ask in asks])
    for ask in asks:
        share, probability = discount(ask.ask_wei, ask.value_wei), judge(ask.offer, prior).probability
        for subscriber in subscribers:
            if (
                share >= billionths(subscriber.deal_margin)
                and (subscriber.webhook_id, ask.listing) not in told
                and subscriber.filters.admit(
                    ask_wei=ask.ask_wei,
                    probability=probability,
                    confidence=ask.confidence,
                    punk_type=ask.punk_type,
                    accessories=ask.accessories,
                )
                and (times := await deal_repository.tell(connection, subscriber.webhook_id, ask.listing, at=at))
            ):
                fields = dict(ask.fields) | {
                    "discount": round(1.0 - ask.ask_wei / ask.value_wei, 6),
                    "probability": round(probability, 6),
                }
                key = _key(ask.listing, times)
                await deliveries.enter(transaction, subscriber.webhook_id, "deal.found", key, fields, at)


def _key(listing: int, times: int) -> str:
    """What a delivery is about: the listing, and which telling of it."""
    return str(listing) if times == 1 else f"{listing}/{times}"
