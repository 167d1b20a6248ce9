"""A punk's asks and bids as intervals, folded from its events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.api.repositories.history import EventThen
from shared.market.event_types import OWNER_CHANGES


@dataclass(frozen=True)
class Interval:
    """From when it was placed to when it ended (None: it stands), at so much (wei as text), by whom."""

    price_wei: str
    by: str | None
    start: datetime
    end: datetime | None = None
    ended_by: str | None = None

    def ended(self, event: EventThen) -> Interval:
        return replace(self, end=event.time, ended_by=event.event_type)


def asks(events: Iterable[EventThen]) -> Sequence[Interval]:
    """Public asks, oldest first: each until the next listing, its end, or another owner."""
    found: list[Interval] = []
    standing: Interval | None = None
    for event in events:
        if event.event_type not in ("listed", "delisted", *OWNER_CHANGES):
            continue
        if standing is not None:
            found.append(standing.ended(event))
            standing = None
        if event.event_type == "listed" and event.to_address is None and event.price_wei not in (None, "0"):
            assert event.price_wei is not None
            standing = Interval(event.price_wei, event.from_address, event.time)
    return [*found, standing] if standing is not None else found


def bids(events: Iterable[EventThen]) -> Sequence[Interval]:
    """Bids, oldest first: each until the next bid, its withdrawal, its acceptance, or its bidder owning the punk."""
    found: list[Interval] = []
    standing: Interval | None = None
    for event in events:
        if standing is not None and _ends_bid(event, standing):
            found.append(standing.ended(event))
            standing = None
        if event.event_type == "bid" and event.price_wei not in (None, "0"):
            assert event.price_wei is not None
            standing = Interval(event.price_wei, event.from_address, event.time)
    return [*found, standing] if standing is not None else found


def _ends_bid(event: EventThen, standing: Interval) -> bool:
    if event.event_type in ("bid", "bid_withdrawn") or event.sale_kind == "accept_bid":
        return True
    return event.event_type in OWNER_CHANGES and event.to_address == standing.by


def within(intervals: Sequence[Interval], start: datetime | None, end: datetime | None) -> Sequence[Interval]:
    """Those that stood at any time in [start, end)."""
    return [
        one
        for one in intervals
        if (end is None or one.start < end) and (start is None or one.end is None or one.end > start)
    ]
