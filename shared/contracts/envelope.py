"""CloudEvents 1.0 envelope, structured mode: one JSON object around every payload."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SerializeAsAny, ValidationError

from shared.contracts.messages import BY_TYPE, Payload
from shared.errors import PermanentError


class MalformedMessageError(PermanentError):
    """The bytes are no message of ours; the text says which rule they break."""


class Envelope(BaseModel):
    """A message. `id` is what the inbox de-duplicates by; `correlationid` names the flow, `causationid` the parent."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str = Field(min_length=1, max_length=200)
    type: str
    time: AwareDatetime
    subject: str | None = None
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str | None = None
    correlationid: UUID
    causationid: UUID | None = None
    traceparent: str | None = None
    data: SerializeAsAny[Payload]

    @classmethod
    def wrap(
        cls,
        payload: Payload,
        *,
        source: str,
        time: datetime,
        message_id: UUID | None = None,
        cause: Envelope | None = None,
        traceparent: str | None = None,
    ) -> Envelope:
        """Envelope for `payload`; with a `cause` it continues that message's flow."""
        identity = message_id or uuid4()
        return cls(
            id=identity,
            source=source,
            type=payload.TYPE,
            time=time,
            dataschema=f"https://punkcast.dev/asyncapi.yaml#/components/schemas/{type(payload).__name__}",
            correlationid=cause.correlationid if cause else identity,
            causationid=cause.id if cause else None,
            traceparent=traceparent or (cause.traceparent if cause else None),
            data=payload,
        )

    def encode(self) -> bytes:
        return self.model_dump_json(exclude_none=True).encode()


class _Raw(BaseModel):
    """First pass: the envelope without a typed payload; an outside publisher may leave the correlation out."""

    specversion: Literal["1.0"]
    id: UUID
    source: str = Field(min_length=1, max_length=200)
    type: str
    time: AwareDatetime
    subject: str | None = None
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str | None = None
    correlationid: UUID | None = None
    causationid: UUID | None = None
    traceparent: str | None = None
    data: dict[str, object]


def decode(body: bytes) -> Envelope:
    """Parse and validate bytes from the wire.

    Raises:
        MalformedMessageError: not JSON, not an envelope, an unknown type or version, or an invalid payload.
    """
    try:
        raw = _Raw.model_validate_json(body)
    except ValidationError as error:
        raise MalformedMessageError(f"not a CloudEvents envelope: {_first(error)}") from error
    payload_type = BY_TYPE.get(raw.type)
    if payload_type is None:
        raise MalformedMessageError(f"unknown message type or version {raw.type!r}; known: {', '.join(BY_TYPE)}")
    try:
        data = payload_type.model_validate(raw.data)
    except ValidationError as error:
        raise MalformedMessageError(f"invalid data of {raw.type}: {_first(error)}") from error
    fields = raw.model_dump(exclude={"data", "correlationid"})
    return Envelope(**fields, correlationid=raw.correlationid or raw.id, data=data)


def _first(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in detail["loc"]) or "message"
    return f"{place}: {detail['msg']}"
