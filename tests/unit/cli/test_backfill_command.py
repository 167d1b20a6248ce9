from collections.abc import Callable

import pytest

from services.cli.backfill_command import Waiting
from shared.errors import PermanentError, TransientError


def failing(*errors: Exception) -> Callable[[], object]:
    left = list(errors)

    async def work() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return work


async def test_an_outage_is_waited_out_told_and_ends_after_the_given_time() -> None:
    pauses, said = list[float](), list[str]()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    away = [TransientError("node.example is away")] * 8
    assert await Waiting(said.append, sleep=sleep).until_done(failing(*away)) == "done"  # type: ignore[arg-type]
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]
    assert said[0] == "node.example is away; next try in 2 s"
    pauses.clear()
    with pytest.raises(TransientError, match=r"node\.example"):
        await Waiting(said.append, 20, sleep=sleep).until_done(failing(*away))  # type: ignore[arg-type]
    assert pauses == [2, 4, 8]
    with pytest.raises(PermanentError):
        await Waiting(said.append, sleep=sleep).until_done(failing(PermanentError("no key")))  # type: ignore[arg-type]
