from pathlib import Path
from typing import Any

import yaml

from shared.contracts.asyncapi import document, to_yaml
from shared.contracts.messages import ALL_MESSAGES

DOCUMENT = Path(__file__).parents[3] / "docs" / "asyncapi.yaml"


def test_the_published_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text() == to_yaml(document()), (
        "run `python -m shared.contracts.asyncapi > docs/asyncapi.yaml` and look at the difference"
    )


def test_the_published_document_says_what_the_code_says_to_any_yaml_reader() -> None:
    assert yaml.safe_load(DOCUMENT.read_text()) == document()


def test_the_document_describes_every_message() -> None:
    addresses = {channel["address"] for channel in document()["channels"].values()}
    assert addresses == {message.TYPE for message in ALL_MESSAGES}
    assert len(document()["operations"]) == len(ALL_MESSAGES)


def test_every_reference_in_the_document_leads_somewhere() -> None:
    published = document()
    references = list(_references(published))
    assert references
    for reference in references:
        node: Any = published
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [reference for value in node.values() for reference in _references(value)]
    if isinstance(node, list):
        return [reference for value in node for reference in _references(value)]
    return []
