"""The leakage tests of the real feature function, and what single features say."""

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.market.events import OWNER_CHANGES
from shared.market.hedonic_index import HedonicIndex
from shared.market.prices import DailyPrices
from shared.market.series import TimeSeries
from shared.market.simulation.punks import draw_punks
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.valuation.feature_table import FEATURE_NAMES, FEATURES, FLAGS, schema_hash
from shared.valuation.features import FeatureRows, compute
from shared.valuation.inputs import nowcast_snapshot
from tests.factories import market
from tests.factories.market import poison

TRAITS = Traits.from_frame(market.punks_frame())
EVENTS = market.events_frame(3)
PRICES = market.prices()
CLEAN = market.timeline(EVENTS, TRAITS)
PUNKS = np.arange(200, dtype=np.int64)
SPAN = market.STEP_S * EVENTS.height
TIMES = EVENTS["timestamp"].dt.epoch("s").to_numpy()


def features_at(folded: MarketTimeline, as_of: int, prices: DailyPrices = PRICES) -> FeatureRows:
    return compute(folded, prices, PUNKS, np.full(len(PUNKS), as_of, dtype=np.int64))


def column(rows: FeatureRows, name: str) -> np.ndarray:
    return rows.matrix[:, FEATURE_NAMES.index(name)]


def assert_same(one: FeatureRows, other: FeatureRows) -> None:
    """Byte for byte, and said by name where not."""
    differs = [name for name in FEATURE_NAMES if column(one, name).tobytes() != column(other, name).tobytes()]
    assert differs == []
    assert one.floor_eth.tobytes() == other.floor_eth.tobytes()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, SPAN), st.integers(0, 10**6))
def test_poisoning_the_future_changes_no_feature_of_the_past(offset, seed):
    as_of = market.START + offset
    poisoned = market.timeline(poison(EVENTS, as_of, seed), TRAITS)
    # Closes of days that had not ended are poisoned too.
    closes = np.where((PRICES.days + 1) * 86_400 > as_of, 1e9, PRICES.closes)
    assert_same(features_at(CLEAN, as_of), features_at(poisoned, as_of, DailyPrices(PRICES.days, closes)))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, EVENTS.height - 1))
def test_cutting_the_history_at_the_instant_changes_no_feature(kept):
    as_of = market.START + kept * market.STEP_S
    cut = market.timeline(EVENTS[:kept], TRAITS)
    assert_same(features_at(CLEAN, as_of), features_at(cut, as_of))


def last_change(events: pl.DataFrame, punk: int) -> int:
    """Number of the punk's last change of owner, 0 where there was none."""
    changes = events.filter((pl.col("punk_id") == punk) & pl.col("event_type").is_in(OWNER_CHANGES))
    return int(changes["seq"].max() or 0)


def judged(folded: MarketTimeline) -> list[tuple[object, bool]]:
    return [(sale.excluded, sale.floor_wei is None) for sale in folded.sales]


def own_book(events: pl.DataFrame, punk: int) -> pl.Expr:
    """The punk's asks and bids, and what ends them, since its last change of owner."""
    kinds = pl.col("event_type").is_in(["listed", "delisted", "bid", "bid_withdrawn"])
    return (pl.col("punk_id") == punk) & kinds & (pl.col("seq") > last_change(events, punk))


# From below every other ask and bid, through the midst of them, to far above.
OTHER_PRICES = st.lists(st.sampled_from([1, 7_000, 9_500, 10_200, 11_000, 13_000, 16_000, 90_000, 10**7]), min_size=8)


@settings(max_examples=50, deadline=None)
@given(
    st.integers(30, EVENTS.height),
    st.integers(0, 119),
    st.one_of(st.none(), OTHER_PRICES),
    st.lists(st.floats(0, 1), max_size=3),
)
def test_a_punks_own_asks_and_bids_since_it_changed_hands_change_nothing_about_itself(position, punk, milli, earlier):
    """Gone (None) or at any other price: also those that were the floor, the lowest of their kind or the highest bid.

    Nothing the punk's features of any instant since its last change of owner say may differ by a byte.
    """
    known = EVENTS[:position]
    own = own_book(known, punk)
    if milli is None:
        other = known.filter(~own)
    else:
        drawn = pl.Series([f"{milli[n % len(milli)]}{'0' * 15}" for n in range(known.height)])
        replaced = own & pl.col("event_type").is_in(["listed", "bid"])
        other = known.with_columns(price_wei=pl.when(replaced).then(drawn).otherwise(pl.col("price_wei")))
    one_market, other_market = (market.timeline(events, TRAITS) for events in (known, other))
    # Which sales of others count may rest on any ask (`valid_sales`): the one exception.
    assume(judged(one_market) == judged(other_market))
    since = max(last_change(known, punk), 1)
    start, end = market.START + (since - 1) * market.STEP_S + 1, market.START + position * market.STEP_S
    as_of = np.array([end, *(int(start + share * (end - start)) for share in earlier)], dtype=np.int64)
    punks = np.full(len(as_of), punk)
    assert_same(*(compute(folded, PRICES, punks, as_of) for folded in (one_market, other_market)))


