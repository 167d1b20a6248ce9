"""Later versions must read today's messages: one recorded message per type."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from shared.contracts.asyncapi import document
from shared.contracts.envelope import MalformedMessageError, decode
from shared.contracts.messages import ALL_MESSAGES, BY_TYPE

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*.json"))


def schema_of(path: Path) -> dict[str, Any]:
    """The published JSON schema of the message type that a file records."""
    components = document()["components"]
    return {"components": components, **components["messages"][BY_TYPE[path.stem].__name__]["payload"]}


def test_every_message_type_has_one_recorded_message_and_no_other_is_there() -> None:
    assert {path.stem for path in FILES} == set(BY_TYPE)
    assert len(BY_TYPE) == len(ALL_MESSAGES)


recorded = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@recorded
def test_a_recorded_message_decodes_and_encodes_to_the_same_bytes(path: Path) -> None:
    body = path.read_bytes().rstrip(b"\n")
    envelope = decode(body)
    assert envelope.type == path.stem
    assert type(envelope.data) is BY_TYPE[path.stem]
    assert envelope.encode() == body


@recorded
def test_fields_of_a_later_version_are_ignored(path: Path) -> None:
    message = json.loads(path.read_bytes())
    expected = decode(json.dumps(message).encode())
    message["weather"] = "sunny"
    message["data"]["weather"] = {"kind": "sunny"}
    assert decode(json.dumps(message).encode()) == expected


@recorded
def test_a_recorded_message_fits_the_published_document(path: Path) -> None:
    jsonschema.validate(json.loads(path.read_bytes()), schema_of(path), format_checker=jsonschema.FormatChecker())


@recorded
def test_the_published_document_and_the_reader_require_the_same_fields(path: Path) -> None:
    validator = jsonschema.Draft202012Validator(schema_of(path))
    message = json.loads(path.read_bytes())
    for name in message["data"]:
        without = message | {"data": {key: value for key, value in message["data"].items() if key != name}}
        with nullcontext() if validator.is_valid(without) else pytest.raises(MalformedMessageError):
            decode(json.dumps(without).encode())
