from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.evaluation.eprocess import EState, Step, start
from shared.evaluation.policy import load_policy
from shared.evaluation.watch import (
    Health,
    Refusal,
    TripFacts,
    minutes_behind,
    promotion_outcome,
    shadow_outcome,
    walk,
)

POLICY = load_policy()
START = datetime(2025, 3, 1, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


def state(*, worse: float = 1.0, better: float = 1.0, n: int = 0) -> EState:
    return EState(n, (worse,) * 12, (better,) * 12)


@pytest.mark.parametrize(
    ("found", "sales", "nowcasts", "warm", "days", "outcome"),
    [
        (state(), 0, 0, False, 0, "warm_up"),
        (state(), 10, 1, False, 1, "warm_up"),
        (state(), 9, 2, False, 1, "warm_up"),
        (state(), 10, 2, False, 1, "watching"),
        (state(worse=20), 3, 0, False, 0, "rollback"),
        (state(worse=20), 50, 2, True, 0, "rollback"),
        (state(worse=19.9), 50, 2, True, 10, "watching"),
        (state(better=20), 50, 2, True, 10, "confirm"),
        (state(better=20), 5, 2, False, 10, "warm_up"),
        (state(), 300, 2, True, 10, "confirm"),
        (state(), 11, 2, True, 45, "confirm"),
        (state(), 0, 2, False, 60, "warm_up"),
        (state(worse=25), 300, 2, True, 46, "rollback"),
    ],
)
def test_promotion_outcomes(found: EState, sales: int, nowcasts: int, warm: bool, days: int, outcome: str) -> None:
    watched = {"sales": sales, "nowcasts": nowcasts, "warm": warm, "now": START + timedelta(days=days)}
    assert promotion_outcome(found, started_at=START, policy=POLICY, **watched) == outcome  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "days", "outcome"),
    [
        (state(), 29.9, None),
        (state(), 30, "expired"),
        (state(n=200), 3, "expired"),
        (state(better=20), 3, "not_worse"),
        (state(worse=20), 3, "worse"),
        (state(better=20, n=200), 40, "not_worse"),
    ],
)
def test_shadow_outcomes(found: EState, days: float, outcome: str | None) -> None:
    now = START + timedelta(days=days)
    assert shadow_outcome(found, first_started_at=START, now=now, policy=POLICY) == outcome


def trip(*, stale: bool = False, rows: int = 10_000, valid: int | None = 10_000, **found: object) -> str | None:
    health = Health(START, rows, valid, **found)  # type: ignore[arg-type]
    return TripFacts(health, stale).trip(POLICY)


def test_a_complete_nowcast_like_its_predecessors_does_not_trip() -> None:
    assert trip(jump=0.03) is None


def test_no_nowcast_at_all_speaks_against_the_platform_not_against_the_model() -> None:
    assert TripFacts(Health(None, 0, None), stale=True).trip(POLICY) is None
    assert trip(stale=True) is None


@pytest.mark.parametrize(
    ("final", "predecessor_fine", "stale", "trips"),
    [
        (True, True, False, True),
        (True, True, True, True),
        (True, False, True, False),
        (False, True, False, False),
        (False, True, True, True),
        (False, False, True, False),
    ],
)
def test_a_refusal_trips_if_the_predecessor_is_fine(
    final: bool, predecessor_fine: bool, stale: bool, trips: bool
) -> None:
    refusal = Refusal("a value is not positive", final, predecessor_fine)
    found = trip(stale=stale, refusal=refusal)
    assert (found is not None) == trips
    assert found is None or "a value is not positive" in found
    assert (TripFacts(Health(None, 0, None, refusal), stale).trip(POLICY) is not None) == trips


def test_incomplete_broken_and_leaping_nowcasts_trip() -> None:
    assert "9999 rows" in str(trip(rows=9_999))
    assert "1 of its values" in str(trip(valid=9_999))
    assert "26.0% on average" in str(trip(jump=0.26))
    assert trip(jump=0.25) is None
    assert trip(jump=None, valid=None) is None


def behind(after: timedelta, *, every: timedelta = HALF_HOUR) -> int | None:
    return minutes_behind(START, now=START + after, expected_every=every, policy=POLICY)


def test_a_nowcast_more_than_ninety_minutes_behind_the_expected_one_is_stale() -> None:
    assert behind(timedelta(minutes=120)) is None
    assert behind(timedelta(minutes=121)) == 91
    assert behind(timedelta(hours=13), every=timedelta(hours=12)) is None
    assert behind(timedelta(hours=14), every=timedelta(hours=12)) == 120


steps = st.lists(st.floats(-0.05, 0.05).map(lambda d: Step(d, 0.05)), max_size=60)


@given(steps, st.integers(0, 60))
def test_the_order_of_looks_changes_nothing(all_steps: list[Step], cut: int) -> None:
    """In one go or in two, interrupted anywhere: the same states."""
    go_on, begin = partial(walk, margin=0.0, policy=POLICY, stop_when_better=False), start(POLICY.sequential)
    whole, first = go_on(begin, all_steps), go_on(begin, all_steps[:cut])
    rest = go_on(first[-1] if first else begin, all_steps[cut:])
    assert [*first, *rest] == list(whole)


def test_a_test_that_has_ended_takes_no_more_steps() -> None:
    bad = [Step(0.05, 0.05)] * 100
    states = walk(start(POLICY.sequential), bad, margin=0.0, policy=POLICY, stop_when_better=True)
    assert len(states) < 100
    assert states[-1].e_worse >= 20 > states[-2].e_worse
    assert walk(states[-1], bad, margin=0.0, policy=POLICY, stop_when_better=True) == []
