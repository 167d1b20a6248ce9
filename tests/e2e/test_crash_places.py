"""A part of `make chaos`: a process dies at some places of its life."""

from pathlib import Path

from tests.chaos.crash_points.shares import played


async def test_crashes_at_some_places_lose_nothing_and_the_checker_sees_a_planted_fault(tmp_path: Path) -> None:
    drawn = ("--places", "20", "--pairs", "2", "--orders", "1", "--plant", "lost-outbox-row")
    (share,) = await played(tmp_path, *drawn, processes=1)
    assert share["wrong"] == {}
    assert (share["crashes"], share["pairs"], share["orders"]) == (20, 2, 1)
    assert share["found"].keys() == {"lost-outbox-row"}
