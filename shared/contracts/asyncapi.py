"""The AsyncAPI 3.0 document of all messages, generated from their classes.

`python -m shared.contracts.asyncapi` prints `docs/asyncapi.yaml`; a test fails when the file is stale. The YAML is
written here, without a library: a program must be able to print its contract with what a service installs.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.contracts.messages import ALL_MESSAGES, EARLIEST_INSTANT, Payload

CONTENT_TYPE = "application/cloudevents+json"
_EXCHANGE = "punkcast.events"

_DESCRIPTION = f"""\
Everything the services tell each other. To take part, publish to or bind a queue of your own on the topic exchange
`{_EXCHANGE}`; the routing key is the message type. (The exchange's first part is the deployment's
`PUNKCAST_BROKER_PREFIX`, by default `punkcast`.)

A message is one JSON object, a CloudEvents 1.0 event in structured mode: required are `specversion`, `id` (a UUID, by
which a message that arrives twice is recognised), `source`, `type`, `time` (RFC 3339 with a zone) and `data`. Unknown
fields are ignored; within a version only fields are added; a breaking change is a new `.v2` type beside `.v1`.

What cannot be read (not JSON, fields missing, an unknown type or version, an instant before
{EARLIEST_INSTANT.date()} or more than a day after the message's own time) goes to the dead queue
`punkcast.dead` with the reason in the header `x-punkcast-reason`. Delivery is at least once."""


def document() -> dict[str, Any]:
    """The document as plain data."""
    _, definitions = models_json_schema(
        [(message, "validation") for message in ALL_MESSAGES], ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Any] = definitions["$defs"]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Punkcast messages",
            "version": "1.0.0",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "rabbitmq": {
                "host": "{host}:5672",
                "protocol": "amqp",
                "protocolVersion": "0.9.1",
                "variables": {"host": {"default": "localhost"}},
            }
        },
        "channels": {_channel(message): _channel_of(message) for message in ALL_MESSAGES},
        "operations": {f"publish_{_channel(message)}": _operation_of(message) for message in ALL_MESSAGES},
        "components": {
            "messages": {message.__name__: _message_of(message) for message in ALL_MESSAGES},
            "schemas": {"Envelope": _ENVELOPE, **dict(sorted(schemas.items()))},
        },
    }


_ENVELOPE: dict[str, Any] = {
    "type": "object",
    "description": "CloudEvents 1.0, structured mode",
    "required": ["specversion", "id", "source", "type", "time", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid", "description": "The same id is the same message"},
        "source": {"type": "string", "minLength": 1, "maxLength": 200, "description": "Who sent it"},
        "type": {"type": "string", "description": "Also the routing key"},
        "time": {"type": "string", "format": "date-time", "description": "When it was sent"},
        "subject": {"type": "string", "minLength": 1, "maxLength": 200},
        "datacontenttype": {"const": "application/json"},
        "dataschema": {"type": "string", "minLength": 1, "maxLength": 200},
        "correlationid": {
            "type": "string",
            "format": "uuid",
            "description": "Names the flow this message belongs to; default: its own id",
        },
        "causationid": {"type": "string", "format": "uuid", "description": "The message that led to this one"},
        "traceparent": {"type": "string", "description": "W3C trace context"},
        "data": {"type": "object"},
    },
}


def _channel(message: type[Payload]) -> str:
    """`training_requested_v1`: a name without dots, as AsyncAPI wants it."""
    return message.TYPE.removeprefix("punkcast.").replace(".", "_")


def _summary(message: type[Payload]) -> str:
    return (message.__doc__ or message.__name__).strip().splitlines()[0]


def _channel_of(message: type[Payload]) -> dict[str, Any]:
    return {
        "address": message.TYPE,
        "messages": {message.__name__: {"$ref": f"#/components/messages/{message.__name__}"}},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": _EXCHANGE, "type": "topic", "durable": True, "autoDelete": False, "vhost": "/"},
                "bindingVersion": "0.3.0",
            }
        },
    }


def _operation_of(message: type[Payload]) -> dict[str, Any]:
    return {
        "action": "send",
        "summary": _summary(message),
        "channel": {"$ref": f"#/channels/{_channel(message)}"},
        "bindings": {"amqp": {"deliveryMode": 2, "mandatory": True, "bindingVersion": "0.3.0"}},
    }


def _message_of(message: type[Payload]) -> dict[str, Any]:
    return {
        "name": message.TYPE,
        "title": re.sub(r"(?<=[a-z])(?=[A-Z])", " ", message.__name__),
        "summary": _summary(message),
        "contentType": CONTENT_TYPE,
        "correlationId": {"location": "$message.payload#/correlationid"},
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/Envelope"},
                {
                    "type": "object",
                    "properties": {
                        "type": {"const": message.TYPE},
                        "data": {"$ref": f"#/components/schemas/{message.__name__}"},
                    },
                },
            ]
        },
    }


# Bare, these are a boolean or nothing to a YAML 1.1 reader.
_YAML_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def to_yaml(value: Any) -> str:
    """YAML of plain data: block style, strings in JSON's quotes (which YAML reads alike), long text as blocks."""
    return "\n".join(_lines(value, 0) if _is_block(value) else [_scalar(value)]) + "\n"


def _lines(value: Any, indent: int) -> Iterator[str]:
    pad = " " * indent
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _entry(f"{pad}{_key(key)}:", item, indent + 2)
    else:
        for item in value:
            first, *rest = list(_lines(item, indent + 2)) if _is_block(item) else [_scalar(item)]
            yield f"{pad}- {first.lstrip()}"
            yield from rest


def _key(key: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", key) and key.lower() not in _YAML_WORDS
    return key if plain else _scalar(key)


def _entry(head: str, item: Any, indent: int) -> Iterator[str]:
    if isinstance(item, str) and "\n" in item:
        yield f"{head} |-"
        yield from (" " * indent + line if line else "" for line in item.splitlines())
    elif _is_block(item):
        yield head
        yield from _lines(item, indent)
    else:
        yield f"{head} {_scalar(item)}"


def _is_block(item: Any) -> bool:
    return isinstance(item, Mapping | list | tuple) and bool(item)


def _scalar(item: Any) -> str:
    return json.dumps(item, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(to_yaml(document()))
