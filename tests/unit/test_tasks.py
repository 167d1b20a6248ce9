import asyncio

import pytest

from shared import tasks


async def deaf(cancellations: int) -> None:
    """Takes no notice of the first few."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancellations -= 1
            if cancellations < 0:
                raise


async def failing() -> None:
    try:
        await asyncio.Event().wait()
    finally:
        raise ValueError("on the way out")


async def test_every_task_is_over_afterwards_whatever_it_ends_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "PATIENCE_S", 0.01)
    running = [asyncio.create_task(one) for one in (deaf(0), deaf(3), failing())]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await tasks.end(running)
    assert [task.cancelled() for task in running] == [True, True, False]
    await tasks.end([])
