from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.evaluation.policy import load_policy
from shared.evaluation.retrain import RetrainFacts, choose, triggers

POLICY = load_policy()
SLOT = datetime(2025, 3, 20, tzinfo=UTC)
QUIET = RetrainFacts(
    has_champion=True,
    last_training=SLOT - timedelta(days=3),
    new_valid_sales=20,
    e_loss=1.0,
    open_reasons=frozenset(),
    last_request=SLOT - timedelta(days=3),
)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"has_champion": False}, "no_champion"),
        ({"e_loss": 20.0}, "loss_above_gate_level"),
        ({"e_loss": 19.9}, None),
        ({"e_loss": None}, None),
        ({"new_valid_sales": 150}, "new_valid_sales"),
        ({"new_valid_sales": 149}, None),
        ({"last_training": SLOT - timedelta(days=12)}, "model_age"),
        ({"last_training": SLOT - timedelta(days=12) + timedelta(seconds=1)}, None),
        ({"has_champion": False, "last_request": SLOT - timedelta(minutes=30)}, "no_champion"),
        ({"has_champion": False, "last_request": SLOT}, None),
    ],
)
def test_each_trigger_asks_from_its_threshold_on_and_at_most_once_a_day(changes: dict[str, Any], reason: str) -> None:
    trigger = choose(replace(QUIET, **changes), slot=SLOT, policy=POLICY)
    assert (None if trigger is None else trigger.reason) == reason


def test_an_open_reason_is_not_asked_again_but_another_may_be() -> None:
    both = replace(QUIET, e_loss=30.0, new_valid_sales=500, open_reasons=frozenset({"loss_above_gate_level"}))
    assert choose(both, slot=SLOT, policy=POLICY).reason == "new_valid_sales"
    assert [t.reason for t in triggers(both, slot=SLOT, policy=POLICY)] == ["loss_above_gate_level", "new_valid_sales"]
