import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from shared.database.pool import Connection
from shared.registry import training_requests
from tests.factories import registry as made
from tests.factories.database import Database

AT = datetime(2025, 2, 1, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)


async def test_the_same_request_is_queued_once(connection: Connection) -> None:
    identity = uuid4()
    assert await made.request(connection, "age", AT, request_id=identity)
    assert not await made.request(connection, "another reason", AT, request_id=identity)


async def test_one_request_per_reason_is_open_and_others_merge_into_it(connection: Connection) -> None:
    merged = uuid4()
    assert await made.request(connection, "age", AT)
    for _ in range(2):
        assert not await made.request(connection, "age", AT, request_id=merged)
    assert (await training_requests.get(connection, merged)).status == "merged"
    assert await made.request(connection, "sales", AT)
    assert (await training_requests.history(connection, "")).open_reasons == {"age", "sales"}


async def test_the_oldest_request_is_claimed_first_and_only_once(connection: Connection) -> None:
    await made.request(connection, "newer", LATER)
    await made.request(connection, "older", AT)
    reasons = []
    while (claimed := await training_requests.claim(connection, at=LATER, lease_s=60)) is not None:
        reasons.append(claimed.reason)
        assert (claimed.attempts, claimed.lease_until) == (1, LATER + timedelta(seconds=60))
    assert reasons == ["older", "newer"]


async def test_a_lost_lease_is_claimed_again_and_fences_off_its_first_holder(connection: Connection) -> None:
    await made.request(connection, "age", AT)
    first = await training_requests.claim(connection, at=AT, lease_s=60)
    assert await training_requests.claim(connection, at=AT + timedelta(seconds=60), lease_s=60) is None
    second = await training_requests.claim(connection, at=AT + timedelta(seconds=61), lease_s=60)
    assert (second.request_id, second.attempts) == (first.request_id, 2)
    until = LATER + timedelta(hours=1)
    assert not await training_requests.heartbeat(connection, first.request_id, first.lease_token, until=until)
    model = made.model_id("a")
    assert not await training_requests.succeed(connection, first.request_id, first.lease_token, model, at=LATER)
    assert not await training_requests.fail(connection, first.request_id, first.lease_token, "late", at=LATER)
    assert await training_requests.heartbeat(connection, second.request_id, second.lease_token, until=until)
    assert await training_requests.succeed(connection, second.request_id, second.lease_token, model, at=LATER)
    done = await training_requests.get(connection, first.request_id)
    assert (done.status, done.model_id, done.error) == ("succeeded", model, None)
    assert (await training_requests.history(connection, "")).last_training == LATER


async def test_after_three_lost_leases_it_has_failed(connection: Connection) -> None:
    await made.request(connection, "age", AT)
    at = AT
    for _ in range(3):
        assert await training_requests.claim(connection, at=at, lease_s=60) is not None
        at += timedelta(minutes=2)
    assert await training_requests.claim(connection, at=at, lease_s=60) is None
    (request,) = await training_requests.listing(connection)
    assert (request.status, request.finished_at) == ("failed", at)
    assert "lease ran out" in request.error


async def test_a_failure_is_tried_again_until_the_third(connection: Connection) -> None:
    await made.request(connection, "age", AT)
    for attempt in range(1, 4):
        claimed = await training_requests.claim(connection, at=AT, lease_s=60)
        assert claimed.attempts == attempt
        assert await training_requests.fail(connection, claimed.request_id, claimed.lease_token, "boom\x00", at=LATER)
    (request,) = await training_requests.listing(connection, status="failed")
    assert (request.error, request.attempts) == ("boom", 3)


async def test_a_permanent_failure_is_not_tried_again(connection: Connection) -> None:
    await made.request(connection, "age", AT)
    claimed = await training_requests.claim(connection, at=AT, lease_s=60)
    await training_requests.fail(
        connection, claimed.request_id, claimed.lease_token, "too few sales", at=LATER, permanent=True
    )
    assert await training_requests.claim(connection, at=LATER, lease_s=60) is None
    assert await made.request(connection, "age", AT), "its reason is free again"


async def test_a_withdrawn_request_is_not_claimed(connection: Connection) -> None:
    identity = uuid4()
    await made.request(connection, "age", AT, request_id=identity)
    assert await training_requests.cancel(connection, identity, at=LATER)
    assert await training_requests.claim(connection, at=LATER, lease_s=60) is None
    assert not await training_requests.cancel(connection, identity, at=LATER)


async def test_replicas_that_claim_at_once_never_share_a_request(database: Database) -> None:
    for number in range(6):
        await database.run(made.request, f"reason {number}", AT)

    async def claim() -> UUID | None:
        claimed = await database.run(training_requests.claim, at=AT, lease_s=60)
        return None if claimed is None else claimed.request_id

    claimed = [one for one in await asyncio.gather(*(claim() for _ in range(10))) if one is not None]
    assert len(claimed) == len(set(claimed)) == 6
