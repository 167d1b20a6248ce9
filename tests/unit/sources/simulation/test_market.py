from datetime import UTC, datetime

import polars as pl
import pytest

from shared.errors import InvalidInputError
from shared.market.events import validate
from shared.market.reference_data import validate_punks
from shared.sources.recorded import RecordedMarket
from shared.sources.simulation.market import generate

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def large() -> RecordedMarket:
    return generate(seed=1, began=BEGAN, days=6, assets=50_000)


def test_a_large_market_keeps_every_rule_but_the_bound_of_the_ids(large: RecordedMarket) -> None:
    assert large.punks.height == large.events["punk_id"].n_unique() == 50_000
    assert validate(large.events, "large", punk_count=50_000).equals(large.events)
    assert validate_punks(large.punks, "large", punk_count=50_000).equals(large.punks)


def test_the_platform_refuses_a_large_market(large: RecordedMarket) -> None:
    with pytest.raises(InvalidInputError, match="punk from 0 to 9999"):
        validate(large.events, "large")
    with pytest.raises(InvalidInputError, match="from 0 to 9999"):
        validate_punks(large.punks, "large")


def test_five_times_the_punks_do_about_five_times_as_much(large: RecordedMarket) -> None:
    small = generate(seed=1, began=BEGAN, days=6)
    later = (pl.col("event_type") != "claim") & (pl.col("timestamp").dt.date() > BEGAN.date())
    events, others = (market.events.filter(later).height for market in (large, small))
    assert events / others == pytest.approx(5.0, rel=0.15)


@pytest.mark.parametrize("assets", [0, 9_999, 1_000_001])
def test_other_sizes_are_refused(assets: int) -> None:
    with pytest.raises(InvalidInputError, match="assets must be from"):
        generate(seed=1, began=BEGAN, days=1, assets=assets)
