"""API keys: names, expiry, rotation, and what ends with a key."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.database.pool import Connection
from shared.errors import ConflictError, InvalidInputError, NotFoundError
from shared.registry import api_keys, training_requests
from tests.factories import registry as made
from tests.factories.database import SOMEBODY_WAITS, Database
from tests.factories.waiting import eventually

AT = datetime(2025, 2, 1, tzinfo=UTC)
LATER = AT + timedelta(days=1)


async def a_key(connection: Connection, name: str = "anna", **given: Any) -> api_keys.NewKey:
    return await api_keys.create(connection, **{"name": name, "scopes": ["train"], "at": AT} | given)


async def a_webhook(connection: Connection, key_id: str) -> UUID:
    """An active one, with an event that was delivered and one that waits."""
    webhook = uuid4()
    await connection.execute(
        """insert into webhooks (webhook_id, key_id, url, events, deal_margin, secret, created_at)
           values ($1, $2, 'https://example.org/', '{sale.scored}', 0.1, 'whsec_', $3)""",
        webhook, key_id, AT,
    )  # fmt: skip
    for delivered, due in ((AT, None), (None, AT)):
        await connection.execute(
            """insert into webhook_deliveries (delivery_id, webhook_id, event, body, created_at, delivered_at,
                                               next_attempt_at)
               values ($1, $2, 'sale.scored', '{}', $3, $4, $5)""",
            uuid4(), webhook, AT, delivered, due,
        )  # fmt: skip
    return webhook


async def webhook_is(connection: Connection, webhook: UUID) -> tuple[str, str | None, int]:
    """State, reason, and number of events that wait."""
    row = await connection.fetchrow(
        """select state, disabled_reason, count(*) filter (where next_attempt_at is not null) as waiting
           from webhooks join webhook_deliveries using (webhook_id) where webhook_id = $1 group by 1, 2""",
        webhook,
    )
    return row["state"], row["disabled_reason"], row["waiting"]


async def request_is(connection: Connection, request_id: UUID) -> tuple[str, str | None]:
    found = await training_requests.get(connection, request_id)
    return found.status, found.error


async def test_what_a_key_began_ends_with_it_and_the_rest_goes_on(connection: Connection) -> None:
    anna, ben = await a_key(connection), await a_key(connection, "ben")
    hooks = [await a_webhook(connection, key.key_id) for key in (anna, ben)]
    fitting, waiting, of_ben = uuid4(), uuid4(), uuid4()
    for minute, (identity, key) in enumerate(((fitting, anna), (waiting, anna), (of_ben, ben))):
        asked = {"request_id": identity, "origin": f"api:{key.key_id}"}
        await made.request(connection, f"reason {minute}", AT + timedelta(minutes=minute), **asked)
    fit = await training_requests.claim(connection, at=AT, lease_s=600)
    assert fit.request_id == fitting
    ended = await api_keys.revoke(connection, anna.key_id, at=AT)
    assert (ended.webhooks, ended.requests) == (1, 2)
    assert await webhook_is(connection, hooks[0]) == ("disabled", "the key was revoked", 0)
    assert await webhook_is(connection, hooks[1]) == ("active", None, 1)
    assert await request_is(connection, waiting) == ("cancelled", "the key was revoked")
    assert await request_is(connection, fitting) == ("cancelled", "the key was revoked")
    assert await request_is(connection, of_ben) == ("queued", None)
    assert not await training_requests.heartbeat(connection, fitting, fit.lease_token, until=LATER)
    model = made.model_id("a")
    assert not await training_requests.succeed(connection, fitting, fit.lease_token, model, at=AT), "nothing registers"
    assert await api_keys.revoke(connection, anna.key_id, at=LATER) == api_keys.Ended(0, 0)
    assert {key.key_id: key.revoked_at for key in await api_keys.listing(connection)} == {
        anna.key_id: AT,
        ben.key_id: None,
    }


async def test_an_expired_key_ends_likewise(connection: Connection) -> None:
    key = await a_key(connection, lasting=timedelta(days=1))
    hook = await a_webhook(connection, key.key_id)
    await api_keys.end_expired(connection, at=LATER - timedelta(seconds=1))
    assert await webhook_is(connection, hook) == ("active", None, 1)
    assert not await api_keys.hold(connection, key.key_id, at=LATER)
    await api_keys.end_expired(connection, at=LATER)
    assert await webhook_is(connection, hook) == ("disabled", "the key has expired", 0)
    assert await a_key(connection, at=LATER), "its name is free again"


async def test_the_webhooks_of_a_key_that_an_older_release_revoked_end_within_the_hour(connection: Connection) -> None:
    key = await a_key(connection)
    hook = await a_webhook(connection, key.key_id)
    await connection.execute("update api_keys set revoked_at = $1", AT)
    await api_keys.end_expired(connection, at=LATER)
    assert (await webhook_is(connection, hook))[0] == "disabled"


async def test_a_transaction_that_holds_a_key_is_waited_for_and_what_it_began_ends(database: Database) -> None:
    key = await database.run(a_key)
    async with database.transaction() as holding:
        assert await api_keys.hold(holding, key.key_id, at=AT)
        revoking = asyncio.create_task(database.run(api_keys.revoke, key.key_id, at=AT))
        await eventually(lambda: database.value(SOMEBODY_WAITS))
        hook = await a_webhook(holding, key.key_id)
    assert (await revoking).webhooks == 1
    assert await database.run(webhook_is, hook) == ("disabled", "the key was revoked", 0)


async def test_a_key_is_not_held_once_its_revocation_has_begun(database: Database) -> None:
    key = await database.run(a_key)

    async def hold() -> bool:
        async with database.transaction() as other:
            return await api_keys.hold(other, key.key_id, at=AT)

    async with database.transaction() as revoking:
        await api_keys.revoke(revoking, key.key_id, at=AT)
        holding = asyncio.create_task(hold())
        await eventually(lambda: database.value(SOMEBODY_WAITS))
    assert not await holding


async def test_a_rotated_key_keeps_its_id_and_both_secrets_are_valid_for_a_while(connection: Connection) -> None:
    old = await a_key(connection)
    new = await api_keys.rotate(connection, old.key_id, at=AT, overlap=timedelta(hours=24))
    assert new.key_id == old.key_id
    stored = await api_keys.find(connection, old.key_id)
    for at, both in ((AT, True), (LATER - timedelta(seconds=1), True), (LATER, False)):
        assert api_keys.matches(stored, new.key, at=at)
        assert api_keys.matches(stored, old.key, at=at) is both
    at_once = await api_keys.rotate(connection, old.key_id, at=AT, overlap=timedelta(0), lasting=timedelta(days=90))
    stored = await api_keys.find(connection, old.key_id)
    assert [api_keys.matches(stored, key.key, at=AT) for key in (old, new, at_once)] == [False, False, True]
    assert stored.expires_at == AT + timedelta(days=90)


async def test_an_ended_key_is_not_rotated(connection: Connection) -> None:
    revoked = await a_key(connection)
    await api_keys.revoke(connection, revoked.key_id, at=AT)
    expired = await a_key(connection, "ben", lasting=timedelta(hours=1))
    for key_id in (revoked.key_id, expired.key_id, "nope"):
        with pytest.raises(NotFoundError, match="no live key"):
            await api_keys.rotate(connection, key_id, at=LATER, overlap=timedelta(hours=1))


@pytest.mark.parametrize("name", ["anna", " Anna ", "ANNA", "ａｎｎａ"])
async def test_one_live_key_has_a_name(connection: Connection, name: str) -> None:
    first = await a_key(connection)
    with pytest.raises(ConflictError, match="a live key is named"):
        await a_key(connection, name)
    await api_keys.revoke(connection, first.key_id, at=AT)
    assert await a_key(connection, name)


@pytest.mark.parametrize("name", ["operator", "Operator ", "retrain-policy", "monitor", "bus", "ｏperator"])
async def test_names_of_the_platforms_own_actors_are_reserved(connection: Connection, name: str) -> None:
    with pytest.raises(InvalidInputError, match="reserved"):
        await a_key(connection, name)


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "an\u202ena", "anna\u200b", "an\x1bna", "anna\u3164"])
async def test_a_name_says_who_uses_the_key(connection: Connection, name: str) -> None:
    with pytest.raises(InvalidInputError, match="1 to 80 characters"):
        await a_key(connection, name)


async def test_a_use_is_noted_at_most_once_a_minute_and_waits_for_nobody(database: Database) -> None:
    key = await database.run(a_key)

    async def use(at: datetime) -> datetime:
        await database.run(api_keys.note_use, await database.run(api_keys.find, key.key_id), at=at)
        return (await database.run(api_keys.find, key.key_id)).last_used_at

    assert await use(AT) == AT
    assert await use(AT + timedelta(seconds=59)) == AT
    async with database.transaction() as holding:
        assert await api_keys.hold(holding, key.key_id, at=AT)
        assert await use(AT + timedelta(minutes=1)) == AT, "skipped, not waited for"
    assert await use(AT + timedelta(minutes=1)) == AT + timedelta(minutes=1)
