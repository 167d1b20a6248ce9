"""Alerts reach every webhook at least once, whatever goes down in between."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from services.notifier.alerts import Alerts, Webhooks
from services.notifier.bootstrap import webhooks_of
from shared.clock import ManualClock
from shared.contracts.messages import AlertRaised
from shared.database.pool import Database
from shared.errors import InvalidInputError
from shared.messaging.bus import Subscription
from shared.messaging.memory import MemoryBus
from shared.messaging.outbox import Relay
from shared.messaging.transaction import originating
from shared.registry.alerts import raise_alert
from shared.settings import Settings
from tests.factories import registry as made
from tests.integration.notifier.webhook import Receiver

START = datetime(2025, 3, 1, tzinfo=UTC)


class Process:
    """A monitor's delivery of alerts: a bus that dies with it, a relay, the outbox that does not."""

    def __init__(self, database: Database, clock: ManualClock, webhooks: Webhooks) -> None:
        self.bus = MemoryBus(clock)
        self.relay = Relay(database, self.bus, clock=clock)
        self.alerts = Alerts(database=database, clock=clock, webhooks=webhooks, pause_s=0.01)

    @classmethod
    async def started(cls, database: Database, clock: ManualClock, *urls: str, secret: str | None = None) -> Process:
        process = cls(database, clock, Webhooks(urls, secret))
        await process.bus.subscribe(Subscription("alerts", (AlertRaised,), process.alerts.on_alert_raised))
        return process

    async def settle(self) -> None:
        while await self.relay.run_once() + await self.bus.run_until_idle():
            pass


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return ManualClock(START)


async def happen(database: Database, clock: ManualClock, key: str = "one") -> None:
    async with originating(database, clock, source="test") as transaction:
        await raise_alert(transaction, "rollback", "warning", "it was worse", key=key, model_id=made.model_id("new"))


async def test_a_webhook_receives_the_documented_json_signed(database: Database, clock: ManualClock) -> None:
    receiver = Receiver()
    async with receiver.up():
        process = await Process.started(database, clock, receiver.url, secret="s3cret")
        await happen(database, clock)
        await process.settle()
    (received,) = receiver.received
    alert = json.loads(received.body)
    assert alert == {
        "id": received.headers["Punkcast-Alert-Id"],
        "kind": "rollback",
        "severity": "warning",
        "summary": "it was worse",
        "raised_at": "2025-03-01T00:00:00Z",
        "model_id": made.model_id("new"),
        "decision_id": None,
    }
    assert received.headers["Content-Type"] == "application/json"
    at, given = (part.partition("=")[2] for part in received.headers["Punkcast-Signature"].split(","))
    assert int(at) == int(START.timestamp())
    assert given == hmac.new(b"s3cret", f"{at}.".encode() + received.body, hashlib.sha256).hexdigest()


async def test_a_webhook_that_is_down_gets_the_alert_when_it_is_up_again_however_late(
    database: Database, clock: ManualClock
) -> None:
    receiver = Receiver()
    async with receiver.up():
        pass
    process = await Process.started(database, clock, receiver.url)
    await happen(database, clock)
    for _ in range(8):
        await process.settle()
        clock.move_to(clock.now() + timedelta(minutes=11))
    assert await process.bus.dead_letters() == [], "an outage uses up no tries"
    async with receiver.up():
        await process.settle()
    assert len(receiver.received) == 1
    await process.settle()
    async with database.connection() as connection:
        assert await connection.fetchval("select count(*) from outbox") == 0


async def test_a_process_killed_before_it_posted_leaves_the_alert_to_the_next(
    database: Database, clock: ManualClock
) -> None:
    """Its row stays in the outbox until a delivery has been committed."""
    receiver = Receiver()
    async with receiver.up():
        first = await Process.started(database, clock, receiver.url)
        await happen(database, clock)
        await first.relay.run_once()  # handed to the bus, which dies with the process
        second = await Process.started(database, clock, receiver.url)
        await second.settle()
    assert len(receiver.received) == 1


async def test_a_process_killed_while_it_posts_leads_to_a_repeat_with_the_same_id(
    database: Database, clock: ManualClock
) -> None:
    receiver = Receiver(stall=asyncio.Event())
    async with receiver.up():
        first = await Process.started(database, clock, receiver.url)
        await happen(database, clock)
        await first.relay.run_once()
        dying = asyncio.create_task(first.bus.run_until_idle())
        await asyncio.wait_for(receiver.arrived.wait(), 10)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        assert receiver.stall is not None
        receiver.stall.set()
        second = await Process.started(database, clock, receiver.url)
        await second.settle()
    once, again = receiver.received
    assert once.body == again.body
    assert once.headers["Punkcast-Alert-Id"] == again.headers["Punkcast-Alert-Id"]


async def test_an_alert_raised_again_is_not_sent_again(database: Database, clock: ManualClock) -> None:
    receiver = Receiver()
    async with receiver.up():
        process = await Process.started(database, clock, receiver.url)
        for _ in range(3):
            await happen(database, clock)
            await process.settle()
        await happen(database, clock, key="another")
        await process.settle()
    assert len(receiver.received) == 2


async def test_one_webhook_that_is_down_does_not_keep_the_others_from_theirs(
    database: Database, clock: ManualClock
) -> None:
    down, fine = Receiver(), Receiver()
    async with down.up():
        pass
    async with fine.up():
        process = await Process.started(database, clock, down.url, fine.url)
        await happen(database, clock)
        await process.settle()
        assert len(fine.received) == 1
        async with down.up():
            clock.move_to(clock.now() + timedelta(minutes=11))
            await process.settle()
    assert len(down.received) == 1
    assert {one.body for one in fine.received} == {down.received[0].body}, "a repeat is the same alert"


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_an_answer_that_may_change_is_tried_again_at_once(
    database: Database, clock: ManualClock, status: int
) -> None:
    receiver = Receiver(answers=[status, status])
    async with receiver.up():
        process = await Process.started(database, clock, receiver.url)
        await happen(database, clock)
        await process.settle()
    assert len(receiver.received) == 3
    assert await process.bus.dead_letters() == []


async def test_an_alert_refused_for_good_is_a_dead_letter_that_names_no_secret(
    database: Database, clock: ManualClock
) -> None:
    receiver = Receiver(answers=[404])
    async with receiver.up():
        process = await Process.started(database, clock, receiver.url)
        await happen(database, clock)
        await process.settle()
    (dead,) = await process.bus.dead_letters()
    assert "answered 404" in dead.reason
    assert "secret-path" not in dead.reason


async def test_without_a_webhook_the_log_has_it(database: Database, clock: ManualClock) -> None:
    process = await Process.started(database, clock)
    with capture_logs() as lines:
        await happen(database, clock)
        await process.settle()
    (line,) = [one for one in lines if one["event"] == "alert"]
    assert (line["kind"], line["log_level"], line["summary"]) == ("rollback", "warning", "it was worse")


def test_several_webhooks_are_written_with_spaces_between() -> None:
    settings = Settings(alert_webhook_url=SecretStr("https://a.example/x  http://b.example"))
    assert webhooks_of(settings) == Webhooks(("https://a.example/x", "http://b.example"))


def test_what_is_no_url_is_refused_at_the_start_without_being_repeated() -> None:
    with pytest.raises(InvalidInputError, match="number 2") as refused:
        webhooks_of(Settings(alert_webhook_url=SecretStr("https://a.example ftp://user:hunter2@b.example")))
    assert "hunter2" not in str(refused.value)
