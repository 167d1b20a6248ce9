from datetime import UTC, datetime, timedelta

import pytest

from shared.database.pool import Connection
from shared.errors import ConflictError, NotFoundError
from shared.registry import models, promotions, training_requests
from tests.factories import registry as made

AT = datetime(2025, 2, 1, tzinfo=UTC)


async def test_a_registered_model_reads_back_as_it_was(connection: Connection) -> None:
    record = await made.contender(connection, "a", AT)
    assert await models.get(connection, record.model_id) == record
    assert models.artifact(record).sha256 == record.artifact_sha256
    assert (await training_requests.history(connection, "")).last_training == AT


async def test_registering_twice_is_registering_once(connection: Connection) -> None:
    record = await made.contender(connection, "a", AT)
    assert not await models.register(connection, record)
    assert [one.model_id for one in await models.listing(connection)] == [record.model_id]


async def test_one_training_request_makes_one_model(connection: Connection) -> None:
    record = await made.contender(connection, "a", AT)
    other = record.model_copy(update={"model_id": made.model_id("b"), "artifact_sha256": made.sha("b")})
    with pytest.raises(ConflictError, match="another model"):
        await models.register(connection, other)


async def test_an_unknown_model_is_not_found(connection: Connection) -> None:
    with pytest.raises(NotFoundError):
        await models.get(connection, "m-0000000000000000")


async def test_a_transition_needs_the_expected_state(connection: Connection) -> None:
    record = await made.contender(connection, "a", AT)
    await models.transition(connection, record.model_id, expected="registered", to="evaluated")
    with pytest.raises(ConflictError, match="no longer registered"):
        await models.transition(connection, record.model_id, expected="registered", to="evaluated")


async def test_active_are_the_champion_the_previous_champion_and_the_shadows(connection: Connection) -> None:
    assert await models.active(connection) == []
    await made.promote(connection, "first", AT)
    assert [one.role for one in await models.active(connection)] == ["champion"]
    second = await made.promote(connection, "second", AT + timedelta(days=1))
    await made.start_shadow(connection, "third", AT + timedelta(days=2))
    assert [(one.role, one.record.model_id) for one in await models.active(connection)] == [
        ("champion", made.model_id("second")),
        ("previous", made.model_id("first")),
        ("shadow", made.model_id("third")),
    ]
    await promotions.end(connection, second.decision_id, "confirmed", at=AT + timedelta(days=3))
    assert [one.role for one in await models.active(connection)] == ["champion", "shadow"]


async def test_only_one_promotion_is_open(connection: Connection) -> None:
    first = await made.promote(connection, "first", AT)
    second = await made.promote(connection, "second", AT + timedelta(days=1))
    current = await promotions.current(connection)
    assert (current.promotion_id, current.previous_model_id) == (second.decision_id, made.model_id("first"))
    ended = await connection.fetchval("select state from promotions where promotion_id = $1", first.decision_id)
    assert ended == "superseded"
