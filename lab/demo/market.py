"""Which market a demo plays, and which days of it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from lab.demo.command import Market
from lab.replay.plan import Plan
from services.cli.bundled import BUNDLED
from shared.errors import InvalidInputError
from shared.settings import Settings
from shared.sources.simulated import SimulatedMarket
from shared.sources.source import MarketSource

RECORDED_DAYS = timedelta(days=28)
"""Two or three contenders come up in this time. Everything before it is history to learn from."""
SIMULATED_DAYS = timedelta(days=180)
WATCH_EVERY = timedelta(hours=6)
EVERYTHING = datetime(9999, 1, 1, tzinfo=UTC)


def source_url(settings: Settings, market: Market, events: Path | None, *, today: date) -> str:
    """The URL of the given events, else of the source in the settings, else of `market`.

    A simulated market ends with yesterday, so that its days are recent.

    Raises:
        InvalidInputError: this installation lacks the real market.
    """
    if events is not None:
        return _files(events)
    if "source_url" in settings.model_fields_set:
        return settings.source_url
    if market is Market.SIMULATED:
        return f"simulated://?seed=7&days={SIMULATED_DAYS.days}&start={today - SIMULATED_DAYS}"
    if not BUNDLED.is_dir():
        raise InvalidInputError(
            f"{BUNDLED}: the real market comes with the source tree; set EVENTS to a folder of event files, or "
            "MARKET=simulated"
        )
    return _files(BUNDLED)


def described(url: str) -> str:
    """What happens to the market of a source, in words."""
    if url.startswith("simulated:"):
        return "Playing a simulated market"
    return f"Replaying the {'real market' if url == _files(BUNDLED) else 'given events'}"


async def plan_of(source: MarketSource, every: timedelta) -> Plan:
    """The first half year of a simulated market; of recorded events the last weeks, or the later half of a shorter
    history.

    Raises:
        InvalidInputError: there are no events.
    """
    if isinstance(source, SimulatedMarket):
        end = min(source.end, source.start + SIMULATED_DAYS)
        return Plan(source.start.date(), (end - timedelta(days=1)).date(), every, WATCH_EVERY)
    everything = await source.fetch(None, EVERYTHING)
    if everything.is_empty():
        raise InvalidInputError("the event files hold no events; there is nothing to play")
    begin, last = everything["timestamp"][0], everything["timestamp"][-1]
    first = max(last - RECORDED_DAYS + timedelta(days=1), begin + (last - begin) / 2)
    return Plan(first.date(), last.date(), every, WATCH_EVERY)


def _files(folder: Path) -> str:
    return f"files://{quote(str(folder.resolve()))}"
