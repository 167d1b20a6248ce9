import asyncio
import itertools
import time

import pytest

from services.api.view.memo import Memo


async def test_those_who_ask_at_once_share_one_making() -> None:
    numbers = itertools.count(1)

    def make() -> int:
        time.sleep(0.02)
        return next(numbers)

    memo = Memo()
    assert await asyncio.gather(*(memo.get("one", make) for _ in range(5))) == [1] * 5
    assert await memo.get("other", make) == 2


async def test_what_failed_is_tried_again() -> None:
    tries = []

    def make() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("once")
        return "made"

    memo = Memo()
    with pytest.raises(ValueError, match="once"):
        await memo.get("it", make)
    assert await memo.get("it", make) == "made"


async def test_one_who_hangs_up_takes_nothing_from_the_others() -> None:
    memo = Memo()
    impatient = asyncio.create_task(memo.get("it", lambda: time.sleep(0.05) or "made"))
    patient = asyncio.create_task(memo.get("it", lambda: "never called"))
    await asyncio.sleep(0.01)
    impatient.cancel()
    assert await patient == "made"
