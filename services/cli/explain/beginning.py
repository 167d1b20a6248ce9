"""Whether there is a market to explain from. Imports nothing slow, so that an empty database is told at once."""

from datetime import datetime

from shared.errors import NotFoundError

FIRST_EVENT_SQL = "select min(event_time) from market_events where superseded_at is null"


def beginning(first: datetime | None, as_of: datetime | None, where: str) -> datetime:
    """The time of the first event. Raises NotFoundError: nothing had happened by `as_of`; None: after the last."""
    if first is None:
        raise NotFoundError(f"there are no events in {where}; `punkcast import DIR` brings them into a database")
    if as_of is not None and as_of <= first:
        raise NotFoundError(
            f"--as-of {as_of.isoformat()}: the market of {where} begins at {first.isoformat()}; ask for a later instant"
        )
    return first
