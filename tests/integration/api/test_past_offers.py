"""A punk's asks and bids within a window."""

from datetime import timedelta

from services.api.punks import queries as history
from shared.database.pool import Connection
from shared.stores import event_repository, offer_repository
from tests.factories.market_story import BEGAN, Event, event_frame

ANN, BOB = (f"0x{name:040x}" for name in (1, 2))


async def test_a_window_shows_the_offers_that_stood_in_it_at_any_time(connection: Connection) -> None:
    story = event_frame(
        Event("listed", 1, 5.0, sender=ANN, at=timedelta(hours=1)),
        Event("delisted", 1, sender=ANN, at=timedelta(hours=3)),
        Event("listed", 1, 7.0, sender=ANN, at=timedelta(hours=6)),
        Event("listed", 2, 9.0, sender=BOB, at=timedelta(hours=6)),
    )
    await event_repository.append_events(connection, story.drop("seq"))
    await offer_repository.catch_up(connection)
    for start, end, prices in ((2, 4, [5]), (3, 6, []), (2, None, [5, 7]), (None, 6, [5]), (None, None, [5, 7])):
        window = (None if hour is None else BEGAN + timedelta(hours=hour) for hour in (start, end))
        found = await history.offers(connection, 1, *window)
        assert [one.offer.price_wei // 10**18 for one in found] == prices
