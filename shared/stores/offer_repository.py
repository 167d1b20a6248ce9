"""The table of offers. The ingestor updates it with the events; every reader uses these functions.

A reader folds the events that are not in the table yet (after an import, or before the ingestor has filled the table of
an older database), so that the book is always complete. Imports no polars, because the gateway's image has none.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from shared.database.pool import Connection
from shared.market.offers import EVENT_COLUMNS, PRIVATE, Offer, OfferBook

REACH_SQL = """
select seq, revision, (select coalesce(max(seq), 0) from market_events) as last_seq,
       (select coalesce(max(revision), 0) from market_revisions) as last_revision
from offers_reach
"""
LOCK_REACH_SQL = "select from offers_reach for update"
MOVE_REACH_SQL = "update offers_reach set seq = $1, revision = $2"
REVISED_FROM_SQL = "select min(first_seq) from market_revisions where revision > $1"
DELETE_OFFERS_SQL = "delete from offers where since_seq >= $1"
REOPEN_OFFERS_SQL = "update offers set until_seq = null, until_time = null, ended_by = null where until_seq >= $1"
_EVENTS_SQL = f"""
select seq, block, event_time, {", ".join(EVENT_COLUMNS).replace("price_wei", "price_wei::text")}
from market_events
where superseded_at is null and seq > $1 and seq <= $2
"""
NEW_EVENTS_SQL = f"{_EVENTS_SQL} and ($3::timestamptz is null or event_time < $3) order by seq"
NEW_EVENTS_OF_PUNK_SQL = f"{_EVENTS_SQL} and punk_id = $3 order by block, log_index"
_OFFERS_SQL = """
select punk_id, kind, price_wei::text, maker, since_seq, since_block, since_time from offers where since_seq <= $1
"""
STANDING_SQL = f"{_OFFERS_SQL} and until_seq is null"
STANDING_THEN_SQL = f"{_OFFERS_SQL} and since_time < $2 and (until_time is null or until_time >= $2)"
CHANGING_SQL = f"""{_OFFERS_SQL} and until_seq is null
and punk_id in (select punk_id from market_events where seq > $1 and superseded_at is null)
"""
OFFERS_OF_PUNK_SQL = """
select punk_id, kind, price_wei::text, maker, since_seq, since_block, since_time, until_time, ended_by
from offers where since_seq <= $1 and punk_id = $2
"""
_COLUMNS: Final = (
    "punk_id", "kind", "price_wei", "maker", "since_seq", "since_block", "since_time", "until_seq", "until_time",
    "ended_by",
)  # fmt: skip
END_OFFERS_SQL = """
update offers o set until_seq = e.seq, until_time = e.time, ended_by = e.event_type
from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[]) e (since_seq, seq, time, event_type)
where o.since_seq = e.since_seq
"""
_AT_ONCE: Final = 2_000


class Place(NamedTuple):
    """Where and when an event happened."""

    seq: int
    block: int
    time: datetime


class PastOffer(NamedTuple):
    """A public ask or a bid. `until` and `ended_by` (an event type) are None while it stands."""

    offer: Offer[Place]
    until: datetime | None
    ended_by: str | None

    def stood(self, as_of: datetime) -> bool:
        """Whether the offer stood strictly before `as_of`."""
        return self.offer.since.time < as_of and (self.until is None or self.until >= as_of)


class _Ended(NamedTuple):
    offer: Offer[Place]
    until: Place
    ended_by: str


class _Reach(NamedTuple):
    """Newest event and reorganisation in the table of offers, and in the database."""

    seq: int
    revision: int
    last_seq: int
    last_revision: int

    @property
    def usable(self) -> int:
        """Sequence number up to which readers may use the table: 0 if the table lacks a reorganisation."""
        return self.seq if self.revision == self.last_revision else 0


async def standing(connection: Connection, *, as_of: datetime | None = None) -> OfferBook[Place]:
    """Offers that stand now, or stood strictly before `as_of` by today's events. Private listings may be missing."""
    async with connection.transaction():
        while True:
            reach = await _reach(connection)
            if as_of is None:
                rows = await connection.fetch(STANDING_SQL, reach.usable)
            else:
                rows = await connection.fetch(STANDING_THEN_SQL, reach.usable, as_of)
            book = OfferBook(_offer(*row) for row in rows)
            await _fold(connection, book, reach, as_of=as_of)
            if await _reach(connection) == reach:
                return book


