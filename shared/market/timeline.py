"""The market's state and its history, folded from events in contract order.

One pass over the events keeps the order book, owners and sale statistics, and appends what changed to as-of series.
It is incremental: applying 50 new events costs 50 events.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import polars as pl

from shared.market.custody import Custody, later_holders
from shared.market.event_types import ACCEPT_BID, LISTED, OWNER_CHANGES, SALE, TRANSFER
from shared.market.events import contract_key, contract_keys
from shared.market.hedonic_index import HedonicIndex
from shared.market.offers import Offer, OfferBook
from shared.market.order_book import NAN, AskBook
from shared.market.series import Ints, KeyedSeries, TimeSeries
from shared.market.series_rows import ACQUISITION_KINDS, LowestAsks, OwnerChange, SaleSeries
from shared.market.traits import PUNKS, Traits
from shared.market.valid_sales import FLASH_LOAN_WEI, Circumstances, Exclusion, exclusion
from shared.units import DAY_S, WEI_PER_ETH

_FOLDED = (
    "seq", "block", "log_index", "punk_id", "event_type", "price_wei", "from_address", "to_address", "sale_kind",
    "tx_hash",
)  # fmt: skip
_CHANGES_HANDS = frozenset(OWNER_CHANGES)


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
        return self.price_wei / WEI_PER_ETH

    @property
    def counts(self) -> bool:
        """Whether it is valid and had a floor to be measured by: models learn from it, and are judged on it."""
        return self.excluded is None and self.floor_wei is not None

    @property
    def floor_eth(self) -> float | None:
        return None if self.floor_wei is None else self.floor_wei / WEI_PER_ETH


class MarketTimeline:
    """Everything features may read. Times are UTC seconds; those of the series are when something became known.

    Series (all looked up strictly before an instant), each row as its `NamedTuple` in `shared.market.series_rows` says:
        lows: the two lowest public asks, whenever they changed.
        asks, bids: per punk, its public ask and its standing bid in ETH (NaN when none).
        owner_changes: per punk.
        punk_sales: per punk, its valid sales.
        valid_sales: every valid sale, with running sums.
        floor_sales: valid sales of punks that the index gives next to no premium.
        sold_by, bought_by: per owner, how its sales and purchases compared to the index.
        events: sequence number and block of every event.
    """

    def __init__(self, traits: Traits) -> None:
        self.traits = traits
        self.index = HedonicIndex(traits)
        self.lows = TimeSeries(len(LowestAsks._fields))
        self.asks = KeyedSeries(PUNKS, 1)
        self.bids = KeyedSeries(PUNKS, 1)
        self.owner_changes = KeyedSeries(PUNKS, len(OwnerChange._fields))
        self._marks = SaleSeries(self.index)
        self.punk_sales, self.valid_sales = self._marks.punk_sales, self._marks.valid_sales
        self.floor_sales = self._marks.floor_sales
        self.sold_by, self.bought_by = self._marks.sold_by, self._marks.bought_by
        self.events = TimeSeries(2)
        self.sales: list[Sale] = []
        self.counted: list[Sale] = []  # those that count
        self.last_seq = 0
        self.last_key = (-1, -1)  # (block, log_index)
        self.last_time = 0
        self.asks_now = AskBook()
        self._custody = Custody()
        self.offers: OfferBook[int] = OfferBook()  # by the sequence numbers of their events
        self._listed_in: dict[int, str] = {}  # transaction of the punk's last listing
        self._day_end = 0
        self._previous_day_floor: int | None = None
        self._last_known = 0
        self._owner_ids: dict[str | None, int] = {}

    def owner(self, punk: int) -> str | None:
        return self._custody.owner(punk)

    def apply(self, events: pl.DataFrame) -> list[Sale]:
        """Fold events and return the sales among them.

        Columns: `seq`, the event schema and, where it may differ from the time, `known_at`; in contract order.

        The events end with a whole transaction, as blocks do: a sale is judged from all of its own.

        Raises:
            ValueError: events out of contract order; rebuild the timeline from the start.
        """
        self._check_order(events)
        with _without_collector():
            return self._fold(events)

    def _fold(self, events: pl.DataFrame) -> list[Sale]:
        batch = _Batch(self)
        times = seconds(events["timestamp"])
        known_at = self._known_at(events, times).tolist()
        seqs, blocks, log_indices, punks, kinds, prices, senders, receivers, sale_kinds, tx_hashes = (
            events[name].to_list() for name in _FOLDED
        )
        newest_first = zip(*(column[::-1] for column in (seqs, tx_hashes, kinds, punks, receivers)), strict=True)
        returns = later_holders(newest_first)
        columns = zip(
            seqs, blocks, log_indices, times.tolist(), known_at, punks, kinds, prices, senders, receivers, sale_kinds,
            tx_hashes, strict=True,
        )  # fmt: skip
        offers, listed_in, custody = self.offers, self._listed_in, self._custody
        listings, bids = offers.listings, offers.bids
        for seq, block, log_index, time, known, punk, kind, price, sender, receiver, sale_kind, tx_hash in columns:
            if time >= self._day_end:
                self._roll_day(time)
            sale, before = None, None
            if kind == LISTED:
                listed_in[punk] = tx_hash
            elif kind in _CHANGES_HANDS:
                before = custody.owner(punk)
                if kind == SALE:
                    place = (seq, block, log_index, tx_hash, time, punk)
                    sale = self._judge(place, int(price), sender, receiver, sale_kind, returns.get(seq))
            listing, bid = listings.get(punk), bids.get(punk)
            offers.apply(seq, punk, kind, price, sender, receiver, sale_kind)
            if listings.get(punk) is not listing:
                batch.set_ask(punk, known, offers.ask(punk))
            if bids.get(punk) is not bid:
                batch.set_bid(punk, known, bids.get(punk))
            if kind in _CHANGES_HANDS:
                custody.moved(punk, receiver, time, tx_hash, free=kind == TRANSFER)
                change = OwnerChange(
                    known, self._owner_id(before), self._owner_id(receiver), ACQUISITION_KINDS[sale_kind or kind]
                )
                batch.owner_changed(punk, known, change)
                if sale is not None:
                    batch.sold(sale, known, change)
                    if sale.excluded is None:
                        custody.counted(punk, sender, receiver, time)
        if events.height:
            self.last_seq, self.last_time = seqs[-1], int(times[-1])
            self._last_known = known_at[-1]
            self.last_key = (blocks[-1], log_indices[-1])
        self.events.extend(known_at, events.select("seq", "block").to_numpy())
        return batch.flush()

    def _owner_id(self, address: str | None) -> int:
        return self._owner_ids.setdefault(address, len(self._owner_ids))

    def _known_at(self, events: pl.DataFrame, times: Ints) -> Ints:
        """When each event became known, never before it happened nor before the events before it."""
        known = np.maximum(times, seconds(events["known_at"])) if "known_at" in events.columns else times
        accumulated: Ints = np.maximum.accumulate(np.concatenate([[self._last_known], known]))[1:]
        return accumulated

    def _check_order(self, events: pl.DataFrame) -> None:
        before = contract_key(*self.last_key) if self.last_key[0] >= 0 else -1
        wrong = np.flatnonzero(np.diff(contract_keys(events).to_numpy(), prepend=before) <= 0)
        if len(wrong):
            row = events.row(int(wrong[0]), named=True)
            place = (row["block"], row["log_index"])
            raise ValueError(f"event {row['seq']} at {place} is not after the event before it")

    def _roll_day(self, time: int) -> None:
        floor = self.asks_now.floor()
        self._previous_day_floor = floor[0] if floor else None
        self._day_end = (time // DAY_S + 1) * DAY_S

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
        return max((bid.price_wei for bid in self.offers.bids.values()), default=0)


class _Batch:
    """Rows gathered while folding one call's events, appended to the series in one go."""

    def __init__(self, timeline: MarketTimeline) -> None:
        self._timeline = timeline
        self._lows: tuple[list[int], list[LowestAsks]] = ([], [])
        self._asks: tuple[list[tuple[int, int]], list[tuple[float]]] = ([], [])
        self._bids: tuple[list[tuple[int, int]], list[tuple[float]]] = ([], [])
        self._owners: tuple[list[tuple[int, int]], list[OwnerChange]] = ([], [])
        self._sales: list[Sale] = []

    def set_ask(self, punk: int, time: int, ask: Offer[int] | None) -> None:
        book = self._timeline.asks_now
        lowest = book.lowest_two()
        if not book.move(punk, None if ask is None else ask.price_wei):
            return
        self._asks[0].append((punk, time))
        self._asks[1].append((NAN if ask is None else ask.price_wei / WEI_PER_ETH,))
        if book.lowest_two() != lowest:
            self._lows[0].append(time)
            self._lows[1].append(LowestAsks.of(book))

    def set_bid(self, punk: int, time: int, bid: Offer[int] | None) -> None:
        self._bids[0].append((punk, time))
        self._bids[1].append((NAN if bid is None else bid.price_wei / WEI_PER_ETH,))

    def owner_changed(self, punk: int, time: int, change: OwnerChange) -> None:
        self._owners[0].append((punk, time))
        self._owners[1].append(change)

    def sold(self, sale: Sale, known: int, change: OwnerChange) -> None:
        """`known` is when it became known, `change` the change of owner that it was."""
        self._sales.append(sale)
        if sale.excluded is None and sale.floor_wei is not None:
            self._timeline._marks.add(
                time=known,
                punk=sale.punk_id,
                price_wei=sale.price_wei,
                floor_wei=sale.floor_wei,
                accepted_bid=sale.kind == ACCEPT_BID,
                seller=int(change.before),
                buyer=int(change.owner),
                book=self._timeline.asks_now,
            )

    def flush(self) -> list[Sale]:
        timeline = self._timeline
        timeline.lows.extend(*self._lows)
        timeline.asks.extend(*self._asks)
        timeline.bids.extend(*self._bids)
        timeline.owner_changes.extend(*self._owners)
        timeline._marks.flush()
        timeline.sales.extend(self._sales)
        timeline.counted.extend(sale for sale in self._sales if sale.counts)
        return self._sales


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the cyclic garbage collector away: half a million small tuples, none in a cycle, make it walk through all of
    them again and again, which is a quarter of a rebuild."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def seconds(instants: pl.Series) -> Ints:
    """Instants as the smallest whole second at or after them: `t < as_of` holds for whole seconds exactly as before."""
    whole: Ints = -(-instants.cast(pl.Datetime("us", "UTC")).to_physical().to_numpy() // 1_000_000)
    return whole
