"""From the message to the row: a request is stored once and acknowledged in no time."""

from datetime import timedelta
from uuid import uuid4

from services.trainer.handlers import Trainer
from shared.contracts.envelope import Envelope
from shared.contracts.messages import TrainingRequested
from tests.factories.harness import Harness
from tests.factories.small_market import END
from tests.integration.trainer.conftest import Fits, request, state


async def test_a_request_becomes_a_row_and_is_acknowledged_before_any_fit(
    harness: Harness, served: Trainer, fits: Fits
) -> None:
    cutoff = END - timedelta(days=20)
    identity = await request(harness, data_cutoff=cutoff)
    stored = await state(harness, identity)
    assert (stored.status, stored.reason, stored.requested_by) == ("queued", "age", "test")
    assert (stored.data_cutoff, stored.requested_at, stored.attempts) == (cutoff, END, 0)
    assert harness.bus.waiting("trainer") == 0
    assert fits.jobs == []


async def test_the_id_given_in_the_request_is_kept(harness: Harness, served: Trainer) -> None:
    identity = uuid4()
    await request(harness, request_id=identity)
    assert (await state(harness, identity)).status == "queued"


async def test_the_same_message_twice_is_one_request(harness: Harness, served: Trainer) -> None:
    payload = TrainingRequested(reason="age", requested_by="test")
    identity = await harness.send(payload)
    await harness.send(payload, message_id=identity)
    assert await harness.value("select count(*) from training_requests") == 1
    assert await harness.dead() == []


async def test_a_second_open_request_for_the_same_reason_is_the_first_one(harness: Harness, served: Trainer) -> None:
    first, second, other = await request(harness), await request(harness), await request(harness, "drift")
    statuses = [(await state(harness, each)).status for each in (first, second, other)]
    assert statuses == ["queued", "merged", "queued"]
    assert await harness.value("select count(*) from inbox") == 3
    assert await harness.dead() == []


async def test_whatever_a_message_says_it_came_by_the_bus_and_the_fourth_open_one_is_refused_on_record(
    harness: Harness, served: Trainer
) -> None:
    reasons = ("model_age", "new_valid_sales", "drift", "one more")
    forged = [await harness.send(TrainingRequested(reason=reason, requested_by="retrain-policy")) for reason in reasons]
    stored = [await state(harness, each) for each in forged]
    assert [(one.status, one.origin) for one in stored] == [("queued", "bus")] * 3 + [("failed", "bus")]
    assert stored[-1].error.startswith("refused: bus has 3 open training requests")
    assert stored[-1].finished_at == END
    assert await harness.dead() == []


async def test_a_user_for_whom_the_broker_vouches_is_an_origin_of_its_own(harness: Harness, served: Trainer) -> None:
    """Each has a limit of its own, and takes no reason from another; not even by the name of the policy."""
    stored = []
    for sender, reasons in (("ana", "abcd"), ("policy", "a"), (None, "a")):
        for reason in reasons:
            request = TrainingRequested(reason=reason, requested_by="retrain-policy")
            message = Envelope.wrap(request, source="test", time=END).model_copy(update={"sender": sender})
            await served.on_training_requested(message)
            stored.append(await state(harness, message.id))
    assert [(one.origin, one.status) for one in stored] == [
        *[("bus:ana", "queued")] * 3, ("bus:ana", "failed"), ("bus:policy", "queued"), ("bus", "queued"),
    ]  # fmt: skip
    assert stored[3].error.startswith("refused: bus:ana has 3 open training requests")
