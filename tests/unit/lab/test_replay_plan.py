from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.replay.plan import Plan
from shared.errors import InvalidInputError

HOUR = timedelta(hours=1)
FIRST = date(2025, 2, 1)
WATCHES = [HOUR, timedelta(hours=4), timedelta(minutes=30)]


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2025, 2, day, hour, minute, tzinfo=UTC)


def test_a_day_with_two_nowcasts() -> None:
    plan = Plan(FIRST, FIRST, timedelta(hours=12))
    first, *rest = plan.instants()
    before = datetime(2025, 1, 31, 23, 30, tzinfo=UTC)
    assert (first.at, first.nowcast, first.retrain_check) == (before, False, True)
    assert [one.at for one in rest] == [at(1) + HOUR * number for number in range(25)]
    instants = [first, *rest]
    assert [one.at for one in instants if one.nowcast] == [at(1), at(1, 12), at(2)]
    assert [one.at for one in instants if one.retrain_check] == [plan.prelude, at(1), at(2)]
    assert all(one.hourly for one in instants)


def test_nowcasts_between_the_hours_are_instants_of_their_own() -> None:
    instants = list(Plan(FIRST, FIRST, timedelta(minutes=90)).instants())
    between = [one for one in instants[1:] if not one.hourly]
    assert [one.at for one in between[:3]] == [at(1, 1, 30), at(1, 4, 30), at(1, 7, 30)]
    assert all(one.nowcast and not one.retrain_check for one in between)


@given(
    st.integers(0, 20),
    st.integers(5, 3 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    st.sampled_from(WATCHES),
)
def test_no_timer_is_missed_and_time_only_goes_forward(days: int, every: timedelta, watch: timedelta) -> None:
    plan = Plan(FIRST, FIRST + timedelta(days=days), every, watch)
    instants = list(plan.instants())
    times = [one.at for one in instants]
    assert times == sorted(set(times))
    assert times[0] == plan.prelude < plan.start
    assert times[-1] <= plan.end
    window = plan.end - plan.start
    assert sum(one.nowcast for one in instants) == window // every + 1
    assert sum(one.hourly for one in instants) == window // watch + 2
    assert sum(one.retrain_check for one in instants) == days + 3


@pytest.mark.parametrize(
    ("first", "last", "every", "complaint"),
    [
        (date(2025, 2, 2), FIRST, HOUR, "--to 2025-02-01 is before --from 2025-02-02"),
        (date(2017, 1, 1), FIRST, HOUR, "--from 2017-01-01 must be a day from 2017-06-23 to 2999-12-31"),
        (FIRST, date(9999, 12, 31), HOUR, "--to 9999-12-31 must be a day from 2017-06-23 to 2999-12-31"),
        (FIRST, FIRST, timedelta(minutes=4), "--nowcast-every must be 5m to 366d"),
        (FIRST, FIRST, timedelta(days=367), "--nowcast-every must be 5m to 366d"),
    ],
)
def test_a_window_that_makes_no_sense(first: date, last: date, every: timedelta, complaint: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        Plan(first, last, every)
    assert str(refused.value) == complaint


def test_watches_that_would_miss_midnight_are_an_error() -> None:
    with pytest.raises(ValueError, match="whole number of watches"):
        Plan(FIRST, FIRST, HOUR, timedelta(hours=5))
