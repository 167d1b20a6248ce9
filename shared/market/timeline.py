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

from shared.market.custody import Custody, later_holders
from shared.market.events import ACCEPT_BID, ZERO_ADDRESS, contract_key, contract_keys
from shared.market.order_book import LADDER_COLUMNS, NAN, WEI, AskBook, TraitAsks
from shared.market.series import KeyedSeries, TimeSeries
from shared.market.traits import PUNKS, Traits
from shared.market.valid_sales import FLASH_LOAN_WEI, Circumstances, Exclusion, exclusion

DAY = 86_400
HISTORY_HALF_LIFE_DAYS = 365.0
TRAIT_HALF_LIFE_DAYS = 365.0
FLOOR_TIER = 0.10
"""A sale within this log ratio of the floor tells where the floor tier trades."""
RECENT_FLOOR_SALES = 12


@dataclass(frozen=True)
class Sale:
    """A sale as the market saw it when it happened; `floor_wei` is the lowest public ask of any other punk."""

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
    floor_wei: int | None
    excluded: Exclusion | None

    @property
    def price_eth(self) -> float:
        return self.price_wei / WEI

    @property
    def floor_eth(self) -> float | None:
        return None if self.floor_wei is None else self.floor_wei / WEI


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
        self._trait_asks = TraitAsks(traits.trait_lists, count)
        self._custody = Custody()
        self._bids: dict[int, tuple[str | None, str]] = {}  # (bidder, price in wei as text) by punk
        self._listed_in: dict[int, str] = {}  # transaction of the punk's last listing
        self._day_end = 0
        self._previous_day_floor: int | None = None
        self._recent_floor: deque[float] = deque(maxlen=RECENT_FLOOR_SALES)
        self._punk_decay: dict[int, tuple[float, float, int, int]] = {}
        self._trait_decay: list[tuple[float, float, int]] = [(0.0, 0.0, 0)] * count

    def owner(self, punk: int) -> str | None:
        return self._custody.owner(punk)

    def standing_bid(self, punk: int) -> tuple[str | None, int] | None:
        """Bidder and price in wei."""
        bid = self._bids.get(punk)
        return None if bid is None else (bid[0], int(bid[1]))

    def apply(self, events: pl.DataFrame) -> list[Sale]:
        """Fold events (columns `seq` and the event schema, in contract order) and return the sales among them.

        The events end with a whole transaction, as blocks do: a sale is judged from all of its own.

        Raises:
            ValueError: events out of contract order; rebuild the timeline from the start.
        """
        self._check_order(events)
        batch = _Batch(self)
        # Whole seconds, rounded up, so that rounding can never make an event look older than it is.
        times = (-((-events["timestamp"].dt.epoch("us")) // 1_000_000)).to_list()
        returns = later_holders(events)
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
        bids, listed_in, custody, set_ask = self._bids, self._listed_in, self._custody, batch.set_ask
        for seq, block, log_index, time, punk, kind, price, sender, receiver, sale_kind, tx_hash in columns:
            if time >= self._day_end:
                self._roll_day(time)
            if kind == "listed":
                listed_in[punk] = tx_hash
                # Private listings are no asks, and neither is a gift: with a floor of nothing nothing has a ratio.
                public = receiver is None or receiver == ZERO_ADDRESS
                set_ask(punk, time, (int(price) or None) if public else None)
            elif kind == "bid":
                bids[punk] = (sender, price)
            elif kind == "delisted":
                set_ask(punk, time, None)
            elif kind == "bid_withdrawn":
                bids.pop(punk, None)
            else:
                sale = None
                if kind == "sale":
                    place = (seq, block, log_index, tx_hash, time, punk)
                    sale = self._judge(place, int(price), sender, receiver, sale_kind, returns.get(seq))
                set_ask(punk, time, None)
                custody.moved(punk, receiver, time, tx_hash, free=kind == "transfer")
                batch.owner_changed(punk, time)
                # A bid ends when it is accepted, and when its bidder gets the punk another way.
                if punk in bids and (sale_kind == ACCEPT_BID or bids[punk][0] == receiver):
                    del bids[punk]
                if sale is not None:
                    batch.sold(sale)
                    if sale.excluded is None:
                        custody.counted(punk, sender, receiver, time)
        if events.height:
            self.last_seq, self.last_time = events["seq"][-1], times[-1]
            self.last_key = (events["block"][-1], events["log_index"][-1])
        self.events.extend(times, list(zip(events["seq"].to_list(), events["block"].to_list(), strict=True)))
        return batch.flush()

    def _check_order(self, events: pl.DataFrame) -> None:
        keys = contract_keys(events)
        before = keys.shift(fill_value=contract_key(*self.last_key) if self.last_key[0] >= 0 else -1)
        wrong = (keys <= before).arg_true()
        if len(wrong):
            row = events.row(wrong[0], named=True)
            place = (row["block"], row["log_index"])
            raise ValueError(f"event {row['seq']} at {place} is not after the event before it")

    def _roll_day(self, time: int) -> None:
        floor = self.asks_now.floor()
        self._previous_day_floor = floor[0] if floor else None
        self._day_end = (time // DAY + 1) * DAY

    def _judge(
        self,
        place: tuple[int, int, int, str, int, int],
        price: int,
        seller: str | None,
        buyer: str | None,
        kind: str,
        later: frozenset[str] | None,
    ) -> Sale:
        """The sale with its verdict, before it changes anything. `later`: whom the punk goes to afterwards within the
        same transaction."""
        seq, block, log_index, tx_hash, time, punk = place
        floor = self.asks_now.floor_without(punk)
        side = (seller, *self._custody.holders(punk, tx_hash))
        circumstances = Circumstances(
            price=price,
            floor=floor,
            previous_day_floor=self._previous_day_floor,
            highest_bid=self._highest_bid() if price > FLASH_LOAN_WEI else 0,
            atomic=self._listed_in.get(punk) == tx_hash,
            to_itself=buyer in side or (buyer is not None and buyer == self._custody.giver(punk, time)),
            comes_back=later is not None and not later.isdisjoint(side),
            sold_before=self._custody.sold_before(punk, seller, time),
        )
        return Sale(
            event_seq=seq,
            block=block,
            log_index=log_index,
            tx_hash=tx_hash,
            time=time,
            punk_id=punk,
            price_wei=price,
            seller=seller,
            buyer=buyer,
            kind=kind,
            floor_wei=floor,
            excluded=exclusion(circumstances),
        )

    def _highest_bid(self) -> int:
        return max((int(price) for _, price in self._bids.values()), default=0)


class _Batch:
    """Rows gathered while folding one call's events, appended to the series in one go."""

    def __init__(self, timeline: MarketTimeline) -> None:
        self._timeline = timeline
        self._book: tuple[list[int], list[tuple[float, ...]]] = ([], [])
        self._asks: tuple[list[tuple[int, int]], list[tuple[float]]] = ([], [])
        self._trait_floors: tuple[list[tuple[int, int]], list[tuple[float, float]]] = ([], [])
        self._owners: tuple[list[tuple[int, int]], list[tuple[float]]] = ([], [])
        self._punk_sales: tuple[list[tuple[int, int]], list[tuple[float, ...]]] = ([], [])
        self._trait_sales: tuple[list[tuple[int, int]], list[tuple[float, float]]] = ([], [])
        self._floor_sales: tuple[list[int], list[tuple[float]]] = ([], [])
        self._valid: tuple[list[int], list[tuple[float, float]]] = ([], [])
        self._sales: list[Sale] = []

    def set_ask(self, punk: int, time: int, price_wei: int | None) -> None:
        timeline = self._timeline
        moved = timeline.asks_now.move(punk, price_wei)
        if moved is None:
            return
        for trait, lowest in timeline._trait_asks.move(punk, *moved):
            self._trait_floors[0].append((trait, time))
            self._trait_floors[1].append(lowest)
        self._asks[0].append((punk, time))
        self._asks[1].append((NAN if price_wei is None else price_wei / WEI,))
        self._book[0].append(time)
        self._book[1].append(timeline.asks_now.ladder())

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
