"""The ledger's log as a frame of market events, with addresses, hashes and log positions."""

from datetime import datetime
from hashlib import sha256
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from shared.market.events import EVENT_SCHEMA
from shared.sources.simulation.ledger import KINDS, Log

BLOCK_SECONDS: Final = 12
_FIRST_BLOCK: Final = 15_000_000
_HASH_BYTES: Final = 32


def events_frame(log: Log, *, seed: int, holders: int, began: datetime, rng: np.random.Generator) -> pl.DataFrame:
    """`EVENT_SCHEMA`, in contract order. A longer log begins with the hashes and positions of a shorter one."""
    new_block = np.diff(log.block, prepend=-1) != 0
    new_transaction = np.diff(log.transaction, prepend=-1) != 0
    places, hashing = rng.spawn(2)
    before = places.integers(0, (120, 200), (int(new_block.sum()), 2))
    block = np.cumsum(new_block) - 1
    transaction = np.cumsum(new_transaction) - 1
    first = np.flatnonzero(new_block)[block]
    hashes = pl.Series(_hashes(hashing, int(new_transaction.sum())))
    addresses = pl.Series([_address(seed, holder) for holder in range(holders + 1)])
    return pl.DataFrame(
        {
            "timestamp": int(began.timestamp()) + log.block * BLOCK_SECONDS,
            "block": _FIRST_BLOCK + log.block,
            "tx_index": before[block, 0] + transaction - transaction[first],
            "log_index": before[block].sum(axis=1) + np.arange(len(block)) - first,
            "punk_id": log.punk,
            "event_type": pl.Series([kind for kind, _ in KINDS]).gather(log.code),
            "price_wei": log.price,
            "from_address": addresses.gather(_or_null(log.sender)),
            "to_address": addresses.gather(_or_null(log.receiver)),
            "sale_kind": pl.Series([sale for _, sale in KINDS], dtype=pl.String).gather(log.code),
            "tx_hash": hashes.gather(transaction),
        }
    ).with_columns(
        pl.from_epoch("timestamp", time_unit="s").cast(EVENT_SCHEMA["timestamp"]),
        pl.col("punk_id").cast(EVENT_SCHEMA["punk_id"]),
        # Prices are gwei: nine zeros make wei, even beyond 64 bits.
        price_wei=pl.when(pl.col("price_wei") == 0)
        .then(pl.lit("0"))
        .when(pl.col("price_wei") > 0)
        .then(pl.concat_str(pl.col("price_wei").cast(pl.String), pl.lit("000000000"))),
    )


def _or_null(holders: npt.NDArray[np.int64]) -> pl.Series:
    series = pl.Series(holders)
    return series.set(series < 0, None)


def _hashes(rng: np.random.Generator, count: int) -> list[str]:
    digits, width = rng.bytes(_HASH_BYTES * count).hex(), 2 * _HASH_BYTES
    return [f"0x{digits[start : start + width]}" for start in range(0, len(digits), width)]


def _address(seed: int, holder: int) -> str:
    return "0x" + sha256(f"{seed}:holder:{holder}".encode()).hexdigest()[:40]
