from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.asyncapi import document, to_yaml
from shared.contracts.messages import ALL_MESSAGES

DOCUMENT = Path(__file__).parents[3] / "docs" / "asyncapi.yaml"


def test_the_published_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text() == to_yaml(document()), (
        "run `python -m shared.contracts.asyncapi > docs/asyncapi.yaml` and look at the difference"
    )


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
        return own + [found for value in node.values() for found in _references(value)]
    if isinstance(node, list):
        return [found for value in node for found in _references(value)]
    return []


TEXT = st.text(alphabet=st.characters(max_codepoint=0x2FF, exclude_categories=["Cc", "Cs"]))
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_any_plain_data_survives_our_yaml(value: Any) -> None:
    assert yaml.safe_load(to_yaml(value)) == value


@pytest.mark.parametrize("text", ["two\nlines", "a\n\nparagraph: yes", "- looks\n# like yaml", "yes", "1.0", "null"])
def test_text_that_looks_like_yaml_stays_text(text: str) -> None:
    assert yaml.safe_load(to_yaml({"text": text})) == {"text": text}


@pytest.mark.parametrize("key", ["yes", "Off", "TRUE", "null", "1", "a b", "$ref", "", "-", "x: y"])
def test_a_key_that_looks_like_yaml_stays_a_key(key: str) -> None:
    assert yaml.safe_load(to_yaml({key: {key: 1}})) == {key: {key: 1}}
