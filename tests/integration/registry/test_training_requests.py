import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from shared.clock import ManualClock
from shared.contracts.messages import TrainingRequested
from shared.database.pool import Connection
from shared.errors import InvalidInputError, TooManyOpenError
from shared.messaging.transaction import originating
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
    assert (await training_requests.history(connection, "operator")).open_reasons == {"age", "sales"}


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


async def test_an_outsiders_text_neither_occupies_a_reason_nor_stands_for_the_policys_own_request(
    connection: Connection,
) -> None:
    outsider = {"requested_by": "retrain-policy", "origin": "bus"}
    assert await made.request(connection, "model_age", LATER, **outsider)
    seen = await training_requests.history(connection, "policy")
    assert (seen.open_reasons, seen.last_request) == (frozenset(), None)
    assert await made.request(connection, "model_age", AT, origin="policy"), "the bus holds the reason for itself alone"
    seen = await training_requests.history(connection, "policy")
    assert (seen.open_reasons, seen.last_request) == ({"model_age"}, AT)


async def test_an_origin_has_three_open_requests_and_others_have_theirs(connection: Connection) -> None:
    for number in range(3):
        assert await made.request(connection, f"reason {number}", AT, origin="bus", request_id=(known := uuid4()))
    assert not await made.request(connection, "reason 0", AT, origin="bus"), "it merges"
    assert not await made.request(connection, "reason 7", AT, origin="bus", request_id=known), "it is the third, again"
    with pytest.raises(TooManyOpenError, match="bus has 3 open training requests, and may have 3"):
        await made.request(connection, "reason 3", AT, origin="bus")
    assert await made.request(connection, "reason 3", AT, origin="bus", most_open=4)
    assert await made.request(connection, "reason 3", AT, origin="api:0123456789ab")
    for number in range(9):
        assert await made.request(connection, f"reason {number}", AT, origin="operator")
    assert await training_requests.claim(connection, at=AT, lease_s=60) is not None
    with pytest.raises(TooManyOpenError):
        await made.request(connection, "reason 4", AT, origin="bus")


async def test_all_limited_origins_together_leave_room_for_the_platforms_own(connection: Connection) -> None:
    for number in range(30):
        assert await made.request(connection, "drift", AT, origin=f"api:{number}")
    with pytest.raises(TooManyOpenError, match="30 training requests are open"):
        await made.request(connection, "drift", AT, origin="api:another")
    for origin in ("policy", "nowcaster", "operator"):
        assert await made.request(connection, "drift", AT, origin=origin)


async def test_requests_at_the_same_time_do_not_exceed_the_limit(database: Database) -> None:
    async def ask(number: int) -> bool:
        try:
            return await database.run(made.request, f"reason {number}", AT, origin="bus")
        except TooManyOpenError:
            return False

    assert sum(await asyncio.gather(*(ask(number) for number in range(8)))) == 3


async def test_the_platforms_own_requests_go_first_and_the_others_take_turns(connection: Connection) -> None:
    asked = ("bus", "bus", "bus", "api:a", "api:b", "api:b", "operator", "policy", "api:a")
    for minute, origin in enumerate(asked):
        at = AT + timedelta(minutes=minute)
        assert await made.request(connection, f"reason {minute}", at, origin=origin)
    order = []
    for second in range(len(asked)):
        at = LATER + timedelta(hours=1, seconds=second)
        claimed = await training_requests.claim(connection, at=at, lease_s=600)
        assert claimed is not None
        order.append(claimed.origin)
    assert order == ["operator", "policy", "bus", "api:a", "api:b", "bus", "api:a", "api:b", "bus"]


@pytest.mark.parametrize("origin", ["operator", "api:0123456789ab", "cli:ann"])
@pytest.mark.parametrize(
    "said",
    [
        *({"reason": reason} for reason in ("no_champion", "loss_above_gate_level", "new_valid_sales", "Model_Age ")),
        *({"requested_by": name} for name in ("retrain-policy", "nowcaster", "Operator")),
    ],
    ids=str,
)
async def test_the_policys_reasons_and_name_are_reserved(database: Database, origin: str, said: dict[str, str]) -> None:
    request = TrainingRequested(**{"reason": "drift", "requested_by": "ann"} | said)
    async with originating(database, ManualClock(AT), source="test") as transaction:
        with pytest.raises(InvalidInputError, match="the platform itself uses"):
            await training_requests.ask(transaction, request, origin=origin)
