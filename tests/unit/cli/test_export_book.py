from datetime import date, timedelta

import polars as pl

from services.cli.export.book import BOOK_SCHEMA, FLOOR_SCHEMA, book_after, daily_floor
from tests.factories.market import busy_events
from tests.factories.market_story import BEGAN, Event, event_frame

ANN, BOB = (f"0x{name:040x}" for name in (1, 2))


def test_private_listings_and_gifts_have_a_column_of_their_own() -> None:
    book = book_after(
        event_frame(
            Event("listed", 1, 40.0, sender=ANN),
            Event("listed", 2, 30.0, sender=ANN, receiver=BOB),
            Event("listed", 3, 0.0, sender=ANN),
            Event("listed", 4, 20.0, sender=ANN),
            Event("delisted", 4, sender=ANN),
        )
    )
    assert book.select("punk_id", "ask_wei", "private_ask_wei", "private_buyer").rows() == [
        (1, str(40 * 10**18), None, None),
        (2, None, str(30 * 10**18), BOB),
        (3, None, "0", None),
        (4, None, None, None),
    ]
    assert book["listed_since"].to_list() == [*[BEGAN + timedelta(minutes=n) for n in (1, 2, 3)], None]


def test_amounts_beyond_every_number_type_keep_their_order() -> None:
    events = event_frame(*(Event("listed", punk, 9.0, sender=ANN) for punk in (1, 2, 3)))
    events = events.with_columns(price_wei=pl.Series([f"1{'0' * 70}1", f"1{'0' * 71}", "9"]))
    assert book_after(events)["punk_id"].to_list() == [3, 2, 1]


def test_a_day_ends_with_its_last_second_and_days_without_events_keep_the_floor() -> None:
    days = daily_floor(
        event_frame(
            Event("listed", 1, 9.0, sender=ANN, at=timedelta(hours=23, minutes=59, seconds=59)),
            Event("listed", 2, 8.0, sender=ANN, at=timedelta(hours=24)),
            Event("listed", 3, 1.0, sender=ANN, receiver=BOB, at=timedelta(days=3)),
        )
    )
    assert days.rows() == [
        (date(2024, 5, 1), 9.0, 1, 1),
        (date(2024, 5, 2), 8.0, 2, 2),
        (date(2024, 5, 3), 8.0, 2, 2),
        (date(2024, 5, 4), 8.0, 2, 3),
    ]


def test_without_events_there_are_no_rows_and_without_asks_no_floor() -> None:
    nothing = busy_events(1, count=5).clear()
    assert (daily_floor(nothing).schema, daily_floor(nothing).height) == (FLOOR_SCHEMA, 0)
    assert (book_after(nothing).schema, book_after(nothing).height) == (BOOK_SCHEMA, 0)
    assert daily_floor(event_frame(Event("bid", 1, 9.0, sender=ANN))).rows() == [(date(2024, 5, 1), None, None, 0)]
