"""What the gateway holds in memory: immutable, so that a reader keeps what it started with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from services.api.resident.explanation import ResidentExplanation
from services.api.resident.renditions import Renditions
from services.api.resident.values import ValueMembers, ValueRow


@dataclass(frozen=True)
class GenerationFacts:
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
    sale_kind: str | None
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
    kind: str


@dataclass(frozen=True)
class Volume:
    """Sales within a window that ends at the market's last event."""

    days: int
    sales: int
    valid_sales: int
    wei: int


@dataclass(frozen=True)
class MarketFacts:
    """The market as of its last known event; `revisions` counts the reorganisations before."""

    last_seq: int
    revisions: int
    last_block: int
    last_event_time: datetime
    punks: Sequence[PunkMarketRow]
    volumes: Sequence[Volume]
    eth_usd: float | None
    eth_usd_date: date | None


@dataclass(frozen=True)
class Floor:
    """The lowest public ask."""

    punk_id: int
    wei: int


@dataclass(frozen=True)
class Generation:
    """A generation, rendered as it is asked for. `by_value` is (wei, punk)
    ascending, `rows` by punk, `wei` and `grades` each punk's value and confidence."""

    facts: GenerationFacts
    head: bytes
    rows: Sequence[ValueRow]
    wei: Mapping[int, int]
    grades: Mapping[int, str]
    values: ValueMembers
    by_value: Sequence[tuple[int, int]]
    by_punk: Sequence[int]
    places: Mapping[int, int]
    """Place of each punk in `rows`."""
    renditions: Renditions = field(default_factory=Renditions, compare=False)

    @cached_property
    def body(self) -> bytes:
        """The whole generation as JSON, from after its stamp (age and flags) to the closing brace."""
        punks = b",".join(b'{"punk_id":%d,%b}' % (punk, self.values[punk]) for punk in self.by_punk)
        return b'%b,"count":%d,"punks":[%b]}' % (self.head, len(self.by_punk), punks)


@dataclass(frozen=True)
class Market:
    """A rendered market. `punks` are JSON members without braces; a punk without events is not in it. `asks` are
    wei by punk, `by_ask` (wei, punk) ascending, `sales` all valid ones in contract order."""

    facts: MarketFacts | None
    asks: Mapping[int, int]
    by_ask: Sequence[tuple[int, int]]
    rows: Mapping[int, PunkMarketRow]
    floor: Floor | None
    head: bytes
    punks: Mapping[int, bytes]
    body: bytes
    sales: Sequence[SaleRow] = ()

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
        return (self.facts.last_seq, self.facts.revisions) if self.facts else (0, 0)


@dataclass(frozen=True)
class Catalogue:
    """The punks themselves. `types` and `traits` map the lowered name to the written one, `holders` the id of each
    trait (`type:Ape`, `skin:Mid`, `accessory:Hoodie`, `count:3`) to the punks that have it."""

    punks: Mapping[int, PunkRow]
    rendered: Mapping[int, bytes]
    types: Mapping[str, str]
    traits: Mapping[str, str]
    holders: Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class View:
    """Everything a hot route reads, behind one reference. `explained` is of this very generation, or None."""

    generation: Generation
    market: Market
    catalogue: Catalogue
    explained: ResidentExplanation | None = None
    renditions: Renditions = field(default_factory=Renditions, compare=False)

    @property
    def tag(self) -> str:
        """Names generation and market."""
        return f"g{self.generation.facts.generation_id}.{self.market.tag}"

    def discount(self, punk: int) -> float | None:
        """1 - ask / value; None without an ask."""
        ask = self.market.asks.get(punk)
        return None if ask is None else 1.0 - ask / self.generation.wei[punk]
