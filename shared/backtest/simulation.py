"""Runs all books over one day after another, in the order in which things were known."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.backtest.board import Board
from shared.backtest.books import ExecutableBook, Order, RandomBook, SaleBook
from shared.backtest.feed import Close, Day, MarketEvent, Nowcast
from shared.backtest.ledger import DayEnd, Trade
from shared.backtest.terms import Terms
from shared.errors import InvalidInputError
from shared.units import DAY_S

BookName = Literal["executable", "seed_style", "buy_all", "random_entry", "floor_index"]


@dataclass(frozen=True)
class BookRun:
    """What a book did."""

    name: BookName
    days: Sequence[DayEnd]
    trades: Sequence[Trade]
    missed: int


class Simulation:
    """Folds days. Books see nothing of a day's end before it has come.

    The market's events up to the first day only move the board (`warm_up`). The books begin with the first day that has
    a nowcast to mark by.
    """

    def __init__(self, terms: Terms, *, executable: bool = True) -> None:
        """Without `executable` (there are no whole nowcasts to decide on), only the books of sales are reported."""
        self.terms = terms
        self.board = Board()
        self.generations = 0
        self.sales = 0
        self._executable = ExecutableBook(terms, self.board)
        self._random = RandomBook(terms)
        self._books: dict[BookName, ExecutableBook | SaleBook | RandomBook] = {
            "executable": self._executable,
            "seed_style": SaleBook(buy_all=False),
            "buy_all": SaleBook(buy_all=True),
            "random_entry": self._random,
        }
        self._reported = [name for name in self._books if executable or name in ("seed_style", "buy_all")]
        self._index: list[DayEnd] = []
        self._pending: deque[Sequence[Order]] = deque()
        self._arriving: deque[tuple[int, Sequence[Order]]] = deque()
        self._close: Close | None = None
        self._first_floor = 0
        self._last_day: int | None = None

    def warm_up(self, events: Iterable[MarketEvent]) -> None:
        """The market before the first day, in contract order."""
        for event in events:
            self.board.take(event)

    def run_day(self, day: Day) -> None:
        """Run one more day.

        Raises:
            InvalidInputError: not the day after the last one.
        """
        if self._last_day is not None and day.number != self._last_day + 1:
            raise InvalidInputError(f"day {day.number} does not follow day {self._last_day}")
        self._last_day = day.number
        nowcasts = deque(day.nowcasts)
        for event in day.events:
            # A nowcast reads only events before its instant; an order arrives after the events of its instant.
            while nowcasts and nowcasts[0].as_of <= event.time:
                self._decide(nowcasts.popleft())
            self._arrive(before=event.time)
            self._take(event)
        while nowcasts:
            self._decide(nowcasts.popleft())
        self._arrive(before=(day.number + 1) * DAY_S)
        self._end(day)

    def books(self) -> list[BookRun]:
        """All books so far, the strategies first."""
        books = [(name, self._books[name]) for name in self._reported]
        runs = [BookRun(name, book.ledger.days, book.ledger.trades(), book.missed) for name, book in books]
        return [*runs, BookRun("floor_index", self._index, (), 0)]

    def _decide(self, nowcast: Nowcast) -> None:
        self._arrive(before=nowcast.as_of)
        self.generations += 1
        self._pending.append(self._executable.decide(nowcast))
        if len(self._pending) > self.terms.latency:
            self._arriving.append((nowcast.published_at, self._pending.popleft()))

    def _arrive(self, *, before: int) -> None:
        while self._arriving and self._arriving[0][0] < before:
            at, orders = self._arriving.popleft()
            self._random.wish(self._executable.arrive(orders, at))

    def _take(self, event: MarketEvent) -> None:
        if event.sale is not None and event.sale.valid:
            self.sales += event.sale.valued is not None
            for book in self._books.values():
                book.on_sale(event, event.sale)
        self.board.take(event)

    def _end(self, day: Day) -> None:
        self._close = day.close or self._close
        if self._close is None:
            return
        for book in self._books.values():
            book.ledger.end_day(day.number, self._close, self.board.bid_wei)
        self._first_floor = self._first_floor or self._close.floor_wei
        # As many floor punks, and parts of one, as the capital bought at the first floor. Every mark of the index is
        # the floor, because nobody bids on an index.
        worth = self.terms.capital_wei * self._close.floor_wei // max(self._first_floor, 1)
        self._index.append(DayEnd(day.number, 0, (worth, worth, worth), self.terms.capital_wei, 0, 0, 0, 0, 0))
