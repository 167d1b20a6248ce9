"""Plays all books over one day after another, in the order in which things were known."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.backtest.board import Board
from shared.backtest.books import ExecutableBook, Order, RandomBook, SaleBook
from shared.backtest.ledger import DayEnd, Trade
from shared.backtest.tape import Close, Day, Happening, Nowcast
from shared.backtest.terms import Terms
from shared.errors import InvalidInputError
from shared.units import DAY_S

BookName = Literal["executable", "seed_style", "buy_all", "random_entry", "floor_index"]


@dataclass(frozen=True)
class Played:
    """What a book did."""

    name: BookName
    days: Sequence[DayEnd]
    trades: Sequence[Trade]
    missed: int


class Player:
    """Folds days. Books see nothing of a day's end before it has come.

    The market's events up to the first day only move the board (`warm_up`). Playing begins with the first day that has
    a nowcast to mark by.
    """

    def __init__(self, terms: Terms, *, executable: bool = True) -> None:
        """Without `executable` (there are no whole nowcasts to decide on) only the books of sales are played."""
        self.terms = terms
        self.board = Board()
        self.generations = 0
        self.sales = 0
        self._seed_style, self._buy_all = SaleBook(buy_all=False), SaleBook(buy_all=True)
        self._executable = ExecutableBook(terms) if executable else None
        self._random = RandomBook(terms)
        self._index: list[DayEnd] = []
        self._pending: deque[Sequence[Order]] = deque()
        self._arriving: deque[tuple[int, Sequence[Order]]] = deque()
        self._close: Close | None = None
        self._first_floor = 0
        self._last_day: int | None = None

    def warm_up(self, happenings: Iterable[Happening]) -> None:
        """The market before the first day, in contract order."""
        for event in happenings:
            self.board.apply(event)

    def play(self, day: Day) -> None:
        """One more day.

        Raises:
            InvalidInputError: not the day after the last one.
        """
        if self._last_day is not None and day.number != self._last_day + 1:
            raise InvalidInputError(f"day {day.number} does not follow day {self._last_day}")
        self._last_day = day.number
        nowcasts = deque(day.nowcasts)
        for event in day.happenings:
            # What a nowcast is as of lies strictly before it; an order arrives after what happened at that instant.
            while nowcasts and nowcasts[0].as_of <= event.time:
                self._decide(nowcasts.popleft())
            self._arrive(before=event.time)
            self._happen(event)
        while nowcasts:
            self._decide(nowcasts.popleft())
        self._arrive(before=(day.number + 1) * DAY_S)
        self._end(day)

    def played(self) -> list[Played]:
        """All books so far, the strategies first."""
        books = [
            Played("seed_style", self._seed_style.ledger.days, self._seed_style.ledger.trades(), 0),
            Played("buy_all", self._buy_all.ledger.days, self._buy_all.ledger.trades(), 0),
            Played("floor_index", self._index, (), 0),
        ]
        if self._executable is not None:
            ledger, random = self._executable.ledger, self._random.ledger
            books[:0] = [Played("executable", ledger.days, ledger.trades(), self._executable.missed)]
            books[3:3] = [Played("random_entry", random.days, random.trades(), self._random.missed)]
        return books

    def _decide(self, nowcast: Nowcast) -> None:
        self._arrive(before=nowcast.as_of)
        self.generations += 1
        if self._executable is None:
            return
        self._pending.append(self._executable.decide(nowcast, self.board))
        if len(self._pending) > self.terms.latency:
            self._arriving.append((nowcast.published_at, self._pending.popleft()))

    def _arrive(self, *, before: int) -> None:
        while self._arriving and self._arriving[0][0] < before:
            at, orders = self._arriving.popleft()
            assert self._executable is not None
            self._random.wish(self._executable.arrive(orders, at, self.board))

    def _happen(self, event: Happening) -> None:
        if event.sale is not None:
            self.sales += event.sale.valid and event.sale.valued is not None
            self._seed_style.on_sale(event)
            self._buy_all.on_sale(event)
            self._random.on_sale(event)
            if self._executable is not None:
                self._executable.on_sale(event, self.board)
        self.board.apply(event)

    def _end(self, day: Day) -> None:
        self._close = day.close or self._close
        if self._close is None:
            return
        ledgers = [self._seed_style.ledger, self._buy_all.ledger, self._random.ledger]
        if self._executable is not None:
            ledgers.append(self._executable.ledger)
        for ledger in ledgers:
            ledger.end_day(day.number, self._close, self.board.bid_wei)
        self._first_floor = self._first_floor or self._close.floor_wei
        # As many floor punks, and parts of one, as the capital bought at the first floor. It is marked at the floor
        # however one marks: nobody bids on an index.
        worth = self.terms.capital_wei * self._close.floor_wei // max(self._first_floor, 1)
        self._index.append(DayEnd(day.number, 0, (worth, worth, worth), self.terms.capital_wei, 0, 0, 0, 0, 0))
