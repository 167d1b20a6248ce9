"""Where the nowcaster is put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from services.nowcaster.archive import Archive
from services.nowcaster.handlers import CONSUMER, Nowcaster
from services.nowcaster.models import LoadedModels
from shared.contracts.envelope import Envelope
from shared.contracts.messages import MarketUpdated, ModelPromoted, ModelRolledBack, NowcastRequested, Payload
from shared.market.reader import MarketReader
from shared.messaging.bus import Subscription
from shared.runtime.platform import Platform


class NowcasterService:
    """The running nowcaster."""

    name = "nowcaster"

    def __init__(self, nowcaster: Nowcaster, archive: Archive) -> None:
        self._archive = archive
        self._handlers: dict[type[Payload], Callable[[Envelope], Awaitable[None]]] = {
            NowcastRequested: nowcaster.on_nowcast_requested,
            MarketUpdated: nowcaster.on_market_updated,
            ModelPromoted: nowcaster.on_champion_changed,
            ModelRolledBack: nowcaster.on_champion_changed,
        }

    def subscriptions(self) -> Sequence[Subscription]:
        return [Subscription(CONSUMER, tuple(self._handlers), self._dispatch)]

    async def _dispatch(self, message: Envelope) -> None:
        await self._handlers[type(message.data)](message)

    async def background(self) -> None:
        """Everything happens on messages."""

    async def drain(self) -> None:
        await self._archive.catch_up()


def build(platform: Platform, *, reader: MarketReader | None = None) -> NowcasterService:
    """From a platform; a process that hosts several services passes one reader to all of them."""
    reader = reader or MarketReader()
    archive = Archive(database=platform.database, store=platform.store, clock=platform.clock, reader=reader)
    nowcaster = Nowcaster(
        database=platform.database,
        clock=platform.clock,
        reader=reader,
        models=LoadedModels(platform.store, threads=platform.settings.threads),
        archive=archive,
    )
    return NowcasterService(nowcaster, archive)
