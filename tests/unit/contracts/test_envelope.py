import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.contracts.envelope import MAX_BYTES, Envelope, MalformedMessageError, decode
from shared.contracts.messages import (
    EARLIEST_INSTANT,
    MarketUpdated,
    ModelPromoted,
    NowcastRequested,
    ShadowMatured,
    TrainingRequested,
)

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


def raw(**changes: Any) -> dict[str, Any]:
    document = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "somebody",
        "type": TrainingRequested.TYPE,
        "time": NOW.isoformat(),
        "data": {"reason": "drift", "requested_by": "ana"},
    }
    return {**document, **changes}


def read(document: object, **options: Any) -> Envelope:
    return decode(json.dumps(document).encode(), **options)


def test_an_outside_message_needs_only_the_required_fields() -> None:
    message = read(raw())
    assert message.correlationid == message.id
    assert message.causationid is None
    assert message.data == TrainingRequested(reason="drift", requested_by="ana")


def test_a_caused_message_continues_the_flow() -> None:
    first = Envelope.wrap(NowcastRequested(slot=NOW), source="a", time=NOW, traceparent="00-1-2-01")
    second = Envelope.wrap(NowcastRequested(slot=NOW), source="b", time=NOW, cause=first)
    third = Envelope.wrap(NowcastRequested(slot=NOW), source="c", time=NOW, cause=second)
    assert first.correlationid == first.id
    assert third.correlationid == first.id
    assert third.causationid == second.id
    assert third.traceparent == "00-1-2-01"


@given(
    age=st.timedeltas(min_value=timedelta(), max_value=timedelta(days=5000)),
    ahead=st.timedeltas(min_value=timedelta(), max_value=timedelta(days=1)),
)
def test_every_sound_tick_survives_the_wire(age: timedelta, ahead: timedelta) -> None:
    slot = EARLIEST_INSTANT + age
    time = max(slot - ahead, EARLIEST_INSTANT)
    message = Envelope.wrap(NowcastRequested(slot=slot), source="test", time=time)
    assert decode(message.encode()) == message


@given(st.binary(max_size=300) | st.recursive(st.none() | st.text() | st.floats(), st.lists).map(repr).map(str.encode))
def test_any_bytes_are_either_a_message_or_malformed(body: bytes) -> None:
    with pytest.raises(MalformedMessageError):
        decode(body)


@given(
    field=st.sampled_from(sorted(raw())), value=st.none() | st.integers() | st.text(max_size=5) | st.lists(st.none())
)
def test_any_value_in_any_field_is_malformed_or_harmless(field: str, value: object) -> None:
    try:
        message = read(raw(**{field: value}))
    except MalformedMessageError as error:
        assert len(str(error)) > 10
    else:
        assert decode(message.encode()) == message


# Before the contract, more than a day ahead, and without a time zone.
NO_CUTOFFS = ("2017-06-21T00:00:00Z", "2025-03-03T00:00:00Z", "2025-02-03T00:00:00")
NO_SLOTS = ("2017-06-21T23:59:59Z", "2025-03-03T12:00:01Z", "2025-01-01T00:00:00")


@pytest.mark.parametrize(
    ("location", "document"),
    [
        ("data.reason", raw(data={"requested_by": "ana"})),
        ("requested_by", raw(data={"reason": "x", "requested_by": ""})),
        *(("data_cutoff", raw(data={"reason": "x", "requested_by": "a", "data_cutoff": at})) for at in NO_CUTOFFS),
        *(("time", raw(time=at)) for at in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:00", "yesterday")),
        ("id", raw(id="7")),
        ("id", raw(id=None)),
        ("type", raw(type=None)),
        ("data", raw(data=None)),
        ("specversion", raw(specversion="0.3")),
        ("slot", raw(type=NowcastRequested.TYPE, data={})),
        *(("slot", raw(type=NowcastRequested.TYPE, data={"slot": at})) for at in NO_SLOTS),
        ("reason", raw(data={"reason": "   ", "requested_by": "ana"})),
        ("punkcast.weather.changed.v1", raw(type="punkcast.weather.changed.v1")),
        ("punkcast.training.requested.v2", raw(type="punkcast.training.requested.v2")),
        ("datacontenttype", raw(datacontenttype="text/xml")),
        ("reason", raw(data={"reason": "a\u0000b", "requested_by": "a"})),
        ("reason", raw(data={"reason": "x" * 501, "requested_by": "a"})),
        ("reason", raw(data={"reason": "a\x1b[2Jb", "requested_by": "a"})),
        ("requested_by", raw(data={"reason": "a", "requested_by": "a\u202eb"})),
        ("source", raw(source="a\u2066b")),
        ("subject", raw(subject="a\u200bb")),
    ],
)
def test_the_refusal_names_the_location(location: str, document: dict[str, Any]) -> None:
    with pytest.raises(MalformedMessageError, match=location.rsplit(".", maxsplit=1)[-1]):
        read(document)


def test_a_message_from_the_future_is_refused_if_the_time_is_given() -> None:
    document = raw(time=(NOW + timedelta(days=1, seconds=1)).isoformat())
    assert read(document).time > NOW
    with pytest.raises(MalformedMessageError, match="ahead"):
        read(document, now=NOW)
    assert read(raw(time=(NOW + timedelta(hours=23)).isoformat()), now=NOW)


def test_a_huge_body_is_refused_without_parsing() -> None:
    with pytest.raises(MalformedMessageError, match="object keys"):
        decode(b" " * (MAX_BYTES + 1))


def test_numbers_that_fit_no_column_are_refused() -> None:
    fine = {"last_seq": 2**63 - 1, "last_block": 0, "events": 0, "sales_scored": 0}
    assert read(raw(type=MarketUpdated.TYPE, data=fine)).data == MarketUpdated(**fine)
    for name, value in [("last_seq", 2**63), ("last_block", -1), ("events", 2**31), ("sales_scored", 0.5)]:
        with pytest.raises(MalformedMessageError, match=name):
            read(raw(type=MarketUpdated.TYPE, data={**fine, name: value}))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_an_e_value_is_a_finite_number(value: float) -> None:
    data = {"model_id": "m-" + "0" * 16, "champion_id": "m-" + "1" * 16, "outcome": "worse", "sales": 1}
    body = json.dumps(raw(type=ShadowMatured.TYPE, data={**data, "e_value": value})).encode()
    with pytest.raises(MalformedMessageError):
        decode(body)


@pytest.mark.parametrize("model_id", ["m-0123", "m-0123456789ABCDEF", "m-0123456789abcdef\n", "x-0123456789abcdef", ""])
def test_a_model_id_has_its_one_form(model_id: str) -> None:
    with pytest.raises(ValidationError):
        ModelPromoted(model_id=model_id, previous_model_id=None, decision_id=uuid4(), pointer_generation=1)


def test_an_invalid_message_is_refused_when_it_is_written() -> None:
    with pytest.raises(ValidationError, match="slot"):
        Envelope.wrap(NowcastRequested(slot=NOW + timedelta(days=2)), source="test", time=NOW)
    with pytest.raises(ValidationError):
        NowcastRequested(slot=datetime(2016, 1, 1, tzinfo=UTC))
