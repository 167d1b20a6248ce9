"""A book's money: cash, positions, trades and the equity of every day, exact to the wei.

Two ways of funding. `capital`: the book starts with an amount, and its cash pays for purchases. `per_trade`: each
purchase is paid in from outside and each sale is paid out, so the book holds no cash. Its return is that of the money
at work.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from shared.backtest.feed import Close
from shared.backtest.terms import WHOLE

Mark = Literal["bid", "floor", "value"]
MARKS: Final[tuple[Mark, ...]] = ("bid", "floor", "value")


@dataclass(frozen=True, slots=True)
class Entry:
    """A purchase. `listing` is the number of the ask that was taken; None if the book stepped into a sale."""

    punk: int
    decided_at: int
    generation_id: int | None
    value_wei: int
    at: int
    price_wei: int
    gas_wei: int
    ref: str
    listing: int | None = None


@dataclass(frozen=True, slots=True)
class Exit:
    at: int
    price_wei: int
    costs_wei: int
    kind: Literal["buy", "accept_bid"]
    ref: str


@dataclass(frozen=True, slots=True)
class Trade:
    """A position from its purchase on. `exit` is None while it is open; then `marks` are its last marks in wei."""

    number: int
    entry: Entry
    exit: Exit | None = None
    marks: tuple[int, int, int] | None = None

    @property
    def paid_wei(self) -> int:
        return self.entry.price_wei + self.entry.gas_wei

    @property
    def gain_wei(self) -> int | None:
        """After all costs; None while open."""
        return None if self.exit is None else self.exit.price_wei - self.exit.costs_wei - self.paid_wei


@dataclass(frozen=True, slots=True)
class DayEnd:
    """The end of a day, in wei. `positions` are in the order of `MARKS`; `paid_in` and `paid_out` are of the day."""

    day: int
    cash: int
    positions: tuple[int, int, int]
    cost: int
    held: int
    paid_in: int
    paid_out: int
    bought: int
    sold: int

    def equity(self, mark: Mark) -> int:
        return self.cash + self.positions[MARKS.index(mark)]


@dataclass(slots=True)
class _Held:
    trade: Trade
    value_wei: int
    floor_wei: int


class Ledger:
    """Bookkeeping of one book."""

    def __init__(self, *, capital_wei: int | None) -> None:
        self.per_trade = capital_wei is None
        self.cash = capital_wei or 0
        self.days: list[DayEnd] = []
        self._held: dict[int, _Held] = {}
        self._closed: list[Trade] = []
        self._numbers = 0
        self._floor = 0
        self._paid_in = self._paid_out = self._bought = self._sold = 0

    def holds(self, punk: int) -> bool:
        return punk in self._held

    def position(self, punk: int) -> Trade | None:
        held = self._held.get(punk)
        return None if held is None else held.trade

    @property
    def cost_wei(self) -> int:
        """What the open positions cost."""
        return sum(held.trade.paid_wei for held in self._held.values())

    def buy(self, entry: Entry) -> None:
        """Pay for a punk that the book does not hold. The caller has checked the cash."""
        paid = entry.price_wei + entry.gas_wei
        if self.per_trade:
            self._paid_in += paid
        else:
            self.cash -= paid
        if self.cash < 0 or entry.punk in self._held:
            raise ValueError(f"punk {entry.punk} cannot be bought: cash {self.cash}, held {entry.punk in self._held}")
        self._numbers += 1
        self._bought += entry.price_wei
        self._held[entry.punk] = _Held(Trade(self._numbers, entry), entry.value_wei, self._floor)

    def sell(self, punk: int, exit_: Exit) -> None:
        held = self._held.pop(punk)
        received = exit_.price_wei - exit_.costs_wei
        if self.per_trade:
            self._paid_out += received
        else:
            self.cash += received
        self._sold += exit_.price_wei
        self._closed.append(replace(held.trade, exit=exit_))

    def end_day(self, day: int, close: Close, bid_wei: Callable[[int], int]) -> None:
        """Mark the open positions and record the day. The floor's mark is the lower of floor and value."""
        self._floor = close.floor_wei
        totals = [0, 0, 0]
        for punk, held in self._held.items():
            held.value_wei = _carried(held, punk, close.values, close.floor_wei)
            held.floor_wei = close.floor_wei
            marks = (bid_wei(punk), min(close.floor_wei, held.value_wei), held.value_wei)
            held.trade = replace(held.trade, marks=marks)
            totals = [total + mark for total, mark in zip(totals, marks, strict=True)]
        bid, floor, value = totals
        self.days.append(
            DayEnd(
                day=day,
                cash=self.cash,
                positions=(bid, floor, value),
                cost=self.cost_wei,
                held=len(self._held),
                paid_in=self._paid_in,
                paid_out=self._paid_out,
                bought=self._bought,
                sold=self._sold,
            )
        )
        self._paid_in = self._paid_out = self._bought = self._sold = 0

    def trades(self) -> list[Trade]:
        """All trades by number, closed and open."""
        return sorted([*self._closed, *(held.trade for held in self._held.values())], key=lambda trade: trade.number)


def share_of(amount_wei: int, bps: int) -> int:
    """`bps` basis points of an amount, rounded down to the wei."""
    return amount_wei * bps // WHOLE


def _carried(held: _Held, punk: int, values: Mapping[int, int], floor_wei: int) -> int:
    """The punk's value now. An unpublished value is the last one, moved by the floor."""
    value = values.get(punk)
    if value is not None:
        return value
    if not held.floor_wei or not floor_wei:
        return held.value_wei
    return held.value_wei * floor_wei // held.floor_wei
