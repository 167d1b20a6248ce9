"""The contract of the simulated market: keeps owners, asks and bids, and logs what the real one would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from math import log
from random import Random

import numpy as np
import numpy.typing as npt
import polars as pl

from shared.market.events import (
    ACCEPT_BID,
    BID,
    BID_WITHDRAWN,
    BUY,
    CLAIM,
    DELISTED,
    EVENT_SCHEMA,
    LISTED,
    SALE,
    TRANSFER,
    UNWRAP,
    WRAP,
)
from shared.market.reference_data import PUNK_COUNT

HOLDERS = 4_000
BLOCK_SECONDS = 12
_FIRST_BLOCK = 15_000_000
_WRAPPER = HOLDERS
"""The wrapper contract is one more holder."""


def wei(eth: float) -> int:
    """An ETH price as people set it: to the cent, at least one cent; exact wei."""
    return max(1, round(eth * 100)) * 10**16


class Ledger:
    """State and log. Each method is one transaction, unless inside `one_transaction`. Holders are integers.

    Attributes:
        owner: holder of each punk; the wrapper for a wrapped one.
        log_ask: shape (10,000,), log ETH of each public ask, infinite without one.
    """

    def __init__(self, seed: int, began: datetime) -> None:
        self.owner: list[int] = [-1] * PUNK_COUNT
        self.log_ask: npt.NDArray[np.float64] = np.full(PUNK_COUNT, np.inf)
        self._asks: dict[int, tuple[int, int | None]] = {}
        self._bids: dict[int, tuple[int, int]] = {}
        self._wrapped: dict[int, int] = {}
        self._random = Random(seed + 1)
        self._seed = seed
        self._began = began
        self._addresses = [_hex(f"{seed}:holder:{holder}", 40) for holder in range(HOLDERS + 1)]
        self._rows: list[tuple[object, ...]] = []
        self._block = self._tx_index = self._log_index = -1
        self._transactions = 0
        self._tx_hash = ""
        self._depth = 0

    def move_to(self, block: int) -> None:
        """Go on in `block`, counted from the beginning; it never goes back."""
        if block < self._block:
            raise ValueError(f"the ledger is at block {self._block}, it cannot go back to {block}")
        if block > self._block:
            self._block = block
            self._tx_index = self._random.randrange(120)
            self._log_index = self._tx_index + self._random.randrange(200)

    @contextmanager
    def one_transaction(self) -> Iterator[None]:
        """Everything inside carries one transaction hash."""
        if self._depth == 0:
            self._transactions += 1
            self._tx_hash = _hex(f"{self._seed}:transaction:{self._transactions}", 64)
            self._tx_index += 1
            self._log_index += self._random.randrange(1, 4)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    # State

    def listed(self) -> npt.NDArray[np.int64]:
        """Punks with a public ask, ascending."""
        return np.flatnonzero(np.isfinite(self.log_ask))

    def is_listed(self, punk: int) -> bool:
        return punk in self._asks

    def bids(self) -> list[int]:
        """Punks with a standing bid."""
        return list(self._bids)

    def bid_wei(self, punk: int) -> int:
        """The standing bid, 0 without one."""
        return self._bids[punk][1] if punk in self._bids else 0

    def is_wrapped(self, punk: int) -> bool:
        return punk in self._wrapped

    def wrapped(self) -> list[int]:
        return list(self._wrapped)

    # Transactions

    def claim(self, punk: int, holder: int) -> None:
        self.owner[punk] = holder
        with self.one_transaction():
            self._log(CLAIM, punk, to=holder)

    def ask(self, punk: int, price: int, *, only_to: int | None = None) -> None:
        """The owner lists, or lists anew, in wei; to everybody or to one holder."""
        self._asks[punk] = (price, only_to)
        self.log_ask[punk] = log(price / 1e18) if only_to is None else np.inf
        with self.one_transaction():
            self._log(LISTED, punk, price=price, by=self.owner[punk], to=only_to)

    def delist(self, punk: int) -> None:
        self._drop_ask(punk)
        with self.one_transaction():
            self._log(DELISTED, punk, by=self.owner[punk])

    def buy(self, punk: int, buyer: int) -> None:
        """At the standing ask. The contract logs the end of the listing first."""
        price, only_to = self._asks[punk]
        if only_to not in (None, buyer):
            raise ValueError(f"punk {punk} is offered to holder {only_to} only")
        with self.one_transaction():
            self.delist(punk)
            self._log(SALE, punk, price=price, by=self.owner[punk], to=buyer, kind=BUY)
        self._hand_over(punk, buyer)

    def bid(self, punk: int, bidder: int, price: int) -> None:
        """Replaces the standing bid, which must be lower."""
        if price <= self.bid_wei(punk):
            raise ValueError(f"punk {punk} has a standing bid of {self.bid_wei(punk)} wei")
        self._bids[punk] = (bidder, price)
        with self.one_transaction():
            self._log(BID, punk, price=price, by=bidder)

    def withdraw(self, punk: int) -> None:
        bidder, price = self._bids.pop(punk)
        with self.one_transaction():
            self._log(BID_WITHDRAWN, punk, price=price, by=bidder)

    def accept(self, punk: int) -> None:
        """The owner takes the standing bid. A listing ends without a log of its own."""
        bidder, price = self._bids.pop(punk)
        self._drop_ask(punk)
        with self.one_transaction():
            self._log(SALE, punk, price=price, by=self.owner[punk], to=bidder, kind=ACCEPT_BID)
        self.owner[punk] = bidder

    def transfer(self, punk: int, receiver: int) -> None:
        self._move(TRANSFER, punk, receiver)

    def wrap(self, punk: int) -> None:
        holder = self.owner[punk]
        self._move(WRAP, punk, _WRAPPER)
        self._wrapped[punk] = holder

    def unwrap(self, punk: int) -> None:
        self._move(UNWRAP, punk, self._wrapped.pop(punk))

    def frame(self) -> pl.DataFrame:
        """The log (`EVENT_SCHEMA`)."""
        raw = {name: pl.Int64() if name == "timestamp" else dtype for name, dtype in EVENT_SCHEMA.items()}
        frame = pl.DataFrame(self._rows, schema=raw, orient="row")
        return frame.with_columns(pl.from_epoch("timestamp", time_unit="s").cast(EVENT_SCHEMA["timestamp"]))

    def _move(self, event_type: str, punk: int, receiver: int) -> None:
        with self.one_transaction():
            if punk in self._asks:
                self.delist(punk)
            self._log(event_type, punk, by=self.owner[punk], to=receiver)
        self._hand_over(punk, receiver)

    def _hand_over(self, punk: int, receiver: int) -> None:
        """A new owner's own bid is refunded, silently, as the contract does."""
        self.owner[punk] = receiver
        if punk in self._bids and self._bids[punk][0] == receiver:
            del self._bids[punk]

    def _drop_ask(self, punk: int) -> None:
        self._asks.pop(punk, None)
        self.log_ask[punk] = np.inf

    def _log(
        self,
        event_type: str,
        punk: int,
        *,
        price: int | None = None,
        by: int | None = None,
        to: int | None = None,
        kind: str | None = None,
    ) -> None:
        self._log_index += 1
        self._rows.append(
            (
                int(self._began.timestamp()) + self._block * BLOCK_SECONDS,
                _FIRST_BLOCK + self._block,
                self._tx_index,
                self._log_index,
                punk,
                event_type,
                None if price is None else str(price),
                None if by is None else self._addresses[by],
                None if to is None else self._addresses[to],
                kind,
                self._tx_hash,
            )
        )


def _hex(text: str, digits: int) -> str:
    return "0x" + sha256(text.encode()).hexdigest()[:digits]
