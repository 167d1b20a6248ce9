"""A part of `make chaos`: a process dies at some places of its life."""

from pathlib import Path

from tests.chaos.crash_points.processes import playing


async def test_crashes_at_some_places_lose_nothing_and_the_checker_sees_a_planted_fault(tmp_path: Path) -> None:
    drawn = ("--places", "20", "--pairs", "2", "--orders", "1", "--plant", "lost-outbox-row")
    async with playing(tmp_path, *drawn) as runs:
        played = await runs.result()
    assert played["wrong"] == {}
    assert (played["crashes"], played["pairs"], played["orders"]) == (20, 2, 1)
    assert played["found"].keys() == {"lost-outbox-row"}
