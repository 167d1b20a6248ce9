"""A made-up market of few punks and fewer wallets, in which everything that can happen to a punk happens often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from shared.market.events import EVENT_SCHEMA

BEGAN = datetime(2021, 3, 1, 21, 7, tzinfo=UTC)
PUNKS = 8
WALLETS = [f"0x{number:040x}" for number in range(1, 6)]
_KINDS = ("listed", "private", "delisted", "bid", "bid_withdrawn", "buy", "accept", "transfer", "wrap", "unwrap")
_WEIGHTS = np.array([0.26, 0.06, 0.05, 0.16, 0.05, 0.16, 0.07, 0.13, 0.03, 0.03])


def busy_events(seed: int, count: int = 400) -> pl.DataFrame:
    """`count` events with `seq` from 1: one to four in a transaction, a transaction in a block, some hours apart."""
    generator = np.random.default_rng(seed)
    owner = {punk: WALLETS[punk % len(WALLETS)] for punk in range(PUNKS)}
    rows: list[dict[str, object]] = []
    now, block = BEGAN, 12_000_000
    while len(rows) < count:
        now += timedelta(minutes=int(generator.choice([2, 40, 300])))
        block += 1
        punk = int(generator.integers(PUNKS))
        for _ in range(int(generator.choice([1, 2, 3, 4], p=[0.6, 0.15, 0.15, 0.1]))):
            row = _event(generator, owner, punk)
            row |= {"timestamp": now, "block": block, "log_index": len(rows), "tx_hash": f"0x{block:064x}"}
            rows.append(row)
    frame = pl.DataFrame(rows[:count], schema=EVENT_SCHEMA)
    return frame.with_row_index("seq", offset=1).with_columns(pl.col("seq").cast(pl.Int64))


def _event(generator: np.random.Generator, owner: dict[int, str], punk: int) -> dict[str, object]:
    drawn = str(generator.choice(_KINDS, p=_WEIGHTS))
    holder, other = owner[punk], str(generator.choice([wallet for wallet in WALLETS if wallet != owner[punk]]))
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
