"""From the message to the row: a request is stored once and acknowledged in no time."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from services.trainer.handlers import Trainer
from shared.contracts.messages import TrainingRequested
from tests.factories.small_market import END
from tests.factories.stand import Stand
from tests.integration.trainer.conftest import Fits, request, state


async def test_a_request_becomes_a_row_and_is_acknowledged_before_any_fit(
    stand: Stand, served: Trainer, fits: Fits
) -> None:
    cutoff = END - timedelta(days=20)
    identity = await request(stand, data_cutoff=cutoff)
    stored = await state(stand, identity)
    assert (stored.status, stored.reason, stored.requested_by) == ("queued", "age", "test")
    assert (stored.data_cutoff, stored.requested_at, stored.attempts) == (cutoff, END, 0)
    assert stand.bus.waiting("trainer") == 0
    assert fits.jobs == []


async def test_the_id_given_in_the_request_is_kept(stand: Stand, served: Trainer) -> None:
    identity = uuid4()
    await request(stand, request_id=identity)
    assert (await state(stand, identity)).status == "queued"


async def test_the_same_message_twice_is_one_request(stand: Stand, served: Trainer) -> None:
    payload = TrainingRequested(reason="age", requested_by="test")
    identity = await stand.send(payload)
    await stand.send(payload, message_id=identity)
    assert await stand.value("select count(*) from training_requests") == 1
    assert await stand.dead() == []


async def test_a_second_open_request_for_the_same_reason_is_the_first_one(stand: Stand, served: Trainer) -> None:
    first = await request(stand)
    await request(stand)
    await request(stand, "drift")
    assert await stand.value("select array_agg(reason order by reason) from training_requests") == ["age", "drift"]
    assert (await state(stand, first)).status == "queued"
    assert await stand.value("select count(*) from inbox") == 3
    assert await stand.dead() == []
