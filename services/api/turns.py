"""Turns at what few requests may do at a time: a few wait, the rest are told at once that the process is busy."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, TypeVar, cast

from services.api.problems import BusyError

WAITING = 4
Made = TypeVar("Made")


class Turns:
    """An asynchronous context for up to `places` at a time. The caller limits the time, and so the wait.

    Raises:
        BusyError: `waiting` requests wait already.
    """

    def __init__(self, what: str, places: int = 1, *, waiting: int = WAITING) -> None:
        self._what = what
        self._places = asyncio.Semaphore(places)
        self._most = waiting
        self._waiting = 0
        self._shared: dict[str, asyncio.Task[Any]] = {}

    async def __aenter__(self) -> None:
        if self._places.locked() and self._waiting >= self._most:
            raise BusyError(f"{self._what}: {self._most} requests wait already, which is as many as may.")
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._places.release()

    async def share(self, key: str, make: Callable[[], Awaitable[Made]], *, limit_s: float) -> Made:
        """What `make` returns. Callers with the same key share one turn, and one result.

        Raises:
            BusyError: too many turns wait. TimeoutError: the wait and `make` together took longer than `limit_s`.
        """
        task = self._shared.get(key)
        if task is None:
            task = self._shared[key] = asyncio.create_task(self._turn(make, limit_s))
            task.add_done_callback(lambda done: self._ended(key, done))
        # Shielded: a client that hangs up must not cancel what others wait for.
        return cast(Made, await asyncio.shield(task))

    async def _turn(self, make: Callable[[], Awaitable[Made]], limit_s: float) -> Made:
        async with asyncio.timeout(limit_s), self:
            return await make()

    def _ended(self, key: str, done: asyncio.Task[Any]) -> None:
        self._shared.pop(key, None)
        if not done.cancelled():
            done.exception()  # Nobody may be left to take it.
