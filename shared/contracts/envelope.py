"""The CloudEvents 1.0 envelope in structured mode: one JSON object around every payload."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID, uuid4

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializeAsAny,
    StringConstraints,
    ValidationError,
    model_validator,
)

from shared.contracts.messages import BY_TYPE, Instant, Payload
from shared.contracts.texts import plain
from shared.errors import PermanentError

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$"), AfterValidator(plain)]

# Largest accepted clock error of a publisher; a later time is a mistake.
MAX_AHEAD = timedelta(days=1)
MAX_BYTES = 1 << 20


class MalformedMessageError(PermanentError):
    """The bytes are not a valid message; the text names the broken rule."""


class _Raw(BaseModel):
    """The envelope before its payload is typed. An outside publisher may omit the correlation."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"]
    id: UUID
    source: Name
    type: str
    time: Instant
    subject: Name | None = None
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: Name | None = None
    correlationid: UUID | None = None
    causationid: UUID | None = None
    traceparent: Name | None = None
    data: Any


class Envelope(_Raw):
    """A message. The inbox drops duplicates by `type` and `id`.

    `correlationid` names the flow, `causationid` the message that caused this one.
    """

    specversion: Literal["1.0"] = "1.0"
    correlationid: UUID
    data: SerializeAsAny[Payload]
    # Not on the wire: the user that the broker vouches for, None if the message names none.
    sender: str | None = Field(default=None, exclude=True)

    @model_validator(mode="after")
    def _no_instant_far_ahead(self) -> Self:
        for name, value in self.data:
            if isinstance(value, datetime) and value > self.time + MAX_AHEAD:
                raise ValueError(
                    f"{name} {value.isoformat()} is over a day after the message's {self.time.isoformat()}"
                )
        return self

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
        """Wrap `payload`; with a `cause`, continue that message's flow.

        Raises:
            pydantic.ValidationError: an instant in the payload is more than a day after `time`.
        """
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


def decode(body: bytes, *, now: datetime | None = None) -> Envelope:
    """Parse and validate bytes from the wire; with `now`, also refuse messages more than a day ahead.

    Raises:
        MalformedMessageError: not JSON, not an envelope, an unknown type or version, or an invalid payload.
    """
    if len(body) > MAX_BYTES:
        raise MalformedMessageError(f"{len(body)} bytes exceed the limit of {MAX_BYTES}; send files as object keys")
    try:
        raw = _Raw.model_validate_json(body)
    except ValidationError as error:
        raise MalformedMessageError(f"not a CloudEvents envelope: {_first(error)}") from error
    payload_type = BY_TYPE.get(raw.type)
    if payload_type is None:
        raise MalformedMessageError(f"unknown message type or version {raw.type[:200]!r}; known: {', '.join(BY_TYPE)}")
    try:
        data = payload_type.model_validate(raw.data)
    except ValidationError as error:
        raise MalformedMessageError(f"invalid data of {raw.type}: {_first(error)}") from error
    if now is not None and raw.time > now + MAX_AHEAD:
        raise MalformedMessageError(f"time {raw.time.isoformat()} is more than a day ahead of {now.isoformat()}")
    fields = raw.model_dump(exclude={"data", "correlationid"})
    try:
        return Envelope(**fields, correlationid=raw.correlationid or raw.id, data=data)
    except ValidationError as error:
        raise MalformedMessageError(f"invalid data of {raw.type}: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_input=False)[0]
    location = ".".join(str(part) for part in detail["loc"]) or "message"
    return f"{location}: {detail['msg']}"
