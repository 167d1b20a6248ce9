"""Punks and closes of a source that has to ask others for them."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from services.ingestor.reference import ASK_AGAIN_AFTER, FetchedReference
from shared.errors import InvalidInputError, PunkcastError, TransientError
from shared.sources.price_source import PricesUnavailableError
from shared.stores import source_repository
from tests.factories import small_market
from tests.factories.database import Database

NOW = datetime(2024, 3, 5, 12, tzinfo=UTC)


class Asked:
    """Has punks and closes up to `newest`; `failure` is raised instead of closes."""

    def __init__(self) -> None:
        self.newest = date(2024, 3, 4)
        self.failure: PunkcastError | None = None
        self.punks_failure: PunkcastError | None = None
        self.asked: list[tuple[date | None, date]] = []
        self.punks_asked = 0

    async def punks(self) -> pl.DataFrame:
        self.punks_asked += 1
        if self.punks_failure:
            raise self.punks_failure
        return small_market.PUNKS

    async def eth_usd(self, after: date | None, until: date) -> pl.DataFrame:
        self.asked.append((after, until))
        if self.failure:
            raise self.failure
        first = date(2024, 3, 1) if after is None else after + timedelta(days=1)
        days = [first + timedelta(days=n) for n in range((min(until, self.newest) - first).days + 1)]
        return pl.DataFrame({"date": days, "eth_usd": [3_000.0] * len(days)}, schema=small_market.closes().schema)


async def stored(database: Database, reference: FetchedReference, at: datetime) -> date | None:
    """Gather and store; the newest close that is known then."""
    gathered = await reference.gather(at)
    async with database.transaction() as connection:
        await gathered.store(connection)
        return await connection.fetchval("select max(date) from eth_usd_daily")


async def test_punks_are_asked_for_once_and_closes_when_their_day_has_ended(database: Database) -> None:
    source = Asked()
    reference = FetchedReference(database, source)  # type: ignore[arg-type]
    assert await stored(database, reference, NOW) == date(2024, 3, 4)
    assert await stored(database, reference, NOW + timedelta(hours=1)) == date(2024, 3, 4)
    restarted = FetchedReference(database, source)  # type: ignore[arg-type]
    assert await stored(database, restarted, NOW + timedelta(hours=2)) == date(2024, 3, 4)
    assert (source.punks_asked, source.asked) == (1, [(None, date(2024, 3, 4))])
    source.newest = date(2024, 3, 9)
    assert await stored(database, restarted, NOW + timedelta(days=2)) == date(2024, 3, 6)
    assert source.asked[1:] == [(date(2024, 3, 4), date(2024, 3, 6))]


async def test_a_missing_day_between_others_is_asked_for_once_a_day(database: Database) -> None:
    source = Asked()
    reference = FetchedReference(database, source)  # type: ignore[arg-type]
    await stored(database, reference, NOW)
    await database.execute("delete from eth_usd_daily where date = '2024-03-02'")
    for minutes in (0, 20, 40):
        await stored(database, reference, NOW + timedelta(hours=1, minutes=minutes))
    assert source.asked[1:] == [(date(2024, 3, 1), date(2024, 3, 2))]
    assert await database.run(source_repository.missing_closes, NOW) == []


@pytest.mark.parametrize("failure", [PricesUnavailableError("HTTP 503"), InvalidInputError("no candles")])
async def test_closes_that_cannot_be_had_hold_nothing_up(database: Database, failure: PunkcastError) -> None:
    source = Asked()
    source.failure = failure
    reference = FetchedReference(database, source)  # type: ignore[arg-type]
    assert await stored(database, reference, NOW) is None
    source.failure = None
    assert await stored(database, reference, NOW + timedelta(minutes=1)) is None
    assert len(source.asked) == 1, "nor is their source asked with every pull"
    assert await stored(database, reference, NOW + ASK_AGAIN_AFTER) == date(2024, 3, 4)
    assert await database.value("select count(*) from punks") == 10_000


async def test_without_punks_nothing_goes_on(database: Database) -> None:
    source = Asked()
    source.punks_failure = TransientError("no node answers")
    with pytest.raises(TransientError):
        await FetchedReference(database, source).gather(NOW)  # type: ignore[arg-type]