async def of_punk(connection: Connection, punk_id: int) -> Sequence[PastOffer]:
    """All public asks and bids that the punk ever had, by time of placement."""
    async with connection.transaction():
        while True:
            reach = await _reach(connection)
            rows = await connection.fetch(OFFERS_OF_PUNK_SQL, reach.usable, punk_id)
            stored = [PastOffer(_offer(*offer), until, ended_by) for *offer, until, ended_by in rows]
            book = OfferBook(past.offer for past in stored if past.until is None)
            ended = await _fold(connection, book, reach, punk_id=punk_id)
            if await _reach(connection) == reach:
                every = [past for past in stored if past.until is not None]
                every += [PastOffer(offer, until.time, ended_by) for offer, until, ended_by in ended]
                every += [PastOffer(offer, None, None) for offer in _public(book)]
                return sorted(every, key=lambda past: past.offer.since)


async def catch_up(connection: Connection) -> None:
    """Bring the table up to all events and reorganisations, within the open transaction.

    An import or an older release may have stored events before this transaction.
    """
    await connection.execute(LOCK_REACH_SQL)
    reach = await _reach(connection)
    if (reach.seq, reach.revision) == (reach.last_seq, reach.last_revision):
        return
    if reach.revision != reach.last_revision:
        first: int = await connection.fetchval(REVISED_FROM_SQL, reach.revision)
        await connection.execute(DELETE_OFFERS_SQL, first)
        await connection.execute(REOPEN_OFFERS_SQL, first)
        # Events that replaced superseded ones have sequence numbers above the reach.
        reach = reach._replace(revision=reach.last_revision)
    book = OfferBook(_offer(*row) for row in await connection.fetch(CHANGING_SQL, reach.seq))
    ended = await _fold(connection, book, reach)
    earlier: list[tuple[object, ...]] = [
        (offer.since.seq, until.seq, until.time, ended_by)
        for offer, until, ended_by in ended
        if offer.since.seq <= reach.seq
    ]
    if earlier:
        await connection.execute(END_OFFERS_SQL, *zip(*earlier, strict=True))
    new: list[tuple[object, ...]] = [
        (*offer[:4], *offer.since, until.seq, until.time, ended_by)
        for offer, until, ended_by in ended
        if offer.since.seq > reach.seq
    ]
    new += [(*offer[:4], *offer.since, None, None, None) for offer in _public(book) if offer.since.seq > reach.seq]
    if new:
        await connection.copy_records_to_table("offers", records=new, columns=_COLUMNS)
    await connection.execute(MOVE_REACH_SQL, reach.last_seq, reach.last_revision)


async def _reach(connection: Connection) -> _Reach:
    return _Reach(*await connection.fetchrow(REACH_SQL))


async def _fold(
    connection: Connection,
    book: OfferBook[Place],
    reach: _Reach,
    *,
    as_of: datetime | None = None,
    punk_id: int | None = None,
) -> Sequence[_Ended]:
    """Fold the events that are not in the table; returns the public asks and bids that they ended."""
    ended: list[_Ended] = []
    if reach.usable == reach.last_seq:
        return ended
    query, which = (NEW_EVENTS_SQL, as_of) if punk_id is None else (NEW_EVENTS_OF_PUNK_SQL, punk_id)
    async for seq, block, time, *event in connection.cursor(
        query, reach.usable, reach.last_seq, which, prefetch=_AT_ONCE
    ):
        place = Place(seq, block, time)
        offers = book.apply(place, *event)
        ended += [_Ended(offer, place, event[1]) for offer in offers if offer.kind != PRIVATE]
    return ended


def _public(book: OfferBook[Place]) -> list[Offer[Place]]:
    return [*book.asks(), *book.bids.values()]


def _offer(
    punk_id: int, kind: str, price_wei: str, maker: str | None, seq: int, block: int, time: datetime
) -> Offer[Place]:
    return Offer(punk_id, kind, int(price_wei), maker, None, Place(seq, block, time))
