import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.market.series import KeyedSeries, TimeSeries

rows = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50), st.floats(-9, 9)), max_size=60).map(
    lambda drawn: sorted(drawn, key=lambda row: row[1])
)
queries = st.lists(st.tuples(st.integers(-1, 5), st.integers(0, 60)), min_size=1, max_size=40)


@given(rows, queries)
def test_a_keyed_lookup_finds_the_last_row_strictly_before_the_instant(drawn, asked):
    series = KeyedSeries(6, 1)
    half = len(drawn) // 2
    for part in (drawn[:half], drawn[half:]):
        series.extend([(key, time) for key, time, _ in part], [(value,) for _, _, value in part])
    found = series.last_before(np.array([k for k, _ in asked]), np.array([t for _, t in asked]))[:, 0]
    for (key, instant), value in zip(asked, found, strict=True):
        expected = [v for k, t, v in drawn if k == key and t < instant]
        assert (np.isnan(value) and not expected) or value == expected[-1]


@given(rows, st.integers(0, 60))
def test_looking_up_many_keys_at_one_instant_equals_looking_them_up_one_by_one(drawn, instant):
    series = KeyedSeries(6, 1)
    series.extend([(key, time) for key, time, _ in drawn], [(value,) for _, _, value in drawn])
    keys = np.array([0, 1, 2, 3, 4, 5, -1] * 8)
    at_once = series.row_before(keys, np.full(len(keys), instant))
    one_by_one = [series.row_before(np.array([key]), np.array([instant]))[0] for key in keys]
    assert at_once.tolist() == one_by_one


def test_rows_at_the_same_instant_are_not_before_it():
    series = TimeSeries(1)
    series.extend([10, 10, 20], [(1.0,), (2.0,), (3.0,)])
    assert series.last_before(np.array([10, 11, 20, 21]))[:, 0].tolist()[1:] == [2.0, 2.0, 3.0]
    assert np.isnan(series.last_before(np.array([10]))[0, 0])


def test_an_empty_series_knows_nothing():
    assert np.isnan(TimeSeries(2).last_before(np.array([5]))).all()
    assert np.isnan(KeyedSeries(3, 1).last_before(np.array([1]), np.array([5]))).all()
