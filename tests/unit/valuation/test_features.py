"""What single features say, each by a plain scan of the events."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.market.event_types import OWNER_CHANGES
from shared.market.hedonic_index import HedonicIndex
from shared.market.prices import DailyPrices
from shared.market.traits import Traits
from shared.sources.simulation.punks import draw_punks
from shared.valuation.feature_table import FEATURE_NAMES, FEATURES, FLAGS, schema_hash
from shared.valuation.features import compute
from tests.factories import market
from tests.factories.feature_market import CLEAN, EVENTS, PRICES, PUNKS, SPAN, TRAITS, column, features_at


def test_pairs_at_many_instants_equal_pairs_asked_one_by_one():
    generator = np.random.default_rng(0)
    punks = generator.integers(0, 200, 120)
    instants = market.START + generator.integers(0, SPAN, 120)
    # Some at one instant together, some pairs twice.
    instants[:40], punks[100:], instants[100:] = instants[0], punks[:20], instants[:20]
    together = compute(CLEAN, PRICES, punks, instants)
    for row in range(120):
        alone = compute(CLEAN, PRICES, punks[row : row + 1], instants[row : row + 1])
        assert together[row].to_numpy().tobytes() == alone.to_numpy().tobytes()


def test_a_nowcast_says_of_each_punk_what_it_says_when_asked_about_that_punk_alone():
    as_of = market.START + SPAN // 2
    every = compute(CLEAN, PRICES, np.arange(10_000), np.full(10_000, as_of))
    for punk in (0, 1, 57, 119, 120, 5_000, 9_999):
        alone = compute(CLEAN, PRICES, np.array([punk]), np.array([as_of]))
        assert every[punk].to_numpy().tobytes() == alone.to_numpy().tobytes()


def test_the_schema_names_every_column_once_and_its_hash_follows_it():
    assert len(set(FEATURE_NAMES)) == len(FEATURES)
    assert features_at(CLEAN, market.START + SPAN).columns == ["floor_eth", *FEATURE_NAMES]
    assert len(schema_hash()) == 64


def test_no_feature_is_empty_or_constant_in_a_market_that_moves():
    generator, days = np.random.default_rng(4), np.arange(400)
    prices = DailyPrices(PRICES.days[0] + days, 400.0 + 5.0 * np.sin(days / 3.0))
    varied = set()
    # An hour's change needs many events in a day, a change over 90 days many days.
    for step_s in (market.STEP_S, 4 * 3_600):
        moving = market.timeline(market.events_frame(3, step_s=step_s), TRAITS)
        instants = market.START + generator.integers(0, EVENTS.height * step_s, 400)
        rows = compute(moving, prices, generator.integers(0, 2_000, 400), instants)
        varied |= {name for name in FEATURE_NAMES if rows[name].n_unique() > 3}
    coded = {"owner_way", "type", "skin", "accessories", *FLAGS}
    assert set(FEATURE_NAMES) - varied - coded == set()


def test_flags_are_one_for_each_trait_a_punk_has_and_zero_for_every_other():
    rows = features_at(CLEAN, market.START)
    held = {name: np.flatnonzero(column(rows, name)) for name in FLAGS}
    assert {value for name in FLAGS for value in np.unique(column(rows, name))} <= {0.0, 1.0}
    for punk in range(0, len(PUNKS), 7):
        flagged = {FLAGS[name] for name, punks in held.items() if punk in punks}
        assert flagged == {TRAITS.names[trait] for trait in TRAITS.trait_lists[punk]}


def test_every_trait_of_the_collection_has_a_flag():
    assert len(set(FLAGS.values())) == len(FLAGS) == 5 + 4 + 8 + 87
    traits = Traits.from_frame(draw_punks(np.random.default_rng(1)).frame())
    assert set(traits.names) <= set(FLAGS.values())


def test_a_flag_of_a_trait_that_nobody_has_is_zero():
    flags = TRAITS.flags(PUNKS, ("accessory:Beanie", "accessory:No Such"))
    assert flags.shape == (len(PUNKS), 2)
    assert flags[:, 0].any()
    assert not flags[:, 1].any()


def test_no_pairs_have_no_rows():
    rows = compute(CLEAN, PRICES, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    assert rows.is_empty()
    assert rows.schema == features_at(CLEAN, market.START).schema


def test_before_the_first_event_nothing_is_known_but_the_traits():
    rows = features_at(CLEAN, market.START)
    assert rows["floor_eth"].is_nan().all()
    assert np.isfinite(column(rows, "rarity_sum")).all()
    known = {"type", "skin", "accessories", "rarity_sum", "rarity_max", *FLAGS}
    numbers = {name for name in FEATURE_NAMES if np.isfinite(column(rows, name)).any()} - known
    # What is counted is zero; what is measured is unknown.
    assert all((column(rows, name)[np.isfinite(column(rows, name))] == 0).all() for name in numbers - ETH_USD)


ETH_USD = {name for name in FEATURE_NAMES if name.startswith("eth_usd_change")}


@settings(max_examples=10)
@given(st.integers(100, EVENTS.height - 1))
def test_the_market_counts_and_means_are_those_of_the_sales_before(position):
    as_of = market.START + position * market.STEP_S
    rows = features_at(CLEAN, as_of)
    sales = [sale for sale in CLEAN.counted if sale.time < as_of]
    for days in (1, 3, 7, 30):
        recent = sum(sale.time >= as_of - days * 86_400 for sale in sales)
        assert column(rows, f"sales_{days}d") == pytest.approx(np.log1p(recent))
    for count in (10, 40):
        last = [sale.kind == "accept_bid" for sale in sales[-count:]]
        assert column(rows, f"accepted_{count}") == pytest.approx(np.mean(last))
    errors = np.diff([0.0, *CLEAN.valid_sales.rows[:, 0]])[: len(sales)]
    for count in (5, 20, 60):
        assert column(rows, f"surprise_{count}") == pytest.approx(errors[-count:].mean(), abs=1e-6)


@settings(max_examples=10)
@given(st.integers(100, EVENTS.height - 1), st.integers(0, 119))
def test_floor_sales_are_those_of_punks_without_a_premium_measured_against_the_asks_of_other_punks(position, punk):
    as_of = market.START + position * market.STEP_S
    rows = features_at(CLEAN, as_of)
    floor = np.log(rows["floor_eth"][punk])
    states, times = CLEAN.index.states.rows.astype(np.float64), CLEAN.index.states.times
    prices, ratios, last = [], [], 0
    for sale in [s for s in CLEAN.sales if s.excluded is None and s.time < as_of]:
        before = int(np.searchsorted(times, sale.time)) - 1
        premia = states[before, 1:] if before >= 0 else np.zeros(len(TRAITS.names))
        if sum(premia[trait] for trait in TRAITS.trait_lists[sale.punk_id]) - TRAITS.common @ premia >= 0.10:
            continue
        asks = market_asks(sale.time, but={sale.punk_id, punk})
        prices.append(np.log(sale.price_eth))
        ratios.append(prices[-1] - np.log(min(asks)) if asks else np.nan)
        last = sale.time
    for place in (1, 2, 3):
        assert column(rows, f"floor_sale_{place}")[punk] == pytest.approx(prices[-place] - floor, abs=1e-6)
    assert column(rows, "floor_sales_median")[punk] == pytest.approx(np.median(prices[-8:]) - floor, abs=1e-6)
    assert column(rows, "floor_sales_ratio")[punk] == pytest.approx(np.nanmedian(ratios[-12:]), abs=1e-6)
    assert column(rows, "floor_sale_age")[punk] == pytest.approx(np.log1p((as_of - last) / 3_600), abs=1e-5)


def market_asks(time: int, but: set[int]) -> list[float]:
    """Public asks just before a sale, by a plain scan of the changes."""
    standing: dict[int, float] = {}
    for punk, when, (price,) in zip(CLEAN.asks.keys, CLEAN.asks.times, CLEAN.asks.rows, strict=True):
        if when >= time:
            break
        standing[int(punk)] = price
    return [price for punk, price in standing.items() if punk not in but and np.isfinite(price)]


def owners_before(events: pl.DataFrame) -> dict[int, str | None]:
    """By number of each sale the owner before it; none before a punk first moved."""
    owner: dict[int, str] = {}
    before: dict[int, str | None] = {}
    for seq, punk, kind, receiver in events.select("seq", "punk_id", "event_type", "to_address").iter_rows():
        if kind in OWNER_CHANGES:
            before[seq] = owner.get(punk)
            owner[punk] = receiver
    return before


@pytest.mark.parametrize("position", [120, 700, 1_499])
def test_own_and_owner_history_are_what_the_sales_and_owners_before_say(position):
    as_of = market.START + position * market.STEP_S
    rows = features_at(CLEAN, as_of)
    changes = EVENTS[:position].filter(pl.col("event_type").is_in(OWNER_CHANGES))
    owners = dict(changes.select("punk_id", "to_address").iter_rows())
    since = dict(changes.select("punk_id", pl.col("timestamp").dt.epoch("s")).iter_rows())
    counted = [s for s in CLEAN.sales if s.excluded is None and s.time < as_of]
    before = owners_before(EVENTS)
    nan = float("nan")

    def level(instant: int) -> float:
        return float(CLEAN.index.states.last_before(np.array([instant]))[0, 0])

    for punk in range(120):
        own = [s for s in counted if s.punk_id == punk]
        owner = owners.get(punk)
        carried = nan
        if own:
            carried = np.log(own[-1].price_eth / rows["floor_eth"][punk]) - level(own[-1].time + 1) + level(as_of)
        sold = sum(owner is not None and before[s.event_seq] == owner for s in counted)
        bought = sum(owner is not None and s.buyer == owner for s in counted)
        expected = {
            "own_sales": len(own),
            "own_age": (as_of - own[-1].time) / 86_400 if own else nan,
            "held": (as_of - since[punk]) / 86_400 if owner else nan,
            "own_carry": carried,
            "owner_sales": np.log1p(sold),
            "owner_purchases": np.log1p(bought),
            "owner_holds": np.log1p(list(owners.values()).count(owner)) if owner else nan,
        }
        for name, value in expected.items():
            assert column(rows, name)[punk] == pytest.approx(value, abs=1e-5, rel=1e-6, nan_ok=True), name


def test_mean_errors_of_a_punk_and_of_its_owner_fade_and_shrink_towards_none():
    as_of = market.START + SPAN
    rows = features_at(CLEAN, as_of)
    index, before = HedonicIndex(TRAITS), owners_before(EVENTS)
    changes = EVENTS.filter(pl.col("event_type").is_in(OWNER_CHANGES))
    owners = dict(changes.select("punk_id", "to_address").iter_rows())
    sales = [(sale, index.update(sale.time, sale.punk_id, np.log(sale.price_eth))) for sale in CLEAN.counted]

    def shrunk(chosen: list[tuple[int, float]], half_life_days: float, clip: float) -> float:
        weights = [0.5 ** ((as_of - time) / 86_400 / half_life_days) for time, _ in chosen]
        clipped = [min(max(error, -clip), clip) for _, error in chosen]
        return float(np.dot(weights, clipped)) / (sum(weights) + 1.0)

    assert max(abs(error) for _, error in sales) > 0.3, "the clip of owners' errors never matters"
    for punk in range(0, 120, 7):
        owner = owners[punk]
        own = [(sale.time, error) for sale, error in sales if sale.punk_id == punk]
        sold = [(sale.time, error) for sale, error in sales if before[sale.event_seq] == owner]
        bought = [(sale.time, error) for sale, error in sales if sale.buyer == owner]
        assert column(rows, "own_effect")[punk] == pytest.approx(shrunk(own, 730, 0.7), abs=1e-6)
        assert column(rows, "owner_sold")[punk] == pytest.approx(shrunk(sold, 180, 0.3), abs=1e-6)
        assert column(rows, "owner_bought")[punk] == pytest.approx(shrunk(bought, 180, 0.3), abs=1e-6)


@settings(max_examples=10)
@given(st.integers(60, EVENTS.height - 1), st.integers(0, 119))
def test_the_change_of_the_floor_is_between_floors_without_the_own_ask(position, punk):
    as_of = market.START + position * market.STEP_S
    rows = features_at(CLEAN, as_of)
    for name, seconds in (("1h", 3_600), ("1d", 86_400)):
        now, then = (market_asks(at, but={punk}) for at in (as_of, as_of - seconds))
        expected = np.log(min(now) / min(then)) if now and then else np.nan
        assert column(rows, f"floor_change_{name}")[punk] == pytest.approx(expected, abs=1e-6, nan_ok=True)
