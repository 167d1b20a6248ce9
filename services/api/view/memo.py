"""Values that are computed once from an immutable object, and kept with it."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar, cast

Made = TypeVar("Made")


class Memo:
    """By name. Concurrent callers wait for the same computation."""

    def __init__(self) -> None:
        self._made: dict[str, asyncio.Future[Any]] = {}

    async def get(self, name: str, make: Callable[[], Made]) -> Made:
        """What `make` returns, run in a thread the first time."""
        found = self._made.get(name)
        if found is None:
            found = asyncio.ensure_future(asyncio.to_thread(make))
            self._made[name] = found
        try:
            # Shielded: a client that hangs up must not cancel what others wait for.
            return cast(Made, await asyncio.shield(found))
        except BaseException:
            if found.done() and (found.cancelled() or found.exception() is not None):
                self._made.pop(name, None)
            raise
