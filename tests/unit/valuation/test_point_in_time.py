"""What happens later changes nothing that was published before: no feature, no hash, no value, no model."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.valuation.generation import build
from shared.valuation.inputs import nowcast_snapshot, training_snapshot
from shared.valuation.training import fit
from tests.factories import market, small_market

EVENTS = market.events_frame(11, count=3_000)
PRICES = market.prices()
CLEAN = market.timeline(EVENTS)


def instant(event: int) -> datetime:
    return datetime.fromtimestamp(market.START + event * market.STEP_S, UTC)


PARAMS = small_market.quick()
MODEL = fit(training_snapshot(CLEAN, PRICES, instant(2_000)), threads=1, params=PARAMS)


@settings(max_examples=8)
@given(st.integers(2_000, 2_999), st.integers(0, 10**6))
def test_overwriting_the_future_changes_no_snapshot_and_no_published_value(event, seed):
    as_of = instant(event)
    poisoned = market.timeline(market.poison(EVENTS, int(as_of.timestamp()), seed))
    one, other = (nowcast_snapshot(folded, PRICES, as_of) for folded in (CLEAN, poisoned))
    assert one.snapshot_id == other.snapshot_id
    generations = [build(MODEL.predict(snapshot.frame)) for snapshot in (one, other)]
    assert generations[0].lines == generations[1].lines
    assert generations[0].merkle_root() == generations[1].merkle_root()


def test_overwriting_the_future_changes_no_byte_of_a_model():
    poisoned = market.timeline(market.poison(EVENTS, int(instant(2_000).timestamp()), 5))
    snapshot = training_snapshot(poisoned, PRICES, instant(2_000))
    assert fit(snapshot, threads=1, params=PARAMS).to_bytes() == MODEL.to_bytes()
