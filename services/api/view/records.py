"""Rows of the database as the gateway holds them: immutable, so that a reader keeps what it started with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from services.api.schemas import Grade, SaleKind


@dataclass(frozen=True)
class GenerationRecord:
    """The row of `generations`. Times in UTC, floor in wei."""

    generation_id: int
    model_id: str
    snapshot_id: str
    as_of: datetime
    published_at: datetime
    row_count: int
    floor_wei: int
    last_block: int
    values_sha256: str
    merkle_root: str


class ValueRow(NamedTuple):
    """One punk of a generation; wei as decimal text."""

    punk_id: int
    value_wei: str
    lo50_wei: str
    hi50_wei: str
    lo80_wei: str
    hi80_wei: str
    lo90_wei: str
    hi90_wei: str
    confidence: Grade


@dataclass(frozen=True)
class PunkRow:
    """What never changes about a punk."""

    punk_id: int
    type: str
    skin: str | None
    accessories: tuple[str, ...]

    @cached_property
    def trait_ids(self) -> list[str]:
        """As the valuation names them, in its order."""
        skin = [f"skin:{self.skin}"] if self.skin else []
        accessories = [f"accessory:{name}" for name in self.accessories]
        return [f"type:{self.type}", *skin, f"count:{len(self.accessories)}", *accessories]


@dataclass(frozen=True)
class PunkMarketRow:
    """Where a punk stands in the market: its public ask, last sale and owner; wei as decimal text."""

    punk_id: int
    ask_wei: str | None
    ask_seller: str | None
    ask_time: datetime | None
    ask_block: int | None
    bid_wei: str | None
    bidder: str | None
    bid_time: datetime | None
    owner: str | None
    owner_since: datetime | None
    sale_wei: str | None
    sale_time: datetime | None
    sale_kind: SaleKind | None
    sale_seller: str | None
    sale_buyer: str | None
    sale_tx_hash: str | None
    sale_valid: bool | None


class SaleRow(NamedTuple):
    """A valid sale that had a floor; UTC seconds and wei."""

    seq: int
    punk_id: int
    time: int
    price_wei: int
    floor_wei: int
    kind: SaleKind


@dataclass(frozen=True)
class Volume:
    """Sales within a window that ends at the market's last event."""

    days: int
    sales: int
    valid_sales: int
    wei: int


@dataclass(frozen=True)
class MarketRecord:
    """The market as of its last known event; `revisions` counts the reorganisations before."""

    last_seq: int
    revisions: int
    last_block: int
    last_event_time: datetime
    punks: Sequence[PunkMarketRow]
    volumes: Sequence[Volume]
    eth_usd: float | None
    eth_usd_date: date | None
