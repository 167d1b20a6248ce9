"""The market in memory, and the documents made from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from services.api.market.schemas import BidsDocument, DepthStep, EthUsd, HighBid, VolumeDocument
from services.api.money import money
from services.api.punks.schemas import Ask, Bid, LastSale
from services.api.schemas import FloorDocument, MarketAsOf
from services.api.view.records import MarketRecord, PunkMarketRow, SaleRow

DEPTH_PERCENT = (0, 1, 2, 5, 10, 20, 50, 100)
HIGHEST_BIDS = 10


@dataclass(frozen=True)
class Market:
    """`record` is None before the first event; `sales` are all valid ones in contract order."""

    record: MarketRecord | None = None
    sales: Sequence[SaleRow] = ()

    @cached_property
    def rows(self) -> Mapping[int, PunkMarketRow]:
        """By punk; a punk without events is not in it."""
        return {row.punk_id: row for row in self.record.punks} if self.record else {}

    @cached_property
    def asks(self) -> Mapping[int, int]:
        """Wei by punk."""
        return {punk: int(row.ask_wei) for punk, row in self.rows.items() if row.ask_wei is not None}

    @cached_property
    def by_ask(self) -> Sequence[tuple[int, int]]:
        """(wei, punk), ascending."""
        return sorted((wei, punk) for punk, wei in self.asks.items())

    @property
    def seq(self) -> int:
        return self.place[0]

    @property
    def tag(self) -> str:
        """Part of an entity tag: another one whenever the market is another."""
        seq, revisions = self.place
        return f"s{seq}.r{revisions}" if revisions else f"s{seq}"

    @property
    def place(self) -> tuple[int, int]:
        """Newest event and number of reorganisations: when neither has changed, the market has not."""
        return (self.record.last_seq, self.record.revisions) if self.record else (0, 0)

    @property
    def as_of(self) -> MarketAsOf | None:
        if self.record is None:
            return None
        return MarketAsOf(block=self.record.last_block, time=self.record.last_event_time)

    @property
    def floor(self) -> FloorDocument | None:
        """The lowest public ask."""
        return FloorDocument(price=money(self.by_ask[0][0]), punk_id=self.by_ask[0][1]) if self.by_ask else None

    @property
    def depth(self) -> list[DepthStep]:
        """Asks up to so many percent above the lowest, and what all of them cost; empty without asks."""
        steps: list[DepthStep] = []
        taken = amount = 0
        for percent in DEPTH_PERCENT if self.by_ask else ():
            limit = self.by_ask[0][0] * (100 + percent) // 100
            while taken < len(self.by_ask) and self.by_ask[taken][0] <= limit:
                amount += self.by_ask[taken][0]
                taken += 1
            steps.append(DepthStep(above_floor_percent=percent, price=money(limit), asks=taken, amount=money(amount)))
        return steps

    @property
    def bids(self) -> BidsDocument:
        standing = [(int(row.bid_wei), row) for row in self.rows.values() if row.bid_wei is not None]
        standing.sort(key=lambda one: (-one[0], one[1].punk_id))
        return BidsDocument(
            standing=len(standing),
            amount=money(sum(wei for wei, _ in standing)),
            highest=[
                HighBid(punk_id=row.punk_id, price=money(wei), bidder=row.bidder, since=row.bid_time)
                for wei, row in standing[:HIGHEST_BIDS]
                if row.bid_time is not None
            ],
        )

    @property
    def volumes(self) -> list[VolumeDocument]:
        return [
            VolumeDocument(days=one.days, sales=one.sales, valid_sales=one.valid_sales, volume=money(one.wei))
            for one in (self.record.volumes if self.record else ())
        ]

    @property
    def eth_usd(self) -> EthUsd | None:
        if self.record is None or self.record.eth_usd is None or self.record.eth_usd_date is None:
            return None
        return EthUsd(close=self.record.eth_usd, date=self.record.eth_usd_date)


def ask_of(row: PunkMarketRow | None) -> Ask | None:
    if row is None or row.ask_wei is None or row.ask_time is None or row.ask_block is None:
        return None
    return Ask(price=money(row.ask_wei), seller=row.ask_seller, since=row.ask_time, block=row.ask_block)


def bid_of(row: PunkMarketRow | None) -> Bid | None:
    if row is None or row.bid_wei is None or row.bid_time is None:
        return None
    return Bid(price=money(row.bid_wei), bidder=row.bidder, since=row.bid_time)


def last_sale_of(row: PunkMarketRow | None) -> LastSale | None:
    if row is None or row.sale_wei is None or row.sale_time is None:
        return None
    return LastSale(
        price=money(row.sale_wei),
        time=row.sale_time,
        kind=row.sale_kind,
        valid=row.sale_valid,
        seller=row.sale_seller,
        buyer=row.sale_buyer,
        tx_hash=row.sale_tx_hash,
    )
