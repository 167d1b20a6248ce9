"""The books: what each buys and when it sells.

Every price paid or received is that of a real event. A book sells a position at the price of the punk's next valid
sale. An excluded sale (`shared.market.valid_sales`) was no trade between strangers, so it closes no position.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from shared.backtest.board import Board
from shared.backtest.feed import MarketEvent, Nowcast, SaleFacts, Valued
from shared.backtest.ledger import Entry, Exit, Ledger, share_of
from shared.backtest.terms import WHOLE, Terms

LONGEST_SKIP = 9
"""A random entry takes one of the next ten sales."""


class SaleBook:
    """Steps into valid sales at their price, frictionless and without a limit: into those below the published value
    (the seed's style), or into all that had one (`buy_all`)."""

    missed = 0

    def __init__(self, *, buy_all: bool) -> None:
        self.ledger = Ledger(capital_wei=None)
        self._buy_all = buy_all

    def on_sale(self, event: MarketEvent, sale: SaleFacts) -> None:
        _leave(self.ledger, event, sale, costs_wei=0)
        valued = sale.valued
        if valued is not None and (self._buy_all or event.price_wei < valued.value_wei):
            _step_in(self.ledger, event, valued, decided_at=valued.as_of, gas_wei=0)


@dataclass(frozen=True, slots=True)
class Order:
    """To take one listing, decided on a nowcast."""

    punk: int
    listing: int
    price_wei: int
    value_wei: int
    decided_at: int
    generation_id: int


class ExecutableBook:
    """Takes public asks that are under the value by the margin, with latency, costs and a limit of capital.

    The real buyer of an ask that the book took is displaced: that purchase is no exit, because the book met its demand.
    The punk's next valid sale is an exit. So is a valid sale at another price or to a bidder, which the book as the
    owner could have made.
    """

    def __init__(self, terms: Terms, board: Board) -> None:
        self.ledger = Ledger(capital_wei=terms.capital_wei)
        self.missed = 0
        self._terms = terms
        self._board = board
        self._ordered: dict[int, int] = {}  # wei set aside, by punk

    def decide(self, nowcast: Nowcast) -> Sequence[Order]:
        """Orders for the asks known as of the nowcast, deepest discount first, within the free cash."""
        candidates: list[tuple[float, int, Order]] = []
        for punk, value in nowcast.values.items():
            ask = self._board.ask(punk)
            if ask is None or ask.since.known >= nowcast.as_of or self.ledger.holds(punk) or punk in self._ordered:
                continue
            if ask.price_wei * WHOLE <= value * (WHOLE - self._terms.margin_bps):
                order = Order(punk, ask.since.seq, ask.price_wei, value, nowcast.as_of, nowcast.generation_id)
                candidates.append((ask.price_wei / value, punk, order))
        if not candidates:
            return ()
        orders: list[Order] = []
        free = self.ledger.cash - sum(self._ordered.values())
        largest = share_of(self.ledger.cash + self.ledger.cost_wei, self._terms.largest_bps)
        for _, punk, order in sorted(candidates, key=lambda candidate: candidate[:2]):
            price = order.price_wei + self._terms.buy_gas_wei
            if price <= min(free, largest):
                free -= price
                self._ordered[punk] = price
                orders.append(order)
        return orders

    def arrive(self, orders: Sequence[Order], at: int) -> int:
        """Fill the orders whose ask still stands; returns the number of filled orders."""
        filled = 0
        for order in orders:
            del self._ordered[order.punk]
            ask = self._board.ask(order.punk)
            if ask is None or ask.since.seq != order.listing:
                self.missed += 1
                continue
            self.ledger.buy(
                Entry(
                    punk=order.punk,
                    decided_at=order.decided_at,
                    generation_id=order.generation_id,
                    value_wei=order.value_wei,
                    at=at,
                    price_wei=ask.price_wei,
                    gas_wei=self._terms.buy_gas_wei,
                    ref=ask.since.ref,
                    listing=ask.since.seq,
                )
            )
            filled += 1
        return filled

    def on_sale(self, event: MarketEvent, sale: SaleFacts) -> None:
        """A valid sale, before it changes the board."""
        trade, ask = self.ledger.position(event.punk), self._board.ask(event.punk)
        displaced = trade is not None and ask is not None and ask.since.seq == trade.entry.listing
        if sale.kind != "buy" or not displaced:
            _leave(self.ledger, event, sale, costs_wei=_selling(self._terms, event))


class RandomBook:
    """For every purchase of the executable book a random one: one of the next ten valid sales, at its price, with the
    same costs and limits. It shows the strategy without its choice of punks."""

    def __init__(self, terms: Terms) -> None:
        self.ledger = Ledger(capital_wei=terms.capital_wei)
        self.missed = 0
        self._terms = terms
        self._random = random.Random(terms.seed)
        self._skips: list[int] = []

    def wish(self, count: int) -> None:
        """The executable book bought `count` punks."""
        self._skips += [self._random.randint(0, LONGEST_SKIP) for _ in range(count)]

    def on_sale(self, event: MarketEvent, sale: SaleFacts) -> None:
        _leave(self.ledger, event, sale, costs_wei=_selling(self._terms, event))
        if not self._skips or sale.valued is None:
            return
        if self._skips[0] > 0:
            self._skips[0] -= 1
            return
        price = event.price_wei + self._terms.buy_gas_wei
        equity = self.ledger.cash + self.ledger.cost_wei
        if price > min(self.ledger.cash, share_of(equity, self._terms.largest_bps)):
            self.missed += 1
            return  # it waits for a sale that it can afford
        self._skips.pop(0)
        _step_in(self.ledger, event, sale.valued, decided_at=event.time, gas_wei=self._terms.buy_gas_wei)


def _step_in(ledger: Ledger, event: MarketEvent, valued: Valued, *, decided_at: int, gas_wei: int) -> None:
    """Buy the punk at the price of its sale."""
    ledger.buy(
        Entry(
            punk=event.punk,
            decided_at=decided_at,
            generation_id=valued.generation_id,
            value_wei=valued.value_wei,
            at=event.time,
            price_wei=event.price_wei,
            gas_wei=gas_wei,
            ref=event.ref,
        )
    )


def _selling(terms: Terms, event: MarketEvent) -> int:
    return terms.sell_gas_wei + share_of(event.price_wei, terms.sell_fee_bps)


def _leave(ledger: Ledger, event: MarketEvent, sale: SaleFacts, *, costs_wei: int) -> None:
    """Sell the punk, if it is held, at the price of its valid sale."""
    if ledger.holds(event.punk):
        ledger.sell(event.punk, Exit(event.time, event.price_wei, costs_wei, sale.kind, event.ref))
