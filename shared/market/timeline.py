"""The market's state and history, folded from events in contract order.

One pass over the events updates the order book, owners and sale statistics, and appends the changes to as-of series.
The fold is incremental: 50 new events cost 50 events.
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import polars as pl

from shared.market.custody import Custody, later_holders
from shared.market.event_types import DELISTED, LISTED, OWNER_CHANGES, SALE, TRANSFER, UNWRAP, WRAP
from shared.market.events import contract_key, contract_keys
from shared.market.hedonic_index import HedonicIndex
from shared.market.offers import Offer, OfferBook
from shared.market.order_book import NAN, AskBook
from shared.market.sale_labels import Labeller, Labels
from shared.market.series import Ints, KeyedSeries, TimeSeries
from shared.market.series_rows import ACQUISITION_KINDS, LowestAsks, OwnerChange, SaleSeries
from shared.market.traits import PUNKS, Traits
from shared.market.valid_sales import FLASH_LOAN_WEI, Circumstances, Sale, exclusion
from shared.units import DAY_S, WEI_PER_ETH

_FOLDED = (
    "seq", "block", "log_index", "punk_id", "event_type", "price_wei", "from_address", "to_address", "sale_kind",
    "tx_hash",
)  # fmt: skip
_CHANGES_HANDS = frozenset(OWNER_CHANGES)
_WRAPPINGS = frozenset((WRAP, UNWRAP))


class MarketTimeline:
    """Everything that features may read. Times are UTC seconds; a series has the time at which a row became known.

    Rows of the series are the `NamedTuple`s of `series_rows`. Lookups return rows strictly before an instant.

    Attributes:
        lows: the two lowest public asks, at every change.
        asks, bids: per punk, the public ask and the standing bid in ETH (NaN without one).
        owner_changes: per punk.
        punk_sales: per punk, its valid sales.
        valid_sales: every valid sale, with running sums.
        floor_sales: valid sales of punks with hardly any premium in the index.
        sold_by, bought_by: per owner, errors of its sales and purchases against the index.
        events: sequence number and block of every event.
        sales: all sales; `counted` are those of them that count.
        last_key: (block, log_index) of the last event.
        asks_now: the public asks after the last event.
        offers: all standing offers after the last event, identified by sequence numbers of events.
    """

    def __init__(self, traits: Traits) -> None:
        self.traits = traits
        self.index = HedonicIndex(traits)
        self.lows = TimeSeries(len(LowestAsks._fields))
        self.asks = KeyedSeries(PUNKS, 1)
        self.bids = KeyedSeries(PUNKS, 1)
        self.owner_changes = KeyedSeries(PUNKS, len(OwnerChange._fields))
        self._sale_series = series = SaleSeries(self.index)
        self.punk_sales, self.valid_sales, self.floor_sales = series.punk_sales, series.valid_sales, series.floor_sales
        self.sold_by, self.bought_by = series.sold_by, series.bought_by
        self.events = TimeSeries(2)
        self.sales: list[Sale] = []
        self.counted: list[Sale] = []
        self.last_seq = 0
        self.last_key = (-1, -1)
        self.asks_now = AskBook()
        self._custody = Custody()
        self._labeller = Labeller()
        self.offers: OfferBook[int] = OfferBook()
        self._listed_in: dict[int, str] = {}  # transaction of the punk's last listing
        self._day_end = 0
        self._previous_day_floor: int | None = None
        self._last_known = 0
        self._owner_ids: dict[str | None, int] = {}

    def owner(self, punk: int) -> str | None:
        return self._custody.owner(punk)

    def apply(self, events: pl.DataFrame) -> list[Sale]:
        """Fold events and return the sales among them.

        Columns: `seq`, the event schema and, if it may differ from the time, `known_at`; in contract order. The last
        transaction must be complete, because a verdict on a sale depends on the whole transaction of the sale.

        Raises:
            ValueError: events out of contract order; rebuild the timeline from the start.
        """
        self._check_order(events)
        with _without_collector():
            return self._fold(events)

    def _fold(self, events: pl.DataFrame) -> list[Sale]:
        sales: list[Sale] = []
        times = seconds(events["timestamp"])
        known_at = self._known_at(events, times).tolist()
        seqs, blocks, log_indices, punks, kinds, prices, senders, receivers, sale_kinds, tx_hashes = (
            events[name].to_list() for name in _FOLDED
        )
        newest_first = zip(*(column[::-1] for column in (seqs, tx_hashes, kinds, punks, receivers)), strict=True)
        later = later_holders(newest_first)
        wraps = {(tx, punk) for tx, punk, kind in zip(tx_hashes, punks, kinds, strict=True) if kind in _WRAPPINGS}
        columns = zip(
            seqs, blocks, log_indices, times.tolist(), known_at, punks, kinds, prices, senders, receivers, sale_kinds,
            tx_hashes, strict=True,
        )  # fmt: skip
        offers, listed_in, custody, labeller = self.offers, self._listed_in, self._custody, self._labeller
        listings, bids = offers.listings, offers.bids
        for seq, block, log_index, time, known, punk, kind, price, sender, receiver, sale_kind, tx_hash in columns:
            if time >= self._day_end:
                self._roll_day(time)
            sale, before = None, None
            listing, bid = listings.get(punk), bids.get(punk)
            if kind == LISTED:
                listed_in[punk] = tx_hash
            elif kind == DELISTED and listing is not None:
                labeller.delisted(punk, tx_hash, listing.taker)
            elif kind in _CHANGES_HANDS:
                before = custody.owner(punk)
                if kind == SALE:
                    place, onward = (seq, block, log_index, tx_hash, time, punk), later.get(seq, ())
                    labels = labeller.labels(
                        punk, tx_hash, time, kind=sale_kind, ask=listing, seller=sender, buyer=receiver,
                        later=onward, wrapped=(tx_hash, punk) in wraps,
                    )  # fmt: skip
                    sale = self._judge(place, int(price), sender, receiver, sale_kind, onward, labels)
            offers.apply(seq, punk, kind, price, sender, receiver, sale_kind)
            if listings.get(punk) is not listing:
                self._set_ask(punk, known, offers.ask(punk))
            if (standing := bids.get(punk)) is not bid:
                bid_eth = NAN if standing is None else standing.price_wei / WEI_PER_ETH
                self.bids.pending.append(((punk, known), (bid_eth,)))
            if kind in _CHANGES_HANDS:
                custody.moved(punk, receiver, time, tx_hash, free=kind == TRANSFER)
                change = OwnerChange(
                    known, self._owner_id(before), self._owner_id(receiver), ACQUISITION_KINDS[sale_kind or kind]
                )
                self.owner_changes.pending.append(((punk, known), change))
                if sale is not None:
                    sales.append(sale)
                    self._count(sale, known, change)
        if events.height:
            self.last_seq, self._last_known = seqs[-1], known_at[-1]
            self.last_key = (blocks[-1], log_indices[-1])
        self.events.extend(known_at, events.select("seq", "block").to_numpy())
        for series in (self.lows, self.asks, self.bids, self.owner_changes, self._sale_series):
            series.flush()
        self.sales.extend(sales)
        self.counted.extend(sale for sale in sales if sale.counts)
        return sales

    def _set_ask(self, punk: int, known: int, ask: Offer[int] | None) -> None:
        book = self.asks_now
        lowest = book.lowest_two()
        if not book.move(punk, None if ask is None else ask.price_wei):
            return
        self.asks.pending.append(((punk, known), (NAN if ask is None else ask.price_wei / WEI_PER_ETH,)))
        if book.lowest_two() != lowest:
            self.lows.pending.append((known, LowestAsks.of(book)))

    def _count(self, sale: Sale, known: int, change: OwnerChange) -> None:
        """Add the sale to custody, labeller and series, if it is valid."""
        if sale.excluded is not None:
            return
        self._custody.counted(sale.punk_id, sale.seller, sale.buyer, sale.time)
        self._labeller.counted(sale.time, sale.seller, sale.labels.true_buyer)
        if sale.floor_wei is not None:
            seller, buyer = int(change.before), int(change.owner)
            self._sale_series.add(sale, sale.floor_wei, known, seller=seller, buyer=buyer, book=self.asks_now)

    def _owner_id(self, address: str | None) -> int:
        return self._owner_ids.setdefault(address, len(self._owner_ids))

    def _known_at(self, events: pl.DataFrame, times: Ints) -> Ints:
        """When each event became known: not before it happened, and not before the events ahead of it."""
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
        later: Sequence[str],
        labels: Labels,
    ) -> Sale:
        """The sale with its verdict, before the fold applies the sale. `later`: owners after the sale in the same
        transaction. `place`: the first fields of `Sale`."""
        *_, tx_hash, time, punk = place
        floor = self.asks_now.floor_without(punk)
        side = (seller, *self._custody.holders(punk, tx_hash))
        circumstances = Circumstances(
            price=price,
            floor=floor,
            previous_day_floor=self._previous_day_floor,
            highest_bid=self._highest_bid() if price > FLASH_LOAN_WEI else 0,
            atomic=self._listed_in.get(punk) == tx_hash,
            to_itself=buyer in side or (buyer is not None and buyer == self._custody.giver(punk, time)),
            comes_back=not set(later).isdisjoint(side),
            sold_before=self._custody.sold_before(punk, seller, time),
        )
        return Sale(*place, price, seller, buyer, kind, floor, exclusion(circumstances), labels)

    def _highest_bid(self) -> int:
        return max((bid.price_wei for bid in self.offers.bids.values()), default=0)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Pause the cyclic garbage collector, which would take a quarter of a rebuild: it visits half a million small
    tuples repeatedly, and none of them is in a cycle."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def seconds(instants: pl.Series) -> Ints:
    """Each instant rounded up to whole seconds, so that `t < as_of` holds for the same whole seconds `t`."""
    whole: Ints = -(-instants.cast(pl.Datetime("us", "UTC")).to_physical().to_numpy() // 1_000_000)
    return whole
