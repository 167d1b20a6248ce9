"""A small made-up market: 10,000 punks, a few of which trade. Deterministic by seed."""

from __future__ import annotations

import numpy as np
import polars as pl

from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits

START = 1_600_000_000
STEP_S = 1_800
ACCESSORIES = ("Beanie", "Hoodie", "Pipe", "Mohawk", "Earring", "Cigarette")
ZERO = "0x0000000000000000000000000000000000000000"


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


def events_frame(seed: int = 0, count: int = 1_500, trading: int = 120) -> pl.DataFrame:
    """`count` events in contract order, one every half hour, among the punks 0 to `trading`."""
    generator = np.random.default_rng(seed)
    owner = {punk: f"0x{punk:040x}" for punk in range(trading)}
    asks: dict[int, float] = {}
    rows = []
    for number in range(count):
        punk = int(generator.integers(trading))
        draw = generator.random()
        level = 10.0 * np.exp(0.002 * number / 10) * (1.0 + (punk % 7) / 10)
        price = float(np.round(level * np.exp(generator.normal(0, 0.1)), 3))
        sender, receiver, sale_kind, wei = owner[punk], None, None, str(round(price * 1000) * 10**15)
        if draw < 0.5 or (draw < 0.8 and punk not in asks):
            kind = "listed"
            receiver = f"0x{9_999_999:040x}" if generator.random() < 0.05 else None
            asks.pop(punk, None)
            if receiver is None:
                asks[punk] = price
        elif draw < 0.8:
            kind, sale_kind = "sale", "buy"
            wei = str(round(asks.pop(punk) * 1000) * 10**15)
            receiver = f"0x{number + 100_000:040x}"
            owner[punk] = receiver
        elif draw < 0.9:
            kind, wei = "delisted", None
            asks.pop(punk, None)
        elif draw < 0.95:
            kind, wei, receiver = "transfer", None, f"0x{number + 200_000:040x}"
            owner[punk] = receiver
            asks.pop(punk, None)
        else:
            kind = "bid"
        rows.append(
            (
                number + 1,
                START + number * STEP_S,
                number + 1_000,
                0,
                0,
                punk,
                kind,
                wei,
                sender,
                receiver,
                sale_kind,
                f"0x{number:064x}",
            )
        )
    return pl.DataFrame(
        rows,
        schema={
            "seq": pl.Int64, "t": pl.Int64, "block": pl.Int64, "tx_index": pl.Int64, "log_index": pl.Int64,
            "punk_id": pl.Int32, "event_type": pl.String, "price_wei": pl.String, "from_address": pl.String,
            "to_address": pl.String, "sale_kind": pl.String, "tx_hash": pl.String,
        },
        orient="row",
    ).with_columns(timestamp=(pl.col("t") * 1_000_000).cast(pl.Datetime("us", "UTC"))).drop("t")  # fmt: skip


def prices() -> DailyPrices:
    days = np.arange(START // 86_400 - 60, START // 86_400 + 60, dtype=np.int64)
    return DailyPrices(days=days, closes=400.0 + 5.0 * np.sin(days / 3.0))


def timeline(events: pl.DataFrame, traits: Traits | None = None) -> MarketTimeline:
    folded = MarketTimeline(traits or Traits.from_frame(punks_frame()))
    folded.apply(events)
    return folded


def poison(events: pl.DataFrame, as_of: int, seed: int) -> pl.DataFrame:
    """Every event at or after the instant replaced by other values: prices, punks, kinds."""
    generator = np.random.default_rng(seed)
    later = (events["timestamp"].dt.epoch("s") >= as_of).to_numpy()
    count = events.height
    kinds = generator.choice(["listed", "sale", "transfer", "delisted"], count)
    prices = [f"{milli}{'0' * 15}" for milli in generator.integers(1, 10**6, count)]
    other = pl.DataFrame(
        {
            "punk_id": pl.Series(generator.integers(0, 10_000, count), dtype=pl.Int32),
            "event_type": kinds,
            "price_wei": prices,
            "sale_kind": pl.Series(["buy" if kind == "sale" else None for kind in kinds], dtype=pl.String),
            "to_address": pl.Series([None] * count, dtype=pl.String),
        }
    )
    return events.with_columns(
        pl.when(pl.Series(later)).then(other[name]).otherwise(pl.col(name)).alias(name) for name in other.columns
    )