@pytest.mark.parametrize("price", [1, 8_000, 10**6])
def test_asks_and_bids_put_on_a_punk_change_nothing_about_it_but_something_about_every_other(price):
    """The test above with teeth: the same market without and with what one owner and its bidders might do."""
    known = EVENTS[:1_200]
    punk = min(range(120), key=lambda punk: last_change(known, punk) or 10**6)
    known = known.filter(~own_book(known, punk))
    # Every ninth ask or bid is none in the quiet market and of this punk in the loud one.
    moved = (
        (pl.col("seq") > last_change(known, punk))
        & (pl.col("seq") % 9 == 0)
        & pl.col("event_type").is_in(["listed", "bid"])
    )
    quiet = known.filter(~moved)
    loud = known.with_columns(
        punk_id=pl.when(moved).then(pl.lit(punk, pl.Int32)).otherwise("punk_id"),
        price_wei=pl.when(moved).then(pl.lit(f"{price}{'0' * 15}")).otherwise("price_wei"),
        to_address=pl.when(moved).then(None).otherwise("to_address"),
    )
    assert loud.filter(moved).group_by("event_type").len()["len"].min() > 5
    without, told = market.timeline(quiet, TRAITS), market.timeline(loud, TRAITS)
    assert judged(without) == judged(told)
    one, other = (features_at(folded, market.START + 1_200 * market.STEP_S) for folded in (without, told))
    changed = [one.matrix[row].tobytes() != other.matrix[row].tobytes() for row in range(120)]
    assert np.flatnonzero(np.logical_not(changed)).tolist() == [punk]
    assert one.floor_eth[punk] == other.floor_eth[punk]


@pytest.mark.parametrize("position", [50, 400, 1_499])
def test_floor_and_ladder_of_every_punk_are_those_of_the_other_punks_asks(position):
    folded = market.timeline(EVENTS[:position], TRAITS)
    asks = {punk: wei / 1e18 for wei, punk in folded.asks_now.asks()}
    rows = features_at(folded, market.START + position * market.STEP_S)
    fifth = column(rows, "ladder_5")
    for punk in range(120):
        others = sorted(price for other, price in asks.items() if other != punk)
        assert rows.floor_eth[punk] == others[0]
        assert fifth[punk] == pytest.approx(np.log(others[4] / others[0]), abs=1e-6)


@pytest.mark.parametrize("kind", ["buy", "accept_bid"])
def test_a_sale_does_not_know_itself(kind):
    for sale in [s for s in CLEAN.sales[50:] if s.excluded is None and s.kind == kind][:3]:
        without = market.timeline(EVENTS.filter(pl.col("seq") != sale.event_seq), TRAITS)
        for before in (0, 1_800, 86_400):
            at = np.array([sale.time - before], dtype=np.int64)
            punk = np.array([sale.punk_id])
            assert_same(compute(CLEAN, PRICES, punk, at), compute(without, PRICES, punk, at))


def test_a_lookup_that_saw_its_own_instant_would_be_caught(monkeypatch):
    """The tests above have teeth: with lookups at or before the instant, the history cut there says something else."""
    kept = EVENTS.with_row_index().filter(pl.col("event_type") == "sale")["index"][100]
    as_of = market.START + kept * market.STEP_S
    cut = market.timeline(EVENTS[:kept], TRAITS)
    monkeypatch.setattr(
        TimeSeries, "count_before", lambda series, as_of: np.searchsorted(series.times, as_of, side="right")
    )
    with pytest.raises(AssertionError, match="level"):
        assert_same(features_at(CLEAN, as_of), features_at(cut, as_of))


def test_the_eth_price_of_a_day_is_unknown_until_the_day_is_over():
    day = int(PRICES.days[30])
    assert PRICES.known_at(np.array([day * 86_400 + 86_399])).tolist() == [PRICES.closes[29]]
    assert PRICES.known_at(np.array([(day + 1) * 86_400])).tolist() == [PRICES.closes[30]]
    assert np.isnan(PRICES.known_at(np.array([0]))).all()


