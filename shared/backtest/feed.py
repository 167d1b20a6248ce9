"""The inputs of a simulation: market events, nowcasts and the marks at the end of each day. Times are UTC seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Valued:
    """The value published before a sale, and its nowcast."""

    value_wei: int
    as_of: int
    generation_id: int | None


@dataclass(frozen=True, slots=True)
class SaleFacts:
    """The facts of a sale event. `valued` is None if nothing was published before it."""

    kind: Literal["buy", "accept_bid"]
    valid: bool
    valued: Valued | None = None


@dataclass(frozen=True, slots=True)
class MarketEvent:
    """A market event, in contract order.

    Attributes:
        seq: ascends in contract order; orders name a listing by it.
        time, known: instants of the event, and of its arrival on the platform.
        kind: the event's type.
        sender, receiver: addresses in the log.
        ref: transaction hash and log index, `0x…:12`.
    """

    seq: int
    time: int
    known: int
    punk: int
    kind: str
    price_wei: int
    ref: str
    sender: str | None = None
    receiver: str | None = None
    sale: SaleFacts | None = None


@dataclass(frozen=True)
class Nowcast:
    """A published generation. `values` (wei by punk) has at least the punks whose ask is under the value by the
    margin; the books ignore all other punks."""

    generation_id: int
    as_of: int
    published_at: int
    values: Mapping[int, int]


@dataclass(frozen=True)
class Close:
    """The marks of open positions at the end of a day.

    Attributes:
        floor_wei: lowest public ask.
        values: wei by punk, of the day's last nowcast. A punk that it lacks keeps its last value, moved by the floor.
    """

    floor_wei: int
    values: Mapping[int, int]


@dataclass(frozen=True)
class Day:
    """One UTC day: `number` is days since 1970; events in contract order, nowcasts by `as_of`."""

    number: int
    events: Sequence[MarketEvent]
    nowcasts: Sequence[Nowcast]
    close: Close | None
    """None: no nowcast that day; the marks of the day before stay."""
