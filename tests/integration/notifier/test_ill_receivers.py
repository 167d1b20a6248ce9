"""Nobody waits for somebody else's receiver, however ill it is; no receiver gets more than its host's share."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from threading import active_count
from uuid import UUID, uuid4

import aiodns
import pytest

from services.notifier import deliveries, delivering, repository
from services.notifier.bootstrap import build
from services.notifier.delivering import PAUSES, SHARES, TAKEN_FOR
from shared.clock import SystemClock
from shared.messaging.transaction import originating
from shared.settings import Settings
from shared.tasks import end
from tests.factories.receiver import ILL, ill, receiving
from tests.factories.waiting import eventually
from tests.integration.api.filling import NOW
from tests.integration.notifier.conftest import Posting, Receiver

EVENT = "model.promoted"
_numbers = count()
WAITING_SQL = "select count(*) from webhook_deliveries where next_attempt_at is not null"


@pytest.fixture(autouse=True)
def _at_present(posting: Posting) -> None:
    """Some of these notifiers go by the real clock."""
    posting.clock.move_to(SystemClock().now())


async def hook(posting: Posting, url: str, *, key: str = "anna") -> UUID:
    """A subscription that is active."""
    webhook_id = uuid4()
    await posting.database.execute(
        """insert into webhooks (webhook_id, key_id, url, events, deal_margin, secret, created_at, proven_at)
           values ($1, $2, $3, $4, 0, 'whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0', $5, $5)""",
        webhook_id, key, url, [EVENT], NOW,
    )  # fmt: skip
    return webhook_id


async def enter(posting: Posting, *webhooks: UUID, event: str = EVENT, times: int = 1) -> None:
    """Deliveries that are due now; `number` in their data counts up."""
    async with originating(posting.database, posting.clock, source="test") as transaction:
        for _ in range(times):
            for webhook_id in webhooks:
                number = next(_numbers)
                await deliveries.enter(
                    transaction, webhook_id, event, str(number), {"number": number}, posting.clock.now()
                )


@asynccontextmanager
async def notifying(posting: Posting) -> AsyncIterator[asyncio.Task[None]]:
    """The background loop of a notifier, at the present time."""
    platform = replace(posting.platform, settings=Settings(webhooks_private=True), clock=SystemClock())
    task = asyncio.create_task(build(platform).background())
    try:
        yield task
    finally:
        await end([task])


async def failures(posting: Posting, webhook_id: UUID) -> int:
    return await posting.value("select failures from webhooks where webhook_id = $1", webhook_id)


@pytest.mark.parametrize("kind", ILL)
async def test_an_attempt_ends_by_its_deadline_whatever_the_receiver_does(
    posting: Posting, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "TIMEOUT_S", 0.5)
    async with ill(ILL[kind]) as receiver:
        made = await hook(posting, receiver.url)
        await enter(posting, made)
        await asyncio.wait_for(posting.deliver(), 30)
        assert await failures(posting, made) == 1
        await eventually(lambda: receiver.open == 0)


async def test_a_well_receiver_is_told_while_nineteen_others_hang(posting: Posting, receiver: Receiver) -> None:
    async with ill(ILL["drips its head"]) as dripping:
        hanging = [await hook(posting, f"{dripping.url}/{number}") for number in range(19)]
        well = await hook(posting, receiver.url)
        await enter(posting, *hanging)
        async with notifying(posting):
            await eventually(lambda: dripping.open == SHARES.per_host)
            await enter(posting, well)
            await eventually(lambda: receiver.got)
            assert dripping.open > 0
        assert dripping.most == SHARES.per_host


async def test_a_name_that_hangs_delays_nobody_and_holds_no_thread(
    posting: Posting, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.setblocking(False)
        server = f"127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(aiodns, "DNSResolver", partial(aiodns.DNSResolver, nameservers=[server]))
        hanging = [await hook(posting, f"https://host-{number}.example/") for number in range(40)]
        well = await hook(posting, receiver.url)
        await enter(posting, *hanging)
        async with notifying(posting):
            await eventually(lambda: _asked(silent))
            threads = active_count()
            await enter(posting, well)
            await eventually(lambda: receiver.got)
            assert active_count() <= threads
            monkeypatch.undo()
            assert await posting.value("select max(failures) from webhooks") == 0, "they still hang"


def _asked(server: socket.socket) -> bool:
    try:
        return bool(server.recv(4_096))
    except BlockingIOError:
        return False


async def test_a_thousand_deliveries_of_one_key_do_not_stand_before_one_of_another(
    posting: Posting, receiver: Receiver
) -> None:
    crowd = [await hook(posting, receiver.url, key="crowd") for _ in range(20)]
    await enter(posting, *crowd, times=50)
    posting.clock.move_to(posting.clock.now() + timedelta(seconds=1))
    alone = await hook(posting, receiver.url, key="alone")
    await enter(posting, alone)
    taken = await take(posting)
    assert len(taken) == SHARES.per_host
    assert alone in taken
    # And at another host, when only one place is left at all.
    await enter(posting, elsewhere := await hook(posting, "http://elsewhere", key="alone"))
    assert await take(posting, free=1) == [elsewhere]


async def test_a_key_with_places_waits_for_one_that_has_none(posting: Posting, receiver: Receiver) -> None:
    crowd = [await hook(posting, receiver.url, key="crowd") for _ in range(20)]
    await enter(posting, *crowd)
    assert len(await take(posting, free=SHARES.per_host - 1)) == SHARES.per_host - 1
    posting.clock.move_to(posting.clock.now() + timedelta(seconds=1))
    await enter(posting, alone := await hook(posting, receiver.url, key="alone"))
    assert await take(posting) == [alone]
    assert await take(posting) == [], "the host has no place left"


async def take(posting: Posting, *, free: int = SHARES.places) -> list[UUID]:
    """The webhooks that get a place now."""
    now = posting.clock.now()
    options = {"at": now, "until": now + TAKEN_FOR, "running": SHARES.places - free}
    async with posting.database.transaction() as connection:
        await repository.lock(connection)
        return [due.webhook_id for due in await repository.take(connection, SHARES, **options)]


async def test_failing_webhooks_leave_half_of_the_places_to_others(posting: Posting) -> None:
    failing = [await hook(posting, f"http://ill-{number}", key=f"ill {number}") for number in range(SHARES.places)]
    await posting.database.execute("update webhooks set failures = 1")
    await enter(posting, *failing)
    assert len(await take(posting)) == SHARES.places - SHARES.for_well
    assert await take(posting, free=SHARES.for_well) == []
    posting.clock.move_to(posting.clock.now() + timedelta(seconds=1))
    await enter(posting, well := await hook(posting, "http://well"))
    assert await take(posting, free=1) == [well]


@pytest.mark.parametrize(
    "url",
    [
        "https://victim.example/a",
        "https://VICTIM.example:443/b",
        "https://victim.example./",
        "https://victim.example:?x",
    ],
)
async def test_however_a_host_is_written_it_has_one_share(posting: Posting, url: str) -> None:
    await enter(posting, *[await hook(posting, "https://victim.example", key=str(one)) for one in range(3)])
    await enter(posting, *[await hook(posting, url, key=str(one)) for one in range(3)])
    assert len(await take(posting)) == SHARES.per_host


async def test_a_host_gets_a_burst_and_then_a_steady_rate(posting: Posting, receiver: Receiver) -> None:
    hooks = [await hook(posting, f"{receiver.url}/{number}", key=str(number)) for number in range(5)]
    await enter(posting, *hooks, times=20)
    await posting.deliver()
    assert len(receiver.got) == SHARES.burst
    await posting.deliver(after=timedelta(seconds=1))
    assert len(receiver.got) == SHARES.burst + 1 / SHARES.every_s
    async with receiving() as other:
        await enter(posting, await hook(posting, other.url))
        await posting.deliver()
        assert len(other.got) == 1
    await posting.deliver(after=timedelta(hours=1))
    assert len(receiver.got) == 100


async def test_a_webhook_gets_its_deliveries_one_after_another(posting: Posting, receiver: Receiver) -> None:
    await enter(posting, await hook(posting, receiver.url), times=10)
    receiver.stall = asyncio.Event()
    async with notifying(posting):
        await asyncio.wait_for(receiver.arrived.wait(), 10)
        assert await take(posting) == []
        receiver.stall.set()
        await eventually(lambda: len(receiver.got) == 10)
    numbers = [body["data"]["number"] for body in receiver.bodies()]
    assert len(set(numbers)) == 10


async def test_what_is_withdrawn_during_its_attempt_is_not_attempted_again(
    posting: Posting, receiver: Receiver
) -> None:
    """Otherwise a `deal.found` might follow its `deal.gone`."""
    await enter(posting, await hook(posting, receiver.url))
    receiver.stall, receiver.status = asyncio.Event(), 500
    delivery = asyncio.create_task(posting.deliver())
    await asyncio.wait_for(receiver.arrived.wait(), 10)
    delivery_id = await posting.value("select delivery_id from webhook_deliveries")
    assert not await posting.run(repository.withdraw, delivery_id, reason="the ask is gone")
    receiver.stall.set()
    await delivery
    await posting.deliver(after=PAUSES[0])
    assert len(receiver.got) == 1


async def test_a_stop_lets_a_post_end(posting: Posting, receiver: Receiver) -> None:
    await enter(posting, await hook(posting, receiver.url))
    receiver.stall = asyncio.Event()
    async with notifying(posting) as notifier:
        await asyncio.wait_for(receiver.arrived.wait(), 10)
        notifier.cancel()
        await asyncio.sleep(0)
        receiver.stall.set()
        await asyncio.wait([notifier])
    assert await posting.value(WAITING_SQL) == 0


async def test_an_impossible_url_stops_its_own_webhook_only(posting: Posting, receiver: Receiver) -> None:
    wrong = [
        await hook(posting, url) for url in ("http://a\x7f/", "http://[::1", "http://a:99999/", "http://" + "a" * 99)
    ]
    await enter(posting, *wrong, await hook(posting, receiver.url))
    await posting.deliver()
    assert len(receiver.got) == 1
    assert [await failures(posting, one) for one in wrong] == [1, 1, 1, 1]


async def test_no_cookie_of_one_receiver_reaches_another(posting: Posting, receiver: Receiver) -> None:
    receiver.headers = {"Set-Cookie": "a=b; Path=/"}
    await enter(posting, await hook(posting, receiver.url), times=2)
    await posting.deliver()
    assert ["cookie" in headers for headers, _ in receiver.got] == [False, False]


async def test_the_oldest_deals_are_dropped_when_too_many_deliveries_wait(
    posting: Posting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "MOST_WAITING", 10)
    made = await hook(posting, "http://down")
    events = ["sale.scored", *["deal.found"] * 12]
    for event in events:
        await enter(posting, made, event=event)
        posting.clock.move_to(posting.clock.now() + timedelta(seconds=1))
    rows = await posting.database.rows(
        "select event, next_attempt_at is not null as waits from webhook_deliveries order by created_at"
    )
    assert [row["event"] for row in rows] == events
    assert [row["waits"] for row in rows] == [True, *[False] * 3, *[True] * 9]
    assert await posting.value("select dropped from webhooks") == 3


async def test_old_deliveries_are_removed_a_batch_at_a_time(posting: Posting) -> None:
    await enter(posting, await hook(posting, "http://down"), times=5)
    before = posting.clock.now() + timedelta(seconds=1)
    assert await posting.run(repository.purge, before=before, most=3)
    assert not await posting.run(repository.purge, before=before, most=3)
    assert await posting.value("select count(*) from webhook_deliveries") == 0
