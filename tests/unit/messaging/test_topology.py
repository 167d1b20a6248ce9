from __future__ import annotations

from shared.contracts.messages import ALL_MESSAGES, Tick
from shared.messaging.ticks import JOBS
from shared.messaging.topology import CONSUMERS, informative


def test_every_message_has_a_taker_or_only_informs() -> None:
    consumed = {message for types in CONSUMERS.values() for message in types}
    assert consumed | set(informative()) == set(ALL_MESSAGES)
    assert not consumed & set(informative())


def test_every_timer_wakes_exactly_one_service() -> None:
    for job in JOBS.values():
        assert len([name for name, types in CONSUMERS.items() if job.message in types]) == 1
    assert {job.message for job in JOBS.values()} == {m for m in ALL_MESSAGES if issubclass(m, Tick)}
