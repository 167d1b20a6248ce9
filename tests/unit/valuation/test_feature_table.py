import dataclasses
from itertools import groupby
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.valuation import feature_table
from shared.valuation.feature_page import page
from shared.valuation.feature_table import (
    FEATURE_NAMES,
    FEATURES,
    KNOWN_AT,
    LEARNT,
    not_computed,
    schema_hash,
    versions,
)

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
    assert seen == [(f.name, f.group, f.meaning, f.source, KNOWN_AT[f.source], f.unit, f.part[1]) for f in FEATURES]


def test_every_source_says_when_it_is_known_and_is_used():
    assert {feature.source for feature in FEATURES} == set(KNOWN_AT)


def test_each_group_stands_together():
    groups = [group for group, _ in groupby(FEATURES, key=lambda feature: feature.group)]
    assert len(groups) == len(set(groups))


def test_units_are_of_a_known_kind():
    logs = {"log ratio", "log ratio squared", "log count", "log hours"}
    assert {feature.unit for feature in FEATURES} == logs | {"days", "share", "count", "code", "nats", "flag"}


@pytest.mark.parametrize(
    ("how", "follows"),
    [
        *((change, True) for change in ({"name": "other"}, {"version": 2})),
        *((change, False) for change in ({"meaning": "said better"}, {"source": "bids"}, {"unit": "days"})),
        *((change, False) for change in ({"group": "bids"}, {"part": ("market", "market level")}, {"retired": True})),
    ],
)
def test_the_hash_follows_names_and_versions(monkeypatch: pytest.MonkeyPatch, how: dict[str, object], follows: bool):
    before, (first, *rest) = schema_hash(), FEATURES
    monkeypatch.setattr(feature_table, "FEATURES", (*rest, dataclasses.replace(first, **how)))
    assert (schema_hash() != before) == follows


@given(st.dictionaries(st.sampled_from(FEATURE_NAMES), st.integers(1, 9), min_size=1), st.randoms())
def test_the_schema_hash_of_a_model_is_of_its_features_in_any_order(wanted: dict[str, int], turned: Random):
    shuffled = list(wanted.items())
    turned.shuffle(shuffled)
    assert schema_hash(dict(shuffled)) == schema_hash(wanted)
    one = next(iter(wanted))
    assert schema_hash(wanted | {one: wanted[one] + 1}) != schema_hash(wanted)


def test_what_is_not_computed_is_named_with_its_version():
    assert not_computed(versions()) == []
    assert not_computed({"level": 2, "weather": 1, "asks": 1}) == [
        "level (version 2; this code has 1)",
        "weather (version 1; this code has none)",
    ]


def test_a_retired_feature_is_computed_and_no_longer_learnt_from():
    retired = {feature.name for feature in FEATURES if feature.retired}
    assert set(LEARNT) == set(FEATURE_NAMES) - retired
    assert set(versions()) == set(FEATURE_NAMES)
