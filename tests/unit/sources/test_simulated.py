"""The simulated market keeps the contract's rules and the proportions it promises."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import InvalidInputError
from shared.market.events import EVENT_SCHEMA, validate
from shared.sources.simulated import SimulatedMarket
from shared.sources.source import open_source

FAR = datetime(2100, 1, 1, tzinfo=UTC)
START = datetime(2024, 1, 1, tzinfo=UTC)
short_markets = settings(max_examples=6)
seeds = st.integers(0, 2**32 - 1)


async def played(seed: int, days: int = 20) -> pl.DataFrame:
    return await SimulatedMarket(seed=seed, days=days, history_days=15).fetch(None, FAR)


@pytest.fixture(scope="module")
def year() -> SimulatedMarket:
    return SimulatedMarket()


@short_markets
@given(seeds)
async def test_every_event_keeps_the_rules_of_all_events(seed: int) -> None:
    frame = await played(seed)
    assert frame.schema == EVENT_SCHEMA
    assert validate(frame, "simulated").equals(frame)


@short_markets
@given(seeds)
async def test_the_same_seed_gives_the_same_market_and_another_seed_another(seed: int) -> None:
    frame = await played(seed)
    assert frame.equals(await played(seed))
    assert not frame.equals(await played(seed + 1))


@short_markets
@given(seeds)
async def test_a_longer_market_goes_on_where_a_shorter_one_ends(seed: int) -> None:
    shorter, longer = await played(seed, days=10), await played(seed, days=15)
    assert longer.head(shorter.height).equals(shorter)
    assert longer["timestamp"][shorter.height] >= START + timedelta(days=10)


@short_markets
@given(seeds)
async def test_sales_follow_the_order_book_and_a_wrapped_punk_rests(seed: int) -> None:
    """Buys happen at the standing ask by whom it is open to, accepted bids at the standing bid."""
    wrapped: set[int] = set()
    owner: dict[int, str] = {}
    asks: dict[int, tuple[str, str | None]] = {}
    ended: dict[int, tuple[str, tuple[str, str | None]]] = {}
    bids: dict[int, tuple[str, str]] = {}
    sales = Counter[str]()
    for event in (await played(seed)).iter_rows(named=True):
        punk, kind, by, to = event["punk_id"], event["event_type"], event["from_address"], event["to_address"]
        if kind not in ("claim", "bid", "bid_withdrawn"):
            assert owner[punk] == by
            assert (punk in wrapped) == (kind == "unwrap")
        if kind == "claim":
            assert punk not in owner
        elif kind == "listed":
            asks[punk] = (event["price_wei"], to)
        elif kind == "delisted":
            ended[punk] = (event["tx_hash"], asks.pop(punk))
        elif kind == "bid":
            assert by != owner[punk]
            assert punk not in bids or int(event["price_wei"]) > int(bids[punk][1])
            bids[punk] = (by, event["price_wei"])
        elif kind == "bid_withdrawn":
            assert bids.pop(punk) == (by, event["price_wei"])
        elif event["sale_kind"] == "buy":
            transaction, (price, only_to) = ended.pop(punk)
            assert transaction == event["tx_hash"]
            assert event["price_wei"] == price
            assert only_to in (None, to)
        elif event["sale_kind"] == "accept_bid":
            assert bids.pop(punk) == (to, event["price_wei"])
            asks.pop(punk, None)
        if kind in ("claim", "sale", "transfer", "wrap", "unwrap"):
            assert punk not in asks
            owner[punk] = to
            wrapped = wrapped | {punk} if kind == "wrap" else wrapped - {punk}
            if punk in bids and bids[punk][0] == to:
                del bids[punk]
            sales[event["sale_kind"]] += 1
    assert len(owner) == 10_000
    assert sales["buy"] > 20
    assert sales["accept_bid"] > 0


@short_markets
@given(seeds, st.integers(1, 300), st.integers(1, 30))
async def test_fetching_in_steps_gives_every_event_once(seed: int, hours: int, days: int) -> None:
    market = SimulatedMarket(seed=seed, days=days, history_days=5)
    whole = await market.fetch(None, FAR)
    parts, after, instant = [], None, market.history_start
    while instant < market.end:
        instant += timedelta(hours=hours)
        part = await market.fetch(after, instant)
        if part.height:
            assert part["timestamp"][-1] <= instant
            assert await market.next_event_time(after) == part["timestamp"][0]
            after = (part["block"][-1], part["log_index"][-1])
            parts.append(part)
    assert pl.concat(parts).equals(whole)


async def test_blocks_are_twelve_seconds_apart_and_hashes_unique(year: SimulatedMarket) -> None:
    frame = await year.fetch(None, FAR)
    first = frame.row(0, named=True)
    seconds = (frame["timestamp"] - first["timestamp"]).dt.total_seconds()
    assert (seconds == 12 * (frame["block"] - first["block"])).all()
    places = frame.group_by("tx_hash").agg(pl.struct("block", "tx_index").n_unique().alias("places"))
    assert places["places"].max() == 1
    assert frame.group_by("block", "tx_index").agg(pl.col("tx_hash").n_unique())["tx_hash"].max() == 1


async def test_the_year_has_the_size_and_the_oddities_it_promises(year: SimulatedMarket) -> None:
    frame = (await year.fetch(None, FAR)).filter(pl.col("timestamp") >= START)
    eth = pl.col("price_wei").cast(pl.Float64) / 1e18
    kind, private = pl.col("event_type"), pl.col("to_address").is_not_null()
    sales, listings = frame.filter(kind == "sale"), frame.filter(kind == "listed")
    assert 100 <= frame.height / 365 <= 200
    assert 5 <= sales.filter(eth > 1).height / 365 <= 10
    assert frame["timestamp"][-1] < year.end
    assert sales.filter(eth == 0).height > 30
    assert listings.filter(eth > 1_000).height > 3
    assert listings.filter(private).height > 200
    assert frame.filter((kind == "bid") & (eth < 0.1)).height > 5_000
    assert set(frame["event_type"]) == {
        "listed", "delisted", "bid", "bid_withdrawn", "sale", "transfer", "wrap", "unwrap"
    }  # fmt: skip


async def test_three_years_have_flash_loans_wash_trades_and_sales_to_oneself() -> None:
    frame = await SimulatedMarket(days=1, history_days=1_000).fetch(None, FAR)
    sales = frame.filter(pl.col("event_type") == "sale")
    borrowed = sales.filter(pl.col("price_wei").cast(pl.Float64) > 1e22)
    assert 1 <= borrowed.height <= 20
    back = frame.filter(pl.col("event_type") == "transfer").select("tx_hash", "punk_id", owner="to_address")
    returned = borrowed.join(back, on=["tx_hash", "punk_id"])
    assert (returned["owner"] == returned["from_address"]).all()
    assert sales.filter(pl.col("from_address") == pl.col("to_address")).height > 1
    same_day = ["punk_id", pl.col("timestamp").dt.date()]
    there_and_back = pl.col("from_address").first() == pl.col("to_address").last()
    washed = sales.filter(pl.col("from_address") != pl.col("to_address")).group_by(same_day)
    assert washed.agg(pl.len(), back=there_and_back).filter((pl.col("len") == 2) & pl.col("back")).height > 5


async def test_closes_cover_every_day_and_are_cut_at_the_one_asked_for(year: SimulatedMarket) -> None:
    closes = await year.eth_usd(date(2024, 6, 30))
    assert closes["date"][-1] == date(2024, 6, 30)
    assert closes["date"][0] < year.history_start.date()
    assert (closes["date"].diff().drop_nulls() == timedelta(days=1)).all()
    assert (await year.eth_usd(date(2100, 1, 1)))["date"][-1] == date(2024, 12, 30)


async def test_a_url_sets_seed_period_and_history() -> None:
    source = open_source("simulated://?seed=3&days=4&history_days=6&start=2023-05-01")
    assert isinstance(source, SimulatedMarket)
    frame = await source.fetch(None, FAR)
    assert frame["timestamp"][0] == datetime(2023, 4, 25, tzinfo=UTC)
    assert frame["timestamp"][-1].date() == date(2023, 5, 4)
    expected = SimulatedMarket(seed=3, days=4, history_days=6, start=datetime(2023, 5, 1, tzinfo=UTC))
    assert frame.equals(await expected.fetch(None, FAR))


@short_markets
@given(seeds)
async def test_until_a_regime_break_nothing_differs(seed: int) -> None:
    broken = SimulatedMarket(seed=seed, days=10, history_days=15, regime_break=date(2024, 1, 5))
    frame, other = await broken.fetch(None, FAR), await played(seed, days=10)
    before = pl.col("timestamp") < datetime(2024, 1, 5, tzinfo=UTC)
    assert frame.filter(before).equals(other.filter(before))
    assert not frame.filter(~before).equals(other.filter(~before))


async def test_a_url_breaks_the_regime_and_spoils_the_data() -> None:
    parameters = "days=4&history_days=6&regime_break=2024-01-02&bad_data=eth_usd_gap,missing_traits"
    source = open_source(f"simulated://?{parameters}")
    assert (await source.punks()).height == 9_900
    assert (await source.eth_usd(date(2100, 1, 1)))["date"][-1] == date(2023, 12, 31)
    expected = SimulatedMarket(days=4, history_days=6, regime_break=date(2024, 1, 2))
    assert (await source.fetch(None, FAR)).equals(await expected.fetch(None, FAR))


@pytest.mark.parametrize(
    "parameters",
    [
        "days=0", "days=99999", "history_days=0", "seed=-1", "start=2017-06-01", "regime_break=2025-01-01",
        "regime_break=2023-01-01", "regime_break=soon", "bad_data=rain", "assets=100000", "assets=9999",
    ],
)  # fmt: skip
def test_what_cannot_be_played_is_refused(parameters: str) -> None:
    with pytest.raises(InvalidInputError):
        open_source(f"simulated://?{parameters}")
