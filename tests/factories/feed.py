"""Small markets for the backtest: days of events and nowcasts, written by hand or drawn at random."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shared.backtest.feed import Close, Day, MarketEvent, Nowcast, SaleFacts, Valued
from shared.backtest.simulation import Simulation
from shared.backtest.terms import Terms
from shared.units import DAY_S, ETH

FIRST_DAY = 20_000
START = FIRST_DAY * DAY_S
HALF_HOUR = 1_800


def wei(eth: float) -> int:
    return round(eth * 1000) * ETH // 1000


def at(hour: float) -> int:
    return START + round(hour * 3600)


@dataclass
class Feed:
    """Collects events and nowcasts; `days` cuts them at midnight. Hours count from the start of the first day."""

    events: list[MarketEvent] = field(default_factory=list)
    nowcasts: list[Nowcast] = field(default_factory=list)
    floor_eth: float = 40.0

    def happen(self, kind: str, punk: int, hour: float, eth: float = 0.0, **more: Any) -> MarketEvent:
        seq, time = len(self.events) + 1, at(hour)
        self.events.append(MarketEvent(seq, time, time, punk, kind, wei(eth), f"0x{seq:064x}:0", **more))
        return self.events[-1]

    def sale(
        self, punk: int, hour: float, eth: float, *, value: float | None = None, kind: Any = "buy", valid: bool = True
    ) -> MarketEvent:
        valued = None if value is None else Valued(wei(value), at(hour) - HALF_HOUR, 1)
        return self.happen("sale", punk, hour, eth, sale=SaleFacts(kind, valid, valued), receiver="0xb")

    def nowcast(self, hour: float, values: dict[int, float]) -> None:
        in_wei = {punk: wei(value) for punk, value in values.items()}
        self.nowcasts.append(Nowcast(len(self.nowcasts) + 1, at(hour), at(hour) + 2, in_wei))

    def days(self, count: int) -> list[Day]:
        cut = []
        for number in range(FIRST_DAY, FIRST_DAY + count):
            happened = [one for one in self.events if one.time // DAY_S == number]
            own = [one for one in self.nowcasts if one.as_of // DAY_S == number]
            cut.append(Day(number, happened, own, Close(wei(self.floor_eth), own[-1].values) if own else None))
        return cut


def play(days: Iterable[Day], terms: Terms) -> Simulation:
    simulation = Simulation(terms)
    for day in days:
        simulation.run_day(day)
    return simulation


def random_days(seed: int, *, days: int = 12, punks: int = 12) -> list[Day]:
    """A market that lists, relists, delists, bids and sells at random, with a nowcast every six hours."""
    draw = random.Random(seed)
    feed = Feed()
    listed: dict[int, float] = {}
    hours = sorted(draw.uniform(0, days * 24) for _ in range(days * 14))
    value = {punk: draw.uniform(40, 80) for punk in range(punks)}
    for hour in hours:
        punk = draw.randrange(punks)
        kind = draw.choice(["listed", "listed", "sale", "delisted", "bid", "transfer", "bid_withdrawn"])
        price = round(value[punk] * draw.uniform(0.6, 1.3), 3)
        if kind == "listed":
            feed.happen("listed", punk, hour, price)
            listed[punk] = price
        elif kind == "sale":
            taken = punk in listed and draw.random() < 0.7
            feed.sale(
                punk,
                hour,
                listed[punk] if taken else price,
                value=value[punk] if draw.random() < 0.8 else None,
                kind="buy" if taken else "accept_bid",
                valid=draw.random() < 0.9,
            )
            listed.pop(punk, None)
        else:
            feed.happen(kind, punk, hour, price if kind == "bid" else 0.0)
            if kind != "bid" and kind != "bid_withdrawn":
                listed.pop(punk, None)
    for step in range(days * 4):
        feed.nowcast(step * 6.0, {punk: round(worth * draw.uniform(0.9, 1.1), 3) for punk, worth in value.items()})
    return feed.days(days)


def garbage_after(days: Sequence[Day], instant: int, seed: int) -> list[Day]:
    """The same feed up to `instant`, and nonsense from there on: other prices, values and closes."""
    draw = random.Random(seed)
    poisoned = []
    for day in days:
        events = [
            one
            if one.time < instant
            else replace(
                one,
                punk=draw.randrange(12),
                kind=draw.choice(["listed", "delisted", "transfer"]),
                price_wei=draw.randrange(1, 10**6) * ETH,
                sale=None,
                receiver=None,
            )
            for one in day.events
        ]
        nowcasts = [
            one
            if one.as_of < instant
            else replace(one, values={punk: draw.randrange(1, 10**6) * ETH for punk in range(12)})
            for one in day.nowcasts
        ]
        late = (day.number + 1) * DAY_S > instant
        close = Close(draw.randrange(1, 10**4) * ETH, {}) if late and day.close else day.close
        poisoned.append(Day(day.number, events, nowcasts, close))
    return poisoned
