"""Which deals a subscriber lets through."""

import pytest
from pydantic import ValidationError

from shared.webhooks.filters import DealFilters

DEAL = {
    "ask_wei": 30 * 10**18,
    "probability": 0.8,
    "confidence": "B",
    "punk_type": "Male",
    "accessories": ("Hoodie", "Pipe"),
}


@pytest.mark.parametrize(
    ("filters", "admitted"),
    [
        ({}, True),
        ({"min_probability": 0.8}, True),
        ({"min_probability": 0.81}, False),
        ({"max_price": 30.0}, True),
        ({"max_price": 29.999}, False),
        ({"min_confidence": "B"}, True),
        ({"min_confidence": "C"}, True),
        ({"min_confidence": "A"}, False),
        ({"types": ["Ape", "Male"]}, True),
        ({"types": ["Ape"]}, False),
        ({"traits": ["Pipe"]}, True),
        ({"traits": ["Pipe", "Hoodie"]}, True),
        ({"traits": ["Pipe", "Beanie"]}, False),
        ({"types": [], "traits": []}, True),
        ({"types": ["Male"], "max_price": 29.0}, False),
    ],
    ids=str,
)
def test_a_deal_must_pass_every_filter_that_is_given(filters: dict[str, object], admitted: bool) -> None:
    assert DealFilters.model_validate(filters).admit(**DEAL) is admitted


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_probability": 1.1},
        {"min_probability": float("nan")},
        {"max_price": 0},
        {"max_price": float("inf")},
        {"min_confidence": "E"},
        {"types": [""]},
        {"traits": ["x"] * 21},
        {"price": 1},
    ],
    ids=str,
)
def test_a_filter_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DealFilters.model_validate(wrong)


def test_what_is_stored_reads_back_and_lets_later_filters_be_added() -> None:
    filters = DealFilters(min_probability=0.7, types=["Ape"])
    assert filters.model_dump_json(exclude_none=True) == '{"min_probability":0.7,"types":["Ape"]}'
    assert DealFilters.model_validate_json("{}") == DealFilters()
