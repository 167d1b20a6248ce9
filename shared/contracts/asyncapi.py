"""The AsyncAPI 3.0 document of all messages, generated from their classes.

`python -m shared.contracts.asyncapi` prints `docs/asyncapi.yaml`; a test fails when the file is stale.
"""

import re
import sys
from typing import Any

from pydantic.json_schema import models_json_schema

from shared.contracts.messages import ALL_MESSAGES, EARLIEST_INSTANT, Payload

CONTENT_TYPE = "application/cloudevents+json"
_EXCHANGE = "punkcast.events"

_DESCRIPTION = f"""\
All messages between the services. A program outside the platform publishes `punkcast.training.requested.v1` to the
topic exchange `punkcast.requests`, and nothing else. The services use the topic exchange `{_EXCHANGE}`. The routing key
is the message type. The exchange's first part is the deployment's `PUNKCAST_BROKER_PREFIX`, by default `punkcast`.

A message is one JSON object: a CloudEvents 1.0 event in structured mode. Required are `specversion`, `id` (a UUID, used
to drop duplicates), `source`, `type`, `time` (RFC 3339 with a zone) and `data`. Readers ignore unknown fields. A
version only gains fields; a breaking change is a new `.v2` type next to `.v1`.

Unreadable messages go to the dead-letter queue `punkcast.dead`, with the reason in the header `x-punkcast-reason`. A
message is unreadable if it is not JSON, lacks a field, or has an unknown type or version. So is one with an instant
before {EARLIEST_INSTANT.date()} or more than a day after the message's own time. Delivery is at least once."""


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
        "id": {"type": "string", "format": "uuid", "description": "Unique per message; equal ids are duplicates"},
        "source": {"type": "string", "minLength": 1, "maxLength": 200, "description": "The sender"},
        "type": {"type": "string", "description": "Also the routing key"},
        "time": {"type": "string", "format": "date-time", "description": "When the message was sent"},
        "subject": {"type": "string", "minLength": 1, "maxLength": 200},
        "datacontenttype": {"const": "application/json"},
        "dataschema": {"type": "string", "minLength": 1, "maxLength": 200},
        "correlationid": {
            "type": "string",
            "format": "uuid",
            "description": "The flow that this message belongs to; default: the message's own id",
        },
        "causationid": {"type": "string", "format": "uuid", "description": "The message that caused this one"},
        "traceparent": {"type": "string", "description": "W3C trace context"},
        "data": {"type": "object"},
    },
}


def _channel(message: type[Payload]) -> str:
    """`training_requested_v1`: AsyncAPI allows no dots in a channel name."""
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


def to_yaml(value: dict[str, Any]) -> str:
    """Block-style YAML in the given key order, with multi-line text as literal blocks."""
    import yaml  # noqa: PLC0415 - a development dependency: only developers write the document

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    document: str = yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)
    return document


if __name__ == "__main__":
    sys.stdout.write(to_yaml(document()))
