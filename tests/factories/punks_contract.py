"""CryptoPunksMarket played in Python: the checks, the storage and the logs of its verified source.

Beside the logs it keeps the events that truly happened, with what the logs leave out, so that a decoder can be
compared with it. Logs are encoded by eth_abi from signatures of their own, not by the project's table.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl
from eth_abi import encode
from eth_utils import keccak

from shared.market.events import EVENT_SCHEMA

ADDRESS: Final = "0xb47e3cd837ddf8e4c57f05d70ab865de6e193bbb"
WRAPPERS: Final = ("0xb7f7f6c52f2e2fdb1963eab30438024864c313f6", "0x000000000000003607fce1ac9e043a86675c5c2f")
NOBODY: Final = "0x" + "0" * 40
FIRST_BLOCK: Final = 4_000_000
FIRST_SECOND: Final = 1_500_000_000
SECONDS_PER_BLOCK: Final = 12

_INDEXED: Final = {
    "Assign": [("address", True), ("uint256", False)],
    "Transfer": [("address", True), ("address", True), ("uint256", False)],
    "PunkTransfer": [("address", True), ("address", True), ("uint256", False)],
    "PunkOffered": [("uint256", True), ("uint256", False), ("address", True)],
    "PunkBidEntered": [("uint256", True), ("uint256", False), ("address", True)],
    "PunkBidWithdrawn": [("uint256", True), ("uint256", False), ("address", True)],
    "PunkBought": [("uint256", True), ("uint256", False), ("address", True), ("address", True)],
    "PunkNoLongerForSale": [("uint256", True)],
}
TOPICS: Final = {
    name: "0x" + keccak(text=f"{name}({','.join(kind for kind, _ in arguments)})").hex()
    for name, arguments in _INDEXED.items()
}


class Reverted(Exception):  # noqa: N818 – the chain's own word
    """The contract refuses the call; nothing happened."""


@dataclass
class PunksContract:
    """Its functions by their own names in snake case, `sender` first. Each call is a transaction in a block of its own,
    unless `block` or `transaction` hold several together.
    """

    owners: dict[int, str] = field(default_factory=dict)
    offers: dict[int, tuple[str, int, str]] = field(default_factory=dict)
    bids: dict[int, tuple[str, int]] = field(default_factory=dict)
    logs: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    _number: int = FIRST_BLOCK
    _tx_index: int = 0
    _log_index: int = 0
    _in_block: bool = False
    _in_transaction: bool = False
    _transactions: int = 0

    @contextmanager
    def block(self) -> Iterator[None]:
        self._in_block = True
        yield
        self._in_block = False
        self._next_block()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._in_transaction = True
        yield
        self._in_transaction = False
        self._next_transaction()

    def pause(self, days: int) -> None:
        """Nothing happens on the contract for so long."""
        self._number += days * 86_400 // SECONDS_PER_BLOCK

    def frame(self) -> pl.DataFrame:
        """What truly happened, as canonical events."""
        return pl.DataFrame(self.events, schema=EVENT_SCHEMA, orient="row")

    def get_punk(self, sender: str, punk: int) -> None:
        self._require(punk not in self.owners)
        self.owners[punk] = sender
        self._log("Assign", sender, punk, event=("claim", punk, None, None, sender))
        self._done()

    def transfer_punk(self, sender: str, to: str, punk: int) -> None:
        self._require(self.owners.get(punk) == sender)
        if punk in self.offers:
            self._no_longer_for_sale(punk, sender)
        self.owners[punk] = to
        self._log("Transfer", sender, to, 1)
        kind = "wrap" if to in WRAPPERS else "unwrap" if sender in WRAPPERS else "transfer"
        self._log("PunkTransfer", sender, to, punk, event=(kind, punk, None, sender, to))
        self._refund_own_bid(punk, to)
        self._done()

    def punk_no_longer_for_sale(self, sender: str, punk: int) -> None:
        self._require(self.owners.get(punk) == sender)
        self._no_longer_for_sale(punk, sender)
        self._done()

    def offer_punk_for_sale(self, sender: str, punk: int, price: int, to: str = NOBODY) -> None:
        self._require(self.owners.get(punk) == sender)
        self.offers[punk] = (sender, price, to)
        self._log("PunkOffered", punk, price, to, event=("listed", punk, price, sender, None if to == NOBODY else to))
        self._done()

    def buy_punk(self, sender: str, punk: int, value: int) -> None:
        self._require(punk in self.offers)
        seller, price, only = self.offers[punk]
        self._require(only in (NOBODY, sender) and value >= price and seller == self.owners.get(punk))
        self.owners[punk] = sender
        self._log("Transfer", seller, sender, 1)
        self._no_longer_for_sale(punk, seller)
        self._log("PunkBought", punk, value, seller, sender, event=("sale", punk, value, seller, sender, "buy"))
        self._refund_own_bid(punk, sender)
        self._done()

    def enter_bid_for_punk(self, sender: str, punk: int, value: int) -> None:
        self._require(punk in self.owners and self.owners[punk] != sender)
        self._require(value > self.bids.get(punk, (NOBODY, 0))[1])
        self.bids[punk] = (sender, value)
        self._log("PunkBidEntered", punk, value, sender, event=("bid", punk, value, sender))
        self._done()

    def accept_bid_for_punk(self, sender: str, punk: int, min_price: int = 0) -> None:
        self._require(self.owners.get(punk) == sender and punk in self.bids and self.bids[punk][1] >= min_price)
        bidder, value = self.bids.pop(punk)
        self.owners[punk] = bidder
        self._log("Transfer", sender, bidder, 1)
        # The bid is a reference into storage and cleared by now: the log says no price and nobody.
        self.offers.pop(punk, None)
        self._log("PunkBought", punk, 0, sender, NOBODY, event=("sale", punk, value, sender, bidder, "accept_bid"))
        self._done()

    def withdraw_bid_for_punk(self, sender: str, punk: int) -> None:
        self._require(self.owners.get(punk) not in (None, sender))
        self._require(self.bids.get(punk, (NOBODY, 0))[0] == sender)
        _, value = self.bids.pop(punk)
        self._log("PunkBidWithdrawn", punk, value, sender, event=("bid_withdrawn", punk, value, sender))
        self._done()

    def _no_longer_for_sale(self, punk: int, seller: str) -> None:
        self.offers.pop(punk, None)
        self._log("PunkNoLongerForSale", punk, event=("delisted", punk, None, seller))

    def _refund_own_bid(self, punk: int, owner: str) -> None:
        if self.bids.get(punk, (NOBODY, 0))[0] == owner:
            self.bids.pop(punk, None)

    @staticmethod
    def _require(condition: bool) -> None:
        if not condition:
            raise Reverted

    def _log(self, name: str, *arguments: Any, event: tuple[Any, ...] | None = None) -> None:
        """A log, and what truly happened: kind, punk, price in wei, from, to, kind of a sale."""
        place = {
            "block": self._number,
            "tx_index": self._tx_index,
            "log_index": self._log_index,
            "tx_hash": f"0x{self._transactions:064x}",
        }
        self.logs.append(log(name, *arguments, **place))
        if event is not None:
            kind, punk, price, *parties = event
            row = dict(zip(("from_address", "to_address", "sale_kind"), parties, strict=False))
            row |= {"punk_id": punk, "event_type": kind, "price_wei": None if price is None else str(price)}
            self.events.append({"timestamp": datetime.fromtimestamp(seconds_of(self._number), UTC)} | place | row)
        self._log_index += 1

    def _done(self) -> None:
        if not self._in_transaction:
            self._next_transaction()

    def _next_transaction(self) -> None:
        self._transactions += 1
        self._tx_index += 1
        # Logs of other contracts lie between.
        self._log_index += 1
        if not self._in_block:
            self._next_block()

    def _next_block(self) -> None:
        self._number, self._tx_index, self._log_index = self._number + 1, 0, 0


def log(
    name: str,
    *arguments: Any,
    block: int = FIRST_BLOCK,
    tx_index: int = 0,
    log_index: int = 0,
    tx_hash: str = "0x" + "1" * 64,
    address: str = ADDRESS,
) -> dict[str, Any]:
    """One log of the event `name` with these arguments in Etherscan's form."""
    words = [
        (encode([kind], [value]), indexed) for (kind, indexed), value in zip(_INDEXED[name], arguments, strict=True)
    ]
    return {
        "address": address,
        "topics": [TOPICS[name], *("0x" + word.hex() for word, indexed in words if indexed)],
        "data": "0x" + b"".join(word for word, indexed in words if not indexed).hex(),
        "blockNumber": hex(block),
        "timeStamp": hex(seconds_of(block)),
        "gasPrice": "0x1",
        "gasUsed": "0x5208",
        "logIndex": hex(log_index) if log_index else "0x",
        "transactionHash": tx_hash,
        "transactionIndex": hex(tx_index) if tx_index else "0x",
    }


def seconds_of(block: int) -> int:
    """When a block was made, in seconds since 1970."""
    return FIRST_SECOND + SECONDS_PER_BLOCK * (block - FIRST_BLOCK)


def attempt(call: Callable[[], None]) -> None:
    """Make a call that the contract may refuse."""
    try:
        call()
    except Reverted:
        return
