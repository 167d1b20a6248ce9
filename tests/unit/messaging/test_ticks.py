from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.messages import EARLIEST_INSTANT, NowcastRequested, RetrainCheckRequested
from shared.errors import NotFoundError
from shared.messaging.ticks import JOBS, slot_at, tick, tick_id

SLOT = datetime(2025, 3, 1, 12, 30, tzinfo=UTC)
INSTANTS = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=5000)).map(lambda age: EARLIEST_INSTANT + age)
NAMES = st.sampled_from(sorted(JOBS))


def test_the_platforms_timers() -> None:
    assert {name: job.every for name, job in JOBS.items()} == {
        "ingest": timedelta(minutes=5),
        "nowcast": timedelta(minutes=30),
        "monitor": timedelta(hours=1),
        "training_drain": timedelta(hours=1),
        "retrain_check": timedelta(days=1),
        "backtest": timedelta(days=1),
        "retention": timedelta(days=1),
    }


def test_a_tick_carries_its_slot_and_its_own_message_type() -> None:
    payload, identity = tick("nowcast", SLOT)
    assert payload == NowcastRequested(slot=SLOT)
    assert identity == tick_id("nowcast", SLOT)
    assert isinstance(tick("retrain_check", SLOT)[0], RetrainCheckRequested)


def test_the_id_never_changes_between_versions() -> None:
    assert str(tick_id("nowcast", SLOT)) == "f9b38267-e346-5742-af32-dcee5183fd3e"


@given(NAMES, NAMES, INSTANTS, INSTANTS)
def test_ids_are_equal_exactly_when_job_and_slot_are(one: str, other: str, here: datetime, there: datetime) -> None:
    assert (tick_id(one, here) == tick_id(other, there)) == ((one, here) == (other, there))


@given(NAMES, INSTANTS)
def test_the_newest_slot_is_the_last_multiple_of_the_interval_in_any_zone(job: str, instant: datetime) -> None:
    slot, every = slot_at(job, instant), JOBS[job].every
    assert slot <= instant < slot + every
    midnight = slot.replace(hour=0, minute=0, second=0, microsecond=0)
    assert (slot - midnight) % every == timedelta()
    assert slot_at(job, slot) == slot
    assert slot_at(job, slot - timedelta(microseconds=1)) == slot - every
    elsewhere = instant.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert (slot_at(job, elsewhere), tick_id(job, elsewhere)) == (slot, tick_id(job, instant))


def test_an_unknown_job_and_a_slot_without_a_zone_are_refused() -> None:
    with pytest.raises(NotFoundError, match="nowcast"):
        tick("weather", SLOT)
    with pytest.raises(ValueError, match="timezone"):
        tick_id("nowcast", SLOT.replace(tzinfo=None))
