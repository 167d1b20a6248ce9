"""The contract of the simulated market: keeps owners, asks and bids, and logs like the real contract.

Every method takes arrays: row i is a transaction about punk `punks[i]` in block `blocks[i]`. The punks of a call are
distinct. Calls about the same punk come in the order of blocks; calls about different punks come in any order, because
the log is sorted at the end.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.market.event_types import (
    ACCEPT_BID,
    BID,
    BID_WITHDRAWN,
    BUY,
    CLAIM,
    DELISTED,
    LISTED,
    SALE,
    TRANSFER,
    UNWRAP,
    WRAP,
)
from shared.market.series import Ints

NOBODY: Final = -1
NO_PRICE: Final = -1
KINDS: Final = (
    (CLAIM, None), (LISTED, None), (DELISTED, None), (BID, None), (BID_WITHDRAWN, None), (SALE, BUY),
    (SALE, ACCEPT_BID), (TRANSFER, None), (WRAP, None), (UNWRAP, None),
)  # fmt: skip
"""(event type, sale kind) by code in the log."""
_CODE: Final = {kind: code for code, kind in enumerate(KINDS)}


@dataclass(frozen=True)
class Log:
    """All events in contract order, one array per column.

    Attributes:
        block: counted from the beginning of the market.
        transaction: ascending number of the transaction.
        code: index into `KINDS`.
        price: gwei, `NO_PRICE` without one.
        sender, receiver: holders, `NOBODY` without one.
    """

    block: Ints
    transaction: Ints
    punk: Ints
    code: Ints
    price: Ints
    sender: Ints
    receiver: Ints


class Ledger:
    """State and log. Holders are numbers; prices are whole gwei.

    Attributes, each of shape (punks,):
        owner: the wrapper for a wrapped punk.
        asking: price of the standing offer, `NO_PRICE` without one.
        only_to: the only allowed buyer, `NOBODY` for a public offer.
        bidding, bidder: the standing bid and its bidder, `NO_PRICE` and `NOBODY` without one.
        wrapped_by: the holder who wrapped it, `NOBODY` if it is not wrapped.

    `wrapper` is the number of the wrapper contract, one more holder.
    """

    def __init__(self, punks: int, holders: int) -> None:
        self.owner: Ints = np.full(punks, NOBODY)
        self.asking: Ints = np.full(punks, NO_PRICE)
        self.only_to: Ints = np.full(punks, NOBODY)
        self.bidding: Ints = np.full(punks, NO_PRICE)
        self.bidder: Ints = np.full(punks, NOBODY)
        self.wrapped_by: Ints = np.full(punks, NOBODY)
        self.wrapper = holders
        self._transactions = 0
        self._rows: list[tuple[Ints, ...]] = []

    def public(self) -> Ints:
        """Punks with a public ask, ascending."""
        return np.flatnonzero((self.asking >= 0) & (self.only_to == NOBODY))

    def begin(self, count: int) -> Ints:
        """Numbers for `count` transactions."""
        self._transactions += count
        return np.arange(self._transactions - count, self._transactions)

    def claim(self, punks: Ints, blocks: Ints, holders: Ints) -> None:
        self.owner[punks] = holders
        self._log((CLAIM, None), punks, blocks, self.begin(len(punks)), receiver=holders)

    def ask(
        self, punks: Ints, blocks: Ints, prices: Ints, only_to: Ints | None = None, *, within: Ints | None = None
    ) -> None:
        """List or relist, for everybody or for one holder. `within`: transactions from `begin`."""
        self.asking[punks] = prices
        self.only_to[punks] = NOBODY if only_to is None else only_to
        self._log(
            (LISTED, None), punks, blocks, self._in(within, punks), prices, self.owner[punks], self.only_to[punks]
        )

    def delist(self, punks: Ints, blocks: Ints, *, within: Ints | None = None) -> None:
        self._drop(punks)
        self._log((DELISTED, None), punks, blocks, self._in(within, punks), sender=self.owner[punks])

    def buy(self, punks: Ints, blocks: Ints, buyers: Ints, *, within: Ints | None = None) -> None:
        """Buy at the standing ask. The contract first logs the end of the listing."""
        prices, only_to = self.asking[punks], self.only_to[punks]
        if (prices < 0).any() or ((only_to != NOBODY) & (only_to != buyers)).any():
            raise ValueError("a punk is not offered, or not to this buyer")
        within = self._in(within, punks)
        self.delist(punks, blocks, within=within)
        self._log((SALE, BUY), punks, blocks, within, prices, self.owner[punks], buyers)
        self._hand_over(punks, buyers)

    def bid(self, punks: Ints, blocks: Ints, bidders: Ints, prices: Ints) -> None:
        """Bid, in place of the standing bid, which must be lower."""
        if (prices <= self.bidding[punks]).any():
            raise ValueError("a standing bid is not lower")
        self.bidding[punks], self.bidder[punks] = prices, bidders
        self._log((BID, None), punks, blocks, self.begin(len(punks)), prices, bidders)

    def withdraw(self, punks: Ints, blocks: Ints) -> None:
        self._log((BID_WITHDRAWN, None), punks, blocks, self.begin(len(punks)), self.bidding[punks], self.bidder[punks])
        self._forget_bid(punks)

    def accept(self, punks: Ints, blocks: Ints) -> None:
        """Accept the standing bid. A listing ends without a log."""
        bidders = self.bidder[punks]
        if (bidders == NOBODY).any():
            raise ValueError("a punk has no bid to accept")
        self._log(
            (SALE, ACCEPT_BID), punks, blocks, self.begin(len(punks)), self.bidding[punks], self.owner[punks], bidders
        )
        self._drop(punks)
        self._forget_bid(punks)
        self.owner[punks] = bidders

    def transfer(self, punks: Ints, blocks: Ints, receivers: Ints, *, within: Ints | None = None) -> None:
        self._move(TRANSFER, punks, blocks, receivers, self._in(within, punks))

    def wrap(self, punks: Ints, blocks: Ints) -> None:
        holders = self.owner[punks]
        self._move(WRAP, punks, blocks, np.full(len(punks), self.wrapper), self.begin(len(punks)))
        self.wrapped_by[punks] = holders

    def unwrap(self, punks: Ints, blocks: Ints) -> None:
        holders = self.wrapped_by[punks]
        self.wrapped_by[punks] = NOBODY
        self._move(UNWRAP, punks, blocks, holders, self.begin(len(punks)))

    def log(self) -> Log:
        """All events so far, in contract order."""
        block, transaction, *others = (np.concatenate(column) for column in zip(*self._rows, strict=True))
        # The stable sort keeps the order of logs within a transaction.
        order = np.lexsort((transaction, block))
        return Log(block[order], transaction[order], *(column[order] for column in others))

    def _in(self, within: Ints | None, punks: Ints) -> Ints:
        return self.begin(len(punks)) if within is None else within

    def _move(self, kind: str, punks: Ints, blocks: Ints, receivers: Ints, within: Ints) -> None:
        listed = self.asking[punks] >= 0
        if listed.any():
            self.delist(punks[listed], blocks[listed], within=within[listed])
        self._log((kind, None), punks, blocks, within, sender=self.owner[punks], receiver=receivers)
        self._hand_over(punks, receivers)

    def _hand_over(self, punks: Ints, receivers: Ints) -> None:
        """Change owners; the contract refunds a new owner's own bid without a log."""
        self.owner[punks] = receivers
        self._forget_bid(punks[self.bidder[punks] == receivers])

    def _drop(self, punks: Ints) -> None:
        self.asking[punks], self.only_to[punks] = NO_PRICE, NOBODY

    def _forget_bid(self, punks: Ints) -> None:
        self.bidding[punks], self.bidder[punks] = NO_PRICE, NOBODY

    def _log(
        self,
        kind: tuple[str, str | None],
        punks: Ints,
        blocks: Ints,
        within: Ints,
        prices: Ints | None = None,
        sender: Ints | None = None,
        receiver: Ints | None = None,
    ) -> None:
        if not len(punks):
            return
        nothing = np.full(len(punks), -1)
        self._rows.append(
            (
                np.asarray(blocks),
                within,
                np.asarray(punks),
                np.full(len(punks), _CODE[kind]),
                nothing if prices is None else np.array(prices),
                nothing if sender is None else np.array(sender),
                nothing if receiver is None else np.array(receiver),
            )
        )
