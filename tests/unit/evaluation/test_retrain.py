from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

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


def chosen(facts: RetrainFacts) -> str | None:
    trigger = choose(facts, slot=SLOT, policy=POLICY)
    return None if trigger is None else trigger.reason


def test_nothing_new_asks_for_nothing() -> None:
    assert chosen(QUIET) is None


def test_each_trigger_asks_by_itself() -> None:
    assert chosen(replace(QUIET, has_champion=False)) == "no_champion"
    assert chosen(replace(QUIET, e_loss=20.0)) == "loss_above_gate_level"
    assert chosen(replace(QUIET, new_valid_sales=150)) == "new_valid_sales"
    assert chosen(replace(QUIET, last_training=SLOT - timedelta(days=12))) == "model_age"


def test_just_below_its_threshold_no_trigger_asks() -> None:
    almost = replace(
        QUIET, e_loss=19.9, new_valid_sales=149, last_training=SLOT - timedelta(days=12) + timedelta(seconds=1)
    )
    assert chosen(almost) is None


def test_a_missing_loss_level_is_no_alarm() -> None:
    assert chosen(replace(QUIET, e_loss=None)) is None


def test_at_most_one_request_a_day() -> None:
    urgent = replace(QUIET, has_champion=False)
    assert chosen(replace(urgent, last_request=SLOT)) is None
    assert chosen(replace(urgent, last_request=SLOT - timedelta(minutes=30))) == "no_champion"


def test_an_open_reason_is_not_asked_again_but_another_may_be() -> None:
    both = replace(QUIET, e_loss=30.0, new_valid_sales=500, open_reasons=frozenset({"loss_above_gate_level"}))
    assert chosen(both) == "new_valid_sales"
    assert [t.reason for t in triggers(both, slot=SLOT, policy=POLICY)] == ["loss_above_gate_level", "new_valid_sales"]
