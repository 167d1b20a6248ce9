"""The page about the API names every problem the API can answer with."""

from pathlib import Path

import pytest

from services.api.problem_types import PROBLEM_TYPES

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text()


@pytest.mark.parametrize("slug", sorted(PROBLEM_TYPES))
def test_every_problem_type_is_on_the_page(slug: str) -> None:
    assert f"`{slug}`" in PAGE
