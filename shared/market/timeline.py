"""The market's state and its history, folded from events in contract order.

One pass over the events keeps the order book, owners and sale statistics, and appends what changed to as-of series.
It is incremental: applying 50 new events costs 50 events.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import log
from statistics import median

import numpy as np
import polars as pl

from shared.market.order_book import LADDER_COLUMNS, AskBook
from shared.market.series import KeyedSeries, TimeSeries
from shared.market.traits import PUNKS, Traits
from shared.market.valid_sales import Exclusion, exclusion

DAY = 86_400
WEI = 1e18
ZERO_ADDRESS = "0x0000000000000000000000000000000000000000"
HISTORY_HALF_LIFE_DAYS = 365.0
TRAIT_HALF_LIFE_DAYS = 365.0
FLOOR_TIER = 0.10
"""A sale within this log ratio of the floor tells where the floor tier trades."""
RECENT_FLOOR_SALES = 12


@dataclass(frozen=True)
class Sale:
    """A sale as the market saw it when it happened. Prices in ETH, `price_wei` exact."""

    event_seq: int
    block: int
    log_index: int
    tx_hash: str
    time: int
    punk_id: int
    price_wei: int
    seller: str | None
    buyer: str | None
    kind: str
    floor_eth: float | None
    excluded: Exclusion | None

    @property
    def price_eth(self) -> float:
        return self.price_wei / WEI


class MarketTimeline:
    """Everything features may read. Times are UTC seconds.

    Series (all looked up strictly before an instant):
        book: number of public asks and the ladder of lowest prices.
        asks: per punk, its own public ask (NaN when none): read only to leave it out.
        trait_floors: per trait, the two lowest asks.
        owner_changes: per punk.
        punk_sales: per punk, valid sales: log ratio to the floor, decayed sum and weight, count, price.
        trait_sales: per trait, decayed sum and weight of log ratios.
        floor_sales: median price of the most recent floor-tier sales.
        valid_sales: one row per valid sale: log ratio, price.
        events: sequence number and block of every event.
    """

    def __init__(self, traits: Traits) -> None:
        self.traits = traits
        count = len(traits.names)
        self.book = TimeSeries(1 + len(LADDER_COLUMNS))
        self.asks = KeyedSeries(PUNKS, 1)
        self.trait_floors = KeyedSeries(count, 2)
        self.owner_changes = KeyedSeries(PUNKS, 1)
        self.punk_sales = KeyedSeries(PUNKS, 5)
        self.trait_sales = KeyedSeries(count, 2)
        self.floor_sales = TimeSeries(1)
        self.valid_sales = TimeSeries(2)
        self.events = TimeSeries(2)
        self.sales: list[Sale] = []
        self.last_seq = 0
        self.last_key = (-1, -1)  # (block, log_index)
        self.last_time = 0
        self.asks_now = AskBook()
        self._trait_asks = [AskBook() for _ in range(count)]
        self._owner: list[str | None] = [None] * PUNKS
        self._day = -1
        self._previous_day_floor: float | None = None
        self._recent_floor: deque[float] = deque(maxlen=RECENT_FLOOR_SALES)
        self._punk_decay: dict[int, tuple[float, float, int, int]] = {}
        self._trait_decay: list[tuple[float, float, int]] = [(0.0, 0.0, 0)] * count

    def owner(self, punk: int) -> str | None:
        return self._owner[punk]

    def apply(self, events: pl.DataFrame) -> list[Sale]:
        """Fold events (columns `seq` and the event schema, in contract order) and return the sales among them.

        Raises:
            ValueError: events out of contract order; rebuild the timeline from the start.
        """
        batch = _Batch(self)
        # Whole seconds, rounded up, so that rounding can never make an event look older than it is.
        times = (-((-events["timestamp"].dt.epoch("us")) // 1_000_000)).to_list()
        columns = zip(
            events["seq"].to_list(),
            events["block"].to_list(),
            events["log_index"].to_list(),
            times,
            events["punk_id"].to_list(),
            events["event_type"].to_list(),
            events["price_wei"].to_list(),
            events["from_address"].to_list(),
            events["to_address"].to_list(),
            events["sale_kind"].to_list(),
            events["tx_hash"].to_list(),
            strict=True,
        )
        for seq, block, log_index, time, punk, kind, price, sender, receiver, sale_kind, tx_hash in columns:
            if (block, log_index) <= self.last_key:
                raise ValueError(f"event {seq} at {(block, log_index)} is not after {self.last_key}")
            self.last_key = (block, log_index)
            self.last_seq = seq
            self.last_time = time
            self._roll_day(time)
            if kind == "listed":
                public = receiver is None or receiver == ZERO_ADDRESS
                batch.set_ask(punk, time, int(price) / WEI if public else None)
            elif kind == "sale":
                sale = self._judge(
                    seq,
                    (block, log_index, tx_hash),
                    time,
                    punk,
                    price_wei=int(price),
                    seller=sender,
                    buyer=receiver,
                    kind=sale_kind,
                )
                batch.set_ask(punk, time, None)
                self._owner[punk] = receiver
                batch.owner_changed(punk, time)
                batch.sold(sale)
            elif kind in ("transfer", "wrap", "unwrap", "claim"):
                batch.set_ask(punk, time, None)
                self._owner[punk] = receiver
                batch.owner_changed(punk, time)
            elif kind == "delisted":
                batch.set_ask(punk, time, None)
        self.events.extend(times, list(zip(events["seq"].to_list(), events["block"].to_list(), strict=True)))
        return batch.flush()

    def _roll_day(self, time: int) -> None:
        day = time // DAY
        if day == self._day:
            return
        floor = self.asks_now.floor()
        self._previous_day_floor = floor[0] if floor else None
        self._day = day

    def _judge(
        self,
        seq: int,
        place: tuple[int, int, str],
        time: int,
        punk: int,
        *,
        price_wei: int,
        seller: str | None,
        buyer: str | None,
        kind: str,
    ) -> Sale:
        block, log_index, tx_hash = place
        floor = self.asks_now.floor_without(punk)
        return Sale(
            event_seq=seq,
            block=block,
            log_index=log_index,
            tx_hash=tx_hash,
            time=time,
            punk_id=punk,
            price_wei=price_wei,
            seller=seller,
            buyer=buyer,
            kind=kind,
            floor_eth=floor,
            excluded=exclusion(
                price_eth=price_wei / WEI,
                seller=seller,
                buyer=buyer,
                floor_eth=floor,
                previous_day_floor_eth=self._previous_day_floor,
            ),
        )


class _Batch:
    """Rows gathered while folding one call's events, appended to the series in one go."""

    def __init__(self, timeline: MarketTimeline) -> None:
        self._timeline = timeline
        self._book: tuple[list[int], list[list[float]]] = ([], [])
        self._asks: tuple[list[tuple[int, int]], list[tuple[float]]] = ([], [])
        self._trait_floors: tuple[list[tuple[int, int]], list[tuple[float, float]]] = ([], [])
        self._owners: tuple[list[tuple[int, int]], list[tuple[float]]] = ([], [])
        self._punk_sales: tuple[list[tuple[int, int]], list[tuple[float, ...]]] = ([], [])
        self._trait_sales: tuple[list[tuple[int, int]], list[tuple[float, float]]] = ([], [])
        self._floor_sales: tuple[list[int], list[tuple[float]]] = ([], [])
        self._valid: tuple[list[int], list[tuple[float, float]]] = ([], [])
        self._sales: list[Sale] = []

    def set_ask(self, punk: int, time: int, price: float | None) -> None:
        timeline = self._timeline
        book = timeline.asks_now
        if price is None and book.ask(punk) is None:
            return
        for trait in timeline.traits.trait_lists[punk]:
            asks = timeline._trait_asks[trait]
            before = asks.lowest_two()
            if price is None:
                asks.remove(punk)
            else:
                asks.place(punk, price)
            after = asks.lowest_two()
            if after != before:
                self._trait_floors[0].append((trait, time))
                self._trait_floors[1].append(after)
        if price is None:
            book.remove(punk)
        else:
            book.place(punk, price)
        self._asks[0].append((punk, time))
        self._asks[1].append((float("nan") if price is None else price,))
        self._book[0].append(time)
        self._book[1].append(book.ladder())

    def owner_changed(self, punk: int, time: int) -> None:
        self._owners[0].append((punk, time))
        self._owners[1].append((float(time),))

    def sold(self, sale: Sale) -> None:
        self._sales.append(sale)
        if sale.excluded is not None or sale.floor_eth is None:
            return
        timeline, punk, time = self._timeline, sale.punk_id, sale.time
        ratio = log(sale.price_eth / sale.floor_eth)
        self._valid[0].append(time)
        self._valid[1].append((ratio, sale.price_eth))
        total, weight, at, count = timeline._punk_decay.get(punk, (0.0, 0.0, time, 0))
        decay = 0.5 ** ((time - at) / (HISTORY_HALF_LIFE_DAYS * DAY))
        total, weight, count = total * decay + ratio, weight * decay + 1.0, count + 1
        timeline._punk_decay[punk] = (total, weight, time, count)
        self._punk_sales[0].append((punk, time))
        self._punk_sales[1].append((ratio, total, weight, float(count), sale.price_eth))
        for trait in timeline.traits.trait_lists[punk]:
            trait_total, trait_weight, trait_at = timeline._trait_decay[trait]
            decay = 0.5 ** ((time - trait_at) / (TRAIT_HALF_LIFE_DAYS * DAY))
            state = (trait_total * decay + ratio, trait_weight * decay + 1.0)
            timeline._trait_decay[trait] = (*state, time)
            self._trait_sales[0].append((trait, time))
            self._trait_sales[1].append(state)
        if ratio < FLOOR_TIER:
            timeline._recent_floor.append(sale.price_eth)
            self._floor_sales[0].append(time)
            self._floor_sales[1].append((median(timeline._recent_floor),))

    def flush(self) -> list[Sale]:
        timeline = self._timeline
        timeline.book.extend(*self._book)
        timeline.asks.extend(*self._asks)
        timeline.trait_floors.extend(*self._trait_floors)
        timeline.owner_changes.extend(*self._owners)
        timeline.punk_sales.extend(*self._punk_sales)
        timeline.trait_sales.extend(*self._trait_sales)
        timeline.floor_sales.extend(*self._floor_sales)
        timeline.valid_sales.extend(*self._valid)
        timeline.sales.extend(self._sales)
        return self._sales


def seconds(instants: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Instants as the smallest whole second at or after them: `t < as_of` holds for whole seconds exactly as before."""
    return (-((-instants.dt.epoch("us")) // 1_000_000)).to_numpy().astype(np.int64)
