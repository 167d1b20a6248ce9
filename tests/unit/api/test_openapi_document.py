from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.api.openapi import document, to_json
from services.api.problem_page import entry, page
from services.api.problem_types import PROBLEM_TYPES

DOCS = Path(__file__).parents[3] / "docs"
API = DOCS.parent / "services" / "api"


@pytest.fixture(scope="module")
def served() -> dict[str, Any]:
    return document()


def operations(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_the_published_document_is_up_to_date(served: dict[str, Any]) -> None:
    assert (DOCS / "openapi.json").read_text() == to_json(served), "run `make document` and look at the difference"


def test_the_page_of_problems_is_up_to_date() -> None:
    assert (DOCS / "problems.md").read_text() == page(), "run `make document` and look at the difference"


def test_every_type_of_problem_has_its_section_and_is_on_the_page_about_the_api() -> None:
    for slug in PROBLEM_TYPES:
        assert entry(slug) in page()
        assert f"`{slug}`" in (DOCS / "api.md").read_text()


def test_it_is_openapi_31_with_ids_tags_and_problems(served: dict[str, Any]) -> None:
    assert served["openapi"].startswith("3.1")
    identities = [operation["operationId"] for _, operation in operations(served)]
    assert len(identities) == len(set(identities))
    for name, operation in operations(served):
        assert operation["tags"], name
        assert operation.get("summary") or operation.get("description"), name
        assert any(status.startswith("2") for status in operation["responses"]), name
        assert "429" in operation["responses"], name
        # The reference platform asks for values by POST; nothing is changed there.
        changes = name.startswith(("post", "delete")) and "compatibility" not in operation["tags"]
        assert ("security" in operation) == changes or name.startswith("get"), name


def test_every_body_has_an_example(served: dict[str, Any]) -> None:
    for name, operation in operations(served):
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            reference = content["application/json"]["schema"].get("$ref", "").rpartition("/")[2]
            shape = served["components"]["schemas"].get(reference, {})
            fields = shape.get("properties", {}).values()
            own = [field.get("examples") or field.get("default") is not None for field in fields]
            assert shape.get("examples") or any(own), name


def test_every_instant_that_a_client_sends_is_checked_in_one_place() -> None:
    """`paging.Instant` refuses what UTC cannot write; a plain time would reach the database and fail there."""
    plain = {file.relative_to(API).as_posix() for file in API.rglob("*.py") if "AwareDatetime" in file.read_text()}
    assert plain == {"paging.py"}
