"""The table of features, and the page made from it."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from shared.valuation import feature_table
from shared.valuation.feature_page import page
from shared.valuation.feature_table import FEATURES, KNOWN_AT, Feature, schema_hash

PAGE = Path(__file__).parents[3] / "docs" / "features.md"


def test_the_committed_page_is_the_one_the_table_makes():
    assert PAGE.read_text() == page(), "run `python -m shared.valuation.feature_page > docs/features.md`"


def test_the_page_has_every_feature_once_with_group_meaning_source_known_at_and_unit():
    group, seen = "", []
    for line in page().splitlines():
        if line.startswith("## "):
            group = line[3:].lower()
        elif line.startswith("| `"):
            name, meaning, source, known_at, unit, part = (cell.strip() for cell in line.strip("|").split(" | "))
            seen.append((name.strip("`"), group, meaning, source, known_at, unit, part))
    assert seen == [(f.name, f.group, f.meaning, f.source, f.known_at, f.unit, f.part[1]) for f in FEATURES]


def test_every_source_says_when_it_is_known_and_is_used():
    assert {feature.source for feature in FEATURES} == set(KNOWN_AT)


def test_each_group_stands_together():
    groups = [group for group, _ in groupby(FEATURES, key=lambda feature: feature.group)]
    assert len(groups) == len(set(groups))


def test_units_are_of_a_known_kind():
    units = {"log ratio", "log ratio squared", "log count", "days", "log hours"}
    units |= {"share", "count", "code", "nats", "flag"}
    assert {feature.unit for feature in FEATURES} == units


@pytest.mark.parametrize("change", ["name", "meaning", "source", "unit", "order"])
def test_the_schema_hash_follows_every_change_of_the_table(monkeypatch, change):
    before = schema_hash()
    first, *rest = FEATURES
    told = {
        "name": first.name,
        "group": first.group,
        "meaning": first.meaning,
        "source": first.source,
        "unit": first.unit,
        "part": first.part,
    }
    changed = (*rest, first) if change == "order" else (Feature(**{**told, change: "bids"}), *rest)
    monkeypatch.setattr(feature_table, "FEATURES", changed)
    assert schema_hash() != before
