"""Generations by number, and by the instant at which readers saw them."""

from datetime import datetime

from services.api.gateway import Gateway
from services.api.nowcasts import queries
from services.api.view.generation import Generation
from shared.errors import InvalidInputError, NotFoundError


async def generation_in_force(gateway: Gateway, as_of: datetime) -> Generation:
    """The generation that the pointer named at `as_of`.

    Raises:
        InvalidInputError: the instant is in the future. NotFoundError: no nowcast had been published by then.
        GoneError: its values are not kept any more.
    """
    now = gateway.clock.now()
    if as_of > now:
        raise InvalidInputError(
            f"as_of {as_of.isoformat()} is in the future (now is {now.isoformat()}); remove `as_of`."
        )
    view = gateway.current.view
    if view is not None and view.generation.record.published_at <= as_of and not gateway.current.flags(0):
        return view.generation
    async with gateway.reading() as connection:
        found = await queries.in_force(connection, as_of)
    if found is None:
        raise NotFoundError(f"No nowcast had been published by {as_of.isoformat()}; ask for a later instant.")
    return await gateway.follower.generation(found)


async def published_generation(gateway: Gateway, generation_id: int) -> Generation:
    """A generation that readers saw at some time.

    Raises:
        NotFoundError: none has that number, or it is of another model than the champion.
        GoneError: its values are not kept any more.
    """
    kept = gateway.current.earlier(generation_id)
    if kept is not None:
        return kept
    async with gateway.reading() as connection:
        role = await queries.role(connection, generation_id)
    if role != "champion":
        raise NotFoundError(f"Generation {generation_id} was never published; /v1/nowcasts lists those that were.")
    return await gateway.follower.generation(generation_id)
