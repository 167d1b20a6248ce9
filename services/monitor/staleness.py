"""Detects a stale nowcast and a stale source. Staleness alone blames the platform; blaming a model needs evidence."""

from datetime import datetime, timedelta

from services.monitor import repository
from shared.evaluation.policy import Policy
from shared.evaluation.watch import minutes_behind
from shared.messaging.transaction import Transaction
from shared.registry import pointer, unsupported
from shared.registry.alerts import raise_alert
from shared.stores import source_repository


async def minutes_late(
    transaction: Transaction, slot: datetime, *, expected_every: timedelta, policy: Policy
) -> int | None:
    """Minutes that the published nowcast is behind the expected one; None if it is fresh or nothing is due.

    A tick that was handled late never reports staleness: the platform was down, and the nowcaster is restarting too.
    """
    now = transaction.clock.now()
    at = await pointer.read(transaction.connection)
    if at is None or now - slot > timedelta(minutes=policy.watch.late_tick_minutes):
        return None
    published = await repository.last_published(transaction.connection)
    since = max(published, at.moved_at) if published else at.moved_at
    return minutes_behind(since, now=now, expected_every=expected_every, policy=policy)


async def alert(transaction: Transaction, minutes: int) -> None:
    """Raise the alert, once a day while it lasts, with the champion's last failure if there is one."""
    connection, now = transaction.connection, transaction.clock.now()
    at = await pointer.read(connection)
    assert at is not None, "nothing is late without a champion"
    published = await repository.last_published(connection)
    record = await unsupported.find(connection, at.model_id)
    if record is not None:
        why = f"the running code ({record.code[:20]}) cannot serve the champion: {record.reason}"
    else:
        reason = await repository.last_failure(connection, at.model_id, after=published or at.moved_at)
        why = reason or "no model is to blame: are the nowcaster, its broker and its object store up?"
    await raise_alert(
        transaction,
        "stale_nowcast",
        "critical",
        f"the nowcast is {minutes} minutes behind the expected one; {why}",
        key=f"{published}|{now.date()}",
        model_id=at.model_id,
    )


async def alert_of_source(transaction: Transaction) -> None:
    """Raise an alert, once a day while it lasts, if values come from an old market although nowcasts are fresh."""
    now = transaction.clock.now()
    source = await source_repository.state(transaction.connection)
    if "source_stale" not in source.flags(now):
        return
    lag = source.lag_seconds(now) or 0
    await raise_alert(
        transaction,
        "stale_source",
        "critical",
        f"the last block read, {source.block}, is {lag // 60} minutes old; "
        f"{source.problem or 'no look failed: are the nodes behind, or the ingestor down?'}",
        key=f"{now.date()}",
    )