def test_pairs_at_many_instants_equal_pairs_asked_one_by_one():
    generator = np.random.default_rng(0)
    punks = generator.integers(0, 200, 120)
    instants = market.START + generator.integers(0, SPAN, 120)
    # Some at one instant together, some pairs twice.
    instants[:40], punks[100:], instants[100:] = instants[0], punks[:20], instants[:20]
    together = compute(CLEAN, PRICES, punks, instants)
    for row in range(120):
        alone = compute(CLEAN, PRICES, punks[row : row + 1], instants[row : row + 1])
        assert together.matrix[row].tobytes() == alone.matrix[0].tobytes()
        assert together.floor_eth[row].tobytes() == alone.floor_eth[0].tobytes()


def test_a_nowcast_says_of_each_punk_what_it_says_when_asked_about_that_punk_alone():
    as_of = market.START + SPAN // 2
    every = compute(CLEAN, PRICES, np.arange(10_000), np.full(10_000, as_of))
    for punk in (0, 1, 57, 119, 120, 5_000, 9_999):
        alone = compute(CLEAN, PRICES, np.array([punk]), np.array([as_of]))
        assert every.matrix[punk].tobytes() == alone.matrix[0].tobytes()


def test_the_schema_names_every_column_once_and_its_hash_follows_it():
    assert len(set(FEATURE_NAMES)) == len(FEATURES)
    assert features_at(CLEAN, market.START + SPAN).frame().columns == list(FEATURE_NAMES)
    assert len(schema_hash()) == 64


def test_no_feature_is_empty_or_constant_in_a_market_that_moves():
    generator, days = np.random.default_rng(4), np.arange(400)
    prices = DailyPrices(PRICES.days[0] + days, 400.0 + 5.0 * np.sin(days / 3.0))
    varied = set()
    # An hour's change needs many events in a day, a change over 90 days many days.
    for step_s in (market.STEP_S, 4 * 3_600):
        moving = market.timeline(market.events_frame(3, step_s=step_s), TRAITS)
        instants = market.START + generator.integers(0, EVENTS.height * step_s, 400)
        rows = compute(moving, prices, generator.integers(0, 2_000, 400), instants).matrix
        varied |= {name for place, name in enumerate(FEATURE_NAMES) if len(np.unique(rows[:, place])) > 3}
    coded = {"owner_way", "type", "skin", "accessories", *FLAGS}
    assert set(FEATURE_NAMES) - varied - coded == set()


def test_flags_are_one_for_each_trait_a_punk_has_and_zero_for_every_other():
    rows = features_at(CLEAN, market.START)
    held = {name: np.flatnonzero(column(rows, name)) for name in FLAGS}
    assert {value for name in FLAGS for value in np.unique(column(rows, name))} <= {0.0, 1.0}
    for punk in range(0, len(PUNKS), 7):
        told = {FLAGS[name] for name, punks in held.items() if punk in punks}
        assert told == {TRAITS.names[trait] for trait in TRAITS.trait_lists[punk]}


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
    assert (rows.matrix.shape, rows.floor_eth.shape) == ((0, len(FEATURE_NAMES)), (0,))
    assert rows.frame().columns == list(FEATURE_NAMES)


def test_before_the_first_event_nothing_is_known_but_the_traits():
    rows = features_at(CLEAN, market.START)
    assert np.isnan(rows.floor_eth).all()
    assert np.isfinite(column(rows, "rarity_sum")).all()
    known = {"type", "skin", "accessories", "rarity_sum", "rarity_max", *FLAGS}
    numbers = {name for name in FEATURE_NAMES if np.isfinite(column(rows, name)).any()} - known
    # What is counted is zero; what is measured is unknown.
    assert all((column(rows, name)[np.isfinite(column(rows, name))] == 0).all() for name in numbers - ETH_USD)


ETH_USD = {name for name in FEATURE_NAMES if name.startswith("eth_usd_change")}


