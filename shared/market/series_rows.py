"""What events leave behind in the timeline's series: the columns of each series, and how a valid sale fills them."""

from __future__ import annotations

from math import log
from typing import Final, NamedTuple

from shared.market.hedonic_index import HedonicIndex
from shared.market.order_book import NAN, AskBook, price_and_punk
from shared.market.series import ANY_NUMBER, KeyedSeries, TimeSeries
from shared.market.traits import PUNKS
from shared.units import DAY_S, WEI_PER_ETH

LARGEST_ERROR: Final = 0.7
"""What a punk's own sales say about it is clipped here (log units), …"""
LARGEST_MARKET_ERROR: Final = 0.3
"""… and what a sale says about the market, a seller or a buyer, here."""
PUNK_HALF_LIFE_S: Final = 730.0 * DAY_S
OWNER_HALF_LIFE_S: Final = 180.0 * DAY_S
FLOOR_TIER_PREMIUM: Final = 0.10
"""Log premium by the index up to which a punk trades as one of the floor tier."""

ACQUISITION_KINDS: Final[dict[str, int]] = {
    "buy": 1,
    "accept_bid": 2,
    "transfer": 3,
    "wrap": 4,
    "unwrap": 5,
    "claim": 6,
}
"""How an owner came to a punk, as a number for models."""


class LowestAsks(NamedTuple):
    """The two lowest public asks (ETH, NaN where there is none) and whose the lowest is (-1: nobody's)."""

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
    """Who held the punk before and since then (owner numbers, see `MarketTimeline`), and how it changed hands."""

    time: float
    before: float
    owner: float
    way: float


class PunkSale(NamedTuple):
    """A valid sale of a punk: ln ETH, ln of the floor then (for baselines; no feature reads it) and the index's level
    right after it. Then what its sales so far say about this very punk: decayed sum and weight of forecast errors,
    decayed sum of ln(price / level), and their number."""

    log_price: float
    log_floor: float
    level: float
    errors: float
    weight: float
    ratios: float
    number: float


class ValidSale(NamedTuple):
    """Running sums over all valid sales: of clipped forecast errors (log units), and of accepted bids."""

    errors: float
    accepted_bids: float


class FloorSale(NamedTuple):
    """A valid sale in the floor tier: ln ETH, ln(price / floor), the same without the ask that was the floor, and the
    punk whose ask that was."""

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
    """The series that valid sales fill, described in `MarketTimeline`. `flush` appends the rows gathered so far."""

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
        self._clear()

    def add(
        self,
        *,
        time: int,
        punk: int,
        price_wei: int,
        floor_wei: int,
        accepted_bid: bool,
        seller: int,
        buyer: int,
        book: AskBook,
    ) -> None:
        """A valid sale, in contract order; `book` is the public asks without the punk's own."""
        log_price, premium = log(price_wei / WEI_PER_ETH), self._index.premium(punk)
        error = self._index.update(time, punk, log_price)
        clipped = max(-LARGEST_MARKET_ERROR, min(LARGEST_MARKET_ERROR, error))
        self._sums = ValidSale(self._sums.errors + clipped, self._sums.accepted_bids + accepted_bid)
        self._valid_sales.append((time, self._sums))
        self._punk_sales.append((punk, time, self._of_punk(time, punk, log_price, log(floor_wei / WEI_PER_ETH), error)))
        for records, marks, owner in (
            (self._sellers, self._sold_by, seller),
            (self._buyers, self._bought_by, buyer),
        ):
            old, at = records.get(owner, (OwnerRecord(0.0, 0.0, 0.0), time))
            decay = 0.5 ** ((time - at) / OWNER_HALF_LIFE_S)
            new = OwnerRecord(old.errors * decay + clipped, old.weight * decay + 1.0, old.number + 1.0)
            records[owner] = (new, time)
            marks.append((owner, time, new))
        if premium < FLOOR_TIER_PREMIUM:
            lows = LowestAsks.of(book)
            ratio, without = (log_price - log(ask) if ask > 0 else NAN for ask in (lows.lowest, lows.second))
            self._floor_sales.append((time, FloorSale(log_price, ratio, without, lows.punk)))

    def flush(self) -> None:
        """Append what was added since the last flush."""
        self._index.flush()
        for series, marks in ((self.valid_sales, self._valid_sales), (self.floor_sales, self._floor_sales)):
            series.extend([time for time, _ in marks], [row for _, row in marks])
        for keyed, keyed_marks in (
            (self.punk_sales, self._punk_sales),
            (self.sold_by, self._sold_by),
            (self.bought_by, self._bought_by),
        ):
            keyed.extend([(key, time) for key, time, _ in keyed_marks], [row for _, _, row in keyed_marks])
        self._clear()

    def _clear(self) -> None:
        self._valid_sales: list[tuple[int, ValidSale]] = []
        self._floor_sales: list[tuple[int, FloorSale]] = []
        self._punk_sales: list[tuple[int, int, PunkSale]] = []
        self._sold_by: list[tuple[int, int, OwnerRecord]] = []
        self._bought_by: list[tuple[int, int, OwnerRecord]] = []

    def _of_punk(self, time: int, punk: int, log_price: float, log_floor: float, error: float) -> PunkSale:
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
