"""Columns of the timeline's series, and the series that valid sales fill."""

from __future__ import annotations

from math import log
from typing import Final, NamedTuple

from shared.market.event_types import ACCEPT_BID, BUY, CLAIM, TRANSFER, UNWRAP, WRAP
from shared.market.hedonic_index import HedonicIndex
from shared.market.order_book import NAN, AskBook, price_and_punk
from shared.market.series import ANY_NUMBER, KeyedSeries, TimeSeries
from shared.market.traits import PUNKS
from shared.market.valid_sales import Sale
from shared.units import DAY_S, WEI_PER_ETH

LARGEST_ERROR: Final = 0.7
"""Clips the error that a sale adds to its punk's sums (log units)."""
LARGEST_MARKET_ERROR: Final = 0.3
"""Clips the error that a sale adds to the sums of the market, the seller and the buyer (log units)."""
PUNK_HALF_LIFE_S: Final = 730.0 * DAY_S
OWNER_HALF_LIFE_S: Final = 180.0 * DAY_S
FLOOR_TIER_PREMIUM: Final = 0.10
"""Largest log premium, by the index, of a sale that belongs to the floor tier."""

ACQUISITION_KINDS: Final = {kind: code for code, kind in enumerate((BUY, ACCEPT_BID, TRANSFER, WRAP, UNWRAP, CLAIM), 1)}
"""How an owner acquired a punk, as a number for models."""


class LowestAsks(NamedTuple):
    """The two lowest public asks (ETH, NaN without one) and the punk of the lowest (-1 without one)."""

    lowest: float
    punk: float
    second: float

    @classmethod
    def of(cls, book: AskBook) -> LowestAsks:
        asks = [price_and_punk(key) for key in book.lowest_two()]
        return cls(
            lowest=asks[0][0] / WEI_PER_ETH if asks else NAN,
            punk=float(asks[0][1]) if asks else -1.0,
            second=asks[1][0] / WEI_PER_ETH if len(asks) > 1 else NAN,
        )


class OwnerChange(NamedTuple):
    """Previous and new owner (owner numbers, see `MarketTimeline`), and the kind of acquisition."""

    time: float
    before: float
    owner: float
    way: float


class PunkSale(NamedTuple):
    """A valid sale of a punk, with sums over the punk's sales so far.

    Attributes:
        log_price: ln ETH.
        log_floor: ln of the floor at the sale, in ETH. Baselines read it, features do not.
        level: the index level after the sale.
        errors, weight: decayed sum and weight of forecast errors.
        ratios: decayed sum of ln(price / level).
        number: how many sales.
    """

    log_price: float
    log_floor: float
    level: float
    errors: float
    weight: float
    ratios: float
    number: float


class ValidSale(NamedTuple):
    """Running sums over all valid sales: clipped forecast errors (log units), and accepted bids."""

    errors: float
    accepted_bids: float


class FloorSale(NamedTuple):
    """A valid sale in the floor tier.

    Attributes:
        log_price: ln ETH.
        ratio: ln(price / floor).
        ratio_without: ln(price / floor without the lowest ask).
        floor_punk: punk of the lowest ask.
    """

    log_price: float
    ratio: float
    ratio_without: float
    floor_punk: float


class OwnerRecord(NamedTuple):
    """An owner's sales or purchases: decayed sum and weight of clipped forecast errors, and their number."""

    errors: float
    weight: float
    number: float


class SaleSeries:
    """The series that valid sales fill; `MarketTimeline` describes them."""

    def __init__(self, index: HedonicIndex) -> None:
        self.punk_sales = KeyedSeries(PUNKS, len(PunkSale._fields))
        self.valid_sales = TimeSeries(len(ValidSale._fields))
        self.floor_sales = TimeSeries(len(FloorSale._fields))
        self.sold_by = KeyedSeries(ANY_NUMBER, len(OwnerRecord._fields))
        self.bought_by = KeyedSeries(ANY_NUMBER, len(OwnerRecord._fields))
        self._index = index
        self._punks: dict[int, tuple[PunkSale, int]] = {}
        self._sellers: dict[int, tuple[OwnerRecord, int]] = {}
        self._buyers: dict[int, tuple[OwnerRecord, int]] = {}
        self._sums = ValidSale(0.0, 0.0)

    def add(self, sale: Sale, floor_wei: int, known: int, *, seller: int, buyer: int, book: AskBook) -> None:
        """Add a valid sale, in contract order.

        Args:
            floor_wei: the floor of the sale.
            known: when the sale became known, UTC seconds.
            seller, buyer: owner numbers.
            book: the public asks without the punk's own.
        """
        log_price, premium = log(sale.price_eth), self._index.premium(sale.punk_id)
        error = self._index.update(known, sale.punk_id, log_price)
        clipped = max(-LARGEST_MARKET_ERROR, min(LARGEST_MARKET_ERROR, error))
        self._sums = ValidSale(self._sums.errors + clipped, self._sums.accepted_bids + (sale.kind == ACCEPT_BID))
        self.valid_sales.pending.append((known, self._sums))
        punk_sale = self._punk_sale(known, sale.punk_id, log_price, log(floor_wei / WEI_PER_ETH), error)
        self.punk_sales.pending.append(((sale.punk_id, known), punk_sale))
        for records, series, owner in ((self._sellers, self.sold_by, seller), (self._buyers, self.bought_by, buyer)):
            old, at = records.get(owner, (OwnerRecord(0.0, 0.0, 0.0), known))
            decay = 0.5 ** ((known - at) / OWNER_HALF_LIFE_S)
            new = OwnerRecord(old.errors * decay + clipped, old.weight * decay + 1.0, old.number + 1.0)
            records[owner] = (new, known)
            series.pending.append(((owner, known), new))
        if premium < FLOOR_TIER_PREMIUM:
            lows = LowestAsks.of(book)
            ratio, without = (log_price - log(ask) if ask > 0 else NAN for ask in (lows.lowest, lows.second))
            self.floor_sales.pending.append((known, FloorSale(log_price, ratio, without, lows.punk)))

    def flush(self) -> None:
        """Append the rows since the last flush."""
        for series in (self._index, self.valid_sales, self.floor_sales, self.punk_sales, self.sold_by, self.bought_by):
            series.flush()

    def _punk_sale(self, time: int, punk: int, log_price: float, log_floor: float, error: float) -> PunkSale:
        level = self._index.level
        old, at = self._punks.get(punk, (PunkSale(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), time))
        decay = 0.5 ** ((time - at) / PUNK_HALF_LIFE_S)
        new = PunkSale(
            log_price=log_price,
            log_floor=log_floor,
            level=level,
            errors=old.errors * decay + max(-LARGEST_ERROR, min(LARGEST_ERROR, error)),
            weight=old.weight * decay + 1.0,
            ratios=old.ratios * decay + log_price - level,
            number=old.number + 1.0,
        )
        self._punks[punk] = (new, time)
        return new