@settings(max_examples=10, deadline=None)
@given(st.integers(100, EVENTS.height - 1))
def test_the_market_counts_and_means_are_those_of_the_sales_before(position):
    as_of = market.START + position * market.STEP_S
    rows = features_at(CLEAN, as_of)
    counted = [s for s in CLEAN.sales if s.excluded is None and s.floor_wei is not None]
    sales = [s for s in counted if s.time < as_of]
    for days in (1, 3, 7, 30):
        recent = sum(sale.time >= as_of - days * 86_400 for sale in sales)
        assert column(rows, f"sales_{days}d") == pytest.approx(np.log1p(recent))
    for count in (10, 40):
        last = [sale.kind == "accept_bid" for sale in sales[-count:]]
        assert column(rows, f"accepted_{count}") == pytest.approx(np.mean(last))
    errors = np.diff([0.0, *CLEAN.valid_sales.rows[:, 0]])[: len(sales)]
    for count in (5, 20, 60):
        assert column(rows, f"surprise_{count}") == pytest.approx(errors[-count:].mean(), abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.integers(100, EVENTS.height - 1), st.integers(0, 119))
def test_floor_sales_are_those_of_punks_without_a_premium_measured_against_the_asks_of_other_punks(position, punk):
    as_of = market.START + position * market.STEP_S
    rows = features_at(CLEAN, as_of)
    floor = np.log(rows.floor_eth[punk])
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
        carried = (
            np.log(own[-1].price_eth / rows.floor_eth[punk]) - level(own[-1].time + 1) + level(as_of) if own else nan
        )
        sold, bought = (
            sum(owner is not None and who == owner for who in whose)
            for whose in ([before[s.event_seq] for s in counted], [s.buyer for s in counted])
        )
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
    sales = [
        (sale, index.update(sale.time, sale.punk_id, np.log(sale.price_eth)))
        for sale in CLEAN.sales
        if sale.excluded is None and sale.floor_wei is not None
    ]

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


@settings(max_examples=10, deadline=None)
@given(st.integers(60, EVENTS.height - 1), st.integers(0, 119))
def test_the_change_of_the_floor_is_between_floors_without_the_own_ask(position, punk):
    as_of = market.START + position * market.STEP_S
    rows = features_at(CLEAN, as_of)
    for name, seconds in (("1h", 3_600), ("1d", 86_400)):
        now, then = (market_asks(at, but={punk}) for at in (as_of, as_of - seconds))
        expected = np.log(min(now) / min(then)) if now and then else np.nan
        assert column(rows, f"floor_change_{name}")[punk] == pytest.approx(expected, abs=1e-6, nan_ok=True)


def real_slice(market_data) -> tuple[pl.DataFrame, Traits]:
    events = pl.read_parquet(market_data / "events.parquet").with_row_index("seq", offset=1).slice(0, 60_000)
    events = events.with_columns(pl.col("seq").cast(pl.Int64))
    return events, Traits.from_frame(pl.read_parquet(market_data / "punks.parquet"))


@pytest.mark.realdata
def test_poisoning_the_future_of_the_real_market_changes_no_snapshot(market_data):
    events, traits = real_slice(market_data)
    folded = market.timeline(events, traits)
    for row, seed in ((30_000, 1), (45_123, 2)):
        as_of = events["timestamp"][row]
        poisoned = market.timeline(poison(events, int(as_of.timestamp()), seed), traits)
        one, other = nowcast_snapshot(folded, PRICES, as_of), nowcast_snapshot(poisoned, PRICES, as_of)
        assert one.snapshot_id == other.snapshot_id


@pytest.mark.realdata
def test_cutting_the_real_history_at_the_instant_changes_no_snapshot(market_data):
    events, traits = real_slice(market_data)
    folded = market.timeline(events, traits)
    for row in (25_000, 52_345):
        as_of = events["timestamp"][row]
        cut = market.timeline(events.filter(pl.col("timestamp") < as_of), traits)
        one, other = nowcast_snapshot(folded, PRICES, as_of), nowcast_snapshot(cut, PRICES, as_of)
        assert one.snapshot_id == other.snapshot_id


@pytest.mark.realdata
def test_real_asks_and_bids_on_a_punk_tell_nothing_about_it(market_data):
    """The punks with the lowest asks and the highest bids, each with its own book gone since it changed hands."""
    events, traits = real_slice(market_data)
    known = events[:45_000]
    folded = market.timeline(known, traits)
    as_of = int(known["timestamp"][-1].timestamp()) + 1
    lowest = [punk for _, punk in folded.asks_now.asks()[:2]]
    bids = sorted(range(10_000), key=lambda punk: -(folded.standing_bid(punk) or (None, 0))[1])[:2]
    compared = 0
    for punk in {*lowest, *bids}:
        without = market.timeline(known.filter(~own_book(known, punk)), traits)
        if judged(folded) == judged(without):
            compared += 1
            at = np.array([as_of])
            assert_same(*(compute(timeline, PRICES, np.array([punk]), at) for timeline in (folded, without)))
    assert compared >= 2
