"""What readers saw at an earlier instant."""

from __future__ import annotations

import asyncio
from datetime import datetime

from services.api.gateway import Gateway
from services.api.market import queries as market_repository
from services.api.nowcasts import queries as nowcasts
from services.api.view.generation import Generation
from services.api.view.market import Market
from shared.errors import InvalidInputError, NotFoundError


async def generation_in_force(gateway: Gateway, as_of: datetime) -> Generation:
    """The generation that the pointer named at `as_of`.

    Raises:
        InvalidInputError: the instant has not come yet. NotFoundError: nothing had been published by then.
        GoneError: its values are not kept any more.
    """
    now = gateway.clock.now()
    if as_of > now:
        raise InvalidInputError(f"as_of {as_of.isoformat()} lies ahead of {now.isoformat()}; leave it out for now.")
    view = gateway.current.view
    if view is not None and view.generation.record.published_at <= as_of and not gateway.current.flags(0):
        return view.generation
    async with gateway.reading() as connection:
        found = await nowcasts.in_force(connection, as_of)
    if found is None:
        raise NotFoundError(f"No nowcast had been published by {as_of.isoformat()}; ask for a later instant.")
    return await gateway.follower.generation(found)


async def market_then(gateway: Gateway, as_of: datetime) -> Market:
    """The market strictly before `as_of`, by what is known of it today. Reads all events: one at a time.

    Raises TimeoutError: too many wait for the same.
    """
    async with (
        asyncio.timeout(gateway.config.load_timeout_s),
        gateway.reading_the_past,
        gateway.reading() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        return Market(await market_repository.market(connection, as_of=as_of))
