"""A small made-up market: 10,000 punks, a few of which trade. Deterministic by seed."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from shared.market.events import EVENT_SCHEMA
from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits

START = 1_600_000_000
STEP_S = 1_800
ACCESSORIES = ("Beanie", "Hoodie", "Pipe", "Mohawk", "Earring", "Cigarette")
WALLETS = [f"0x{number:040x}" for number in range(1, 41)]
BUSY_SINCE = datetime(2021, 3, 1, 21, 7, tzinfo=UTC)
BUSY_PUNKS, BUSY_WALLETS = 8, WALLETS[:5]
_KINDS = ("listed", "private", "delisted", "bid", "bid_withdrawn", "buy", "accept", "transfer", "wrap", "unwrap")
_WEIGHTS = np.array([0.26, 0.06, 0.05, 0.16, 0.05, 0.16, 0.07, 0.13, 0.03, 0.03])


def punks_frame() -> pl.DataFrame:
    generator = np.random.default_rng(1)
    types = np.array(["Male", "Female", "Zombie", "Ape", "Alien"])
    kind = types[generator.choice(5, size=10_000, p=[0.6, 0.38, 0.01, 0.006, 0.004])]
    human = np.isin(kind, ["Male", "Female"])
    skin = np.where(human, np.array(["Light", "Mid", "Dark", "Albino"])[generator.choice(4, size=10_000)], None)
    counts = generator.integers(0, 5, size=10_000)
    return pl.DataFrame(
        {
            "punk_id": np.arange(10_000),
            "type": kind,
            "skin": list(skin),
            "accessories": [list(generator.choice(ACCESSORIES, size=n, replace=False)) for n in counts],
        }
    )


TRAITS = Traits.from_frame(punks_frame())


def events_frame(seed: int = 0, count: int = 1_500, trading: int = 120, step_s: int = STEP_S) -> pl.DataFrame:
    """`count` events in contract order, one every `step_s` seconds, among the punks 0 to `trading` and few wallets.

    Everything that moves a book happens: public and private listings, bids, their withdrawal and acceptance, sales,
    hand-overs without a price.
    """
    generator = np.random.default_rng(seed)
    owner = {punk: WALLETS[punk % len(WALLETS)] for punk in range(trading)}
    asks: dict[int, float] = {}
    bids: dict[int, tuple[str, float]] = {}
    rows = []
    for number in range(count):
        punk = int(generator.integers(trading))
        draw = generator.random()
        level = 10.0 * np.exp(0.002 * number / 10) * (1.0 + (punk % 7) / 10)
        price = float(np.round(level * np.exp(generator.normal(0, 0.1)), 3))
        other = WALLETS[int(generator.choice([w for w in range(len(WALLETS)) if WALLETS[w] != owner[punk]]))]
        sender, receiver, sale_kind = owner[punk], None, None
        eth: float | None = None
        if draw < 0.46 or (draw < 0.76 and punk not in asks):
            kind, eth = "listed", price
            receiver = other if generator.random() < 0.08 else None
            asks.pop(punk, None)
            if receiver is None:
                asks[punk] = price
        elif draw < 0.76:
            kind, sale_kind, receiver, eth = "sale", "buy", other, asks[punk]
        elif draw < 0.81:
            kind = "delisted"
            asks.pop(punk, None)
        elif draw < 0.85:
            kind, receiver = str(generator.choice(["transfer", "wrap", "unwrap"])), other
        elif punk not in bids or generator.random() < 0.4:
            kind, sender, eth = "bid", other, float(np.round(price * 0.9, 3))
            bids[punk] = (other, eth)
        elif generator.random() < 0.5:
            kind, sender, eth = "bid_withdrawn", *bids.pop(punk)
        elif bids[punk][0] == owner[punk]:
            kind = "delisted"
            asks.pop(punk, None)
        else:
            kind, sale_kind, (receiver, eth) = "sale", "accept_bid", bids.pop(punk)
        if kind not in ("listed", "delisted", "bid", "bid_withdrawn"):
            owner[punk] = str(receiver)
            asks.pop(punk, None)
            if punk in bids and bids[punk][0] == receiver:
                del bids[punk]
        place, wei = (number + 1_000, 0, 0), None if eth is None else str(round(eth * 1000) * 10**15)
        parties = (sender, receiver, sale_kind)
        rows.append((number + 1, START + number * step_s, *place, punk, kind, wei, *parties, f"0x{number:064x}"))
    return pl.DataFrame(
        rows,
        schema={
            "seq": pl.Int64, "t": pl.Int64, "block": pl.Int64, "tx_index": pl.Int64, "log_index": pl.Int64,
            "punk_id": pl.Int32, "event_type": pl.String, "price_wei": pl.String, "from_address": pl.String,
            "to_address": pl.String, "sale_kind": pl.String, "tx_hash": pl.String,
        },
        orient="row",
    ).with_columns(timestamp=(pl.col("t") * 1_000_000).cast(pl.Datetime("us", "UTC"))).drop("t")  # fmt: skip


def busy_events(seed: int, count: int = 400) -> pl.DataFrame:
    """`count` events with `seq` from 1: one to four in a transaction, a transaction in a block, some hours apart."""
    generator = np.random.default_rng(seed)
    owner = {punk: BUSY_WALLETS[punk % len(BUSY_WALLETS)] for punk in range(BUSY_PUNKS)}
    rows: list[dict[str, object]] = []
    now, block = BUSY_SINCE, 12_000_000
    while len(rows) < count:
        now += timedelta(minutes=int(generator.choice([2, 40, 300])))
        block += 1
        punk = int(generator.integers(BUSY_PUNKS))
        for _ in range(int(generator.choice([1, 2, 3, 4], p=[0.6, 0.15, 0.15, 0.1]))):
            row = _event(generator, owner, punk)
            row |= {"timestamp": now, "block": block, "log_index": len(rows), "tx_hash": f"0x{block:064x}"}
            rows.append(row)
    frame = pl.DataFrame(rows[:count], schema=EVENT_SCHEMA)
    return frame.with_row_index("seq", offset=1).with_columns(pl.col("seq").cast(pl.Int64))


def _event(generator: np.random.Generator, owner: dict[int, str], punk: int) -> dict[str, object]:
    drawn = str(generator.choice(_KINDS, p=_WEIGHTS))
    holder, other = owner[punk], str(generator.choice([wallet for wallet in BUSY_WALLETS if wallet != owner[punk]]))
    # Few distinct prices, so that equal ones compete for the floor; free and dusty ones among them.
    price = str(int(generator.choice([0, 10**15, *[milli * 10**15 for milli in range(9_000, 9_900, 150)]])))
    row: dict[str, object] = {
        "tx_index": 0,
        "punk_id": punk,
        "event_type": drawn,
        "price_wei": price,
        "from_address": holder,
        "to_address": None,
        "sale_kind": None,
    }
    if drawn == "private":
        row |= {"event_type": "listed", "to_address": other}
    elif drawn in ("buy", "accept"):
        row |= {"event_type": "sale", "to_address": other, "sale_kind": "buy" if drawn == "buy" else "accept_bid"}
    elif drawn in ("transfer", "wrap", "unwrap"):
        row |= {"price_wei": None, "to_address": other}
    elif drawn in ("bid", "bid_withdrawn"):
        row["from_address"] = other
    elif drawn == "delisted":
        row["price_wei"] = None
    if row["to_address"] is not None and drawn != "private":
        owner[punk] = other
    return row


def prices() -> DailyPrices:
    days = np.arange(START // 86_400 - 60, START // 86_400 + 60, dtype=np.int64)
    return DailyPrices(days=days, closes=400.0 + 5.0 * np.sin(days / 3.0))


def timeline(events: pl.DataFrame, traits: Traits | None = None) -> MarketTimeline:
    folded = MarketTimeline(traits or TRAITS)
    folded.apply(events)
    return folded


def poison(events: pl.DataFrame, as_of: int, seed: int) -> pl.DataFrame:
    """Every event at or after the instant replaced by another: its kind, punk, price and wallets."""
    generator = np.random.default_rng(seed)
    later = (events["timestamp"].dt.epoch("s") >= as_of).to_numpy()
    count = events.height
    drawn = generator.choice(["listed", "buy", "accept_bid", "transfer", "delisted", "bid", "bid_withdrawn"], count)
    kinds = pl.Series(np.where(np.isin(drawn, ["buy", "accept_bid"]), "sale", drawn).tolist(), dtype=pl.String)
    prices = [f"{milli}{'0' * 15}" for milli in generator.integers(1, 10**6, count)]
    wallets = pl.Series(generator.choice(WALLETS, count).tolist(), dtype=pl.String)
    other = pl.DataFrame(
        {
            "punk_id": pl.Series(generator.integers(0, 200, count), dtype=pl.Int32),
            "event_type": kinds,
            "price_wei": pl.Series(prices, dtype=pl.String),
            "sale_kind": pl.Series(np.where(kinds == "sale", drawn, None).tolist(), dtype=pl.String),
            "from_address": wallets,
            "to_address": pl.Series(
                np.where(kinds.is_in(["sale", "transfer"]), wallets, None).tolist(), dtype=pl.String
            ),
        }
    )
    return events.with_columns(
        pl.when(pl.Series(later)).then(other[name]).otherwise(pl.col(name)).alias(name) for name in other.columns
    )
