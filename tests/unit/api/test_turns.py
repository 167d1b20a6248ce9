import asyncio

import pytest

from services.api.problems import BusyError
from services.api.turns import Turns
from tests.factories.waiting import eventually


class Work:
    """Takes until it is released, and counts how often it was begun."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.begun = 0

    async def __call__(self) -> int:
        self.begun += 1
        await self.release.wait()
        return self.begun


async def test_a_few_wait_and_the_rest_are_told_at_once() -> None:
    turns, work = Turns("Things", waiting=2), Work()
    asked = [asyncio.create_task(turns.share(str(key), work, limit_s=60)) for key in range(3)]
    await eventually(lambda: work.begun == 1)
    with pytest.raises(BusyError, match="Things: 2 requests wait already"):
        await turns.share("another", work, limit_s=60)
    work.release.set()
    assert await asyncio.gather(*asked) == [1, 2, 3]
    assert await turns.share("another", work, limit_s=60) == 4


async def test_those_who_ask_for_the_same_share_a_turn() -> None:
    turns, work = Turns("Things", waiting=1), Work()
    asked = [asyncio.create_task(turns.share("one", work, limit_s=60)) for _ in range(50)]
    await eventually(lambda: work.begun == 1)
    asked[0].cancel()
    work.release.set()
    assert await asyncio.gather(*asked[1:]) == [1] * 49


async def test_the_wait_counts_into_the_limit() -> None:
    turns, work = Turns("Things"), Work()
    first = asyncio.create_task(turns.share("one", work, limit_s=60))
    await eventually(lambda: work.begun == 1)
    with pytest.raises(TimeoutError):
        await turns.share("two", work, limit_s=0.01)
    work.release.set()
    assert await first == 1
    assert await turns.share("two", work, limit_s=60) == 2


async def test_a_failure_is_told_to_all_who_asked_and_not_kept() -> None:
    turns = Turns("Things")

    async def fail() -> int:
        raise RuntimeError

    answers = await asyncio.gather(*(turns.share("one", fail, limit_s=60) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [RuntimeError] * 3
    work = Work()
    work.release.set()
    assert await turns.share("one", work, limit_s=60) == 1


async def test_as_many_as_there_are_places_go_at_a_time() -> None:
    turns = Turns("Things", places=2, waiting=0)
    async with turns, turns:
        with pytest.raises(BusyError):
            async with turns:
                pass
    async with turns:
        pass
