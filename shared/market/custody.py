"""Owners of all punks and their previous holders, to separate sales between strangers from sales between own
wallets."""

from collections.abc import Iterable
from typing import NamedTuple

from shared.market.event_types import OWNER_CHANGES, SALE, Address
from shared.market.traits import PUNKS
from shared.units import DAY_S

RECENT_S = DAY_S
"""A transfer without a price links two wallets for this long. Older loans and gifts do not count."""


class _Held(NamedTuple):
    """The current owner's acquisition. `holders`: previous holders within transaction `tx_hash`."""

    owner: Address
    giver: Address
    time: int
    tx_hash: str
    holders: tuple[Address, ...]


class _Sold(NamedTuple):
    """A punk's last valid sale. `returned`: the buyer's next step was a transfer back to the seller."""

    seller: Address
    buyer: Address
    time: int
    returned: bool


class Custody:
    """Owners of all punks, folded from events in contract order. Times are UTC seconds."""

    def __init__(self) -> None:
        self._held: list[_Held | None] = [None] * PUNKS
        self._sold: dict[int, _Sold] = {}

    def owner(self, punk: int) -> Address:
        held = self._held[punk]
        return None if held is None else held.owner

    def holders(self, punk: int, tx_hash: str) -> tuple[Address, ...]:
        """Previous holders of the punk within this transaction."""
        held = self._held[punk]
        return () if held is None or held.tx_hash != tx_hash else held.holders

    def giver(self, punk: int, time: int) -> Address:
        """The previous owner, if it transferred the punk without a price within `RECENT_S`."""
        held = self._held[punk]
        return None if held is None or time - held.time > RECENT_S else held.giver

    def sold_before(self, punk: int, seller: Address, time: int) -> bool:
        """Whether the seller sold this punk within `RECENT_S` and got it back by the buyer's transfer."""
        sold = self._sold.get(punk)
        return sold is not None and sold.returned and sold.seller == seller and time - sold.time <= RECENT_S

    def moved(self, punk: int, receiver: Address, time: int, tx_hash: str, *, free: bool) -> None:
        """The punk went to `receiver`; `free`: without a price, by a transfer."""
        held = self._held[punk]
        sender = None if held is None else held.owner
        holders: tuple[Address, ...] = ()
        if held is not None and held.tx_hash == tx_hash:
            holders = (*held.holders, sender)
        elif sender is not None:
            holders = (sender,)
        self._held[punk] = _Held(receiver, sender if free else None, time, tx_hash, holders)
        sold = self._sold.pop(punk, None)
        if sold is not None and free and sender == sold.buyer and receiver == sold.seller:
            self._sold[punk] = sold._replace(returned=True)

    def counted(self, punk: int, seller: Address, buyer: Address, time: int) -> None:
        """The last move was a valid sale."""
        self._sold[punk] = _Sold(seller, buyer, time, returned=False)


def later_holders(moves: Iterable[tuple[int, str, str, int, str]]) -> dict[int, tuple[str, ...]]:
    """Later owners within the transaction, newest first, for each sale (by `seq`) whose punk moves on in it.

    `moves`: `seq, tx_hash, event_type, punk_id, to_address` of every event, newest first, beginning with the last event
    of a transaction. A transaction becomes known completely, so its later owners are known at the sale.
    """
    later: dict[int, tuple[str, ...]] = {}
    onward: dict[tuple[str, int], tuple[str, ...]] = {}
    for seq, tx_hash, kind, punk, receiver in moves:
        if kind in OWNER_CHANGES:
            after = onward.get((tx_hash, punk), ())
            if after and kind == SALE:
                later[seq] = after
            onward[tx_hash, punk] = (*after, receiver)
    return later
