import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.scheduler.__main__ import main
from services.scheduler.bootstrap import Scheduler
from shared.clock import ManualClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import Tick
from shared.messaging.bus import BusUnavailableError
from shared.messaging.memory import MemoryBus
from shared.messaging.ticks import JOBS, slot_at, tick_id

START = datetime(2025, 3, 1, 12, 10, tzinfo=UTC)


class Recording(MemoryBus):
    """Records what is published, is away from one instant to another, and is done with a tick at or after `until`."""

    def __init__(
        self, clock: ManualClock, *, until: datetime = START, away: tuple[datetime, datetime] | None = None
    ) -> None:
        super().__init__(clock)
        self._own_clock = clock
        self._away = away
        self._until = until
        self.done = asyncio.Event()
        self.published: list[tuple[datetime, Envelope]] = []

    async def publish(self, envelope: Envelope) -> None:
        now = self._own_clock.now()
        if self._away and self._away[0] <= now < self._away[1]:
            raise BusUnavailableError("away")
        self.published.append((now, envelope))
        if now >= self._until:
            self.done.set()

    def slots(self) -> list[datetime]:
        return [envelope.data.slot for _, envelope in self.published if isinstance(envelope.data, Tick)]


async def run(bus: Recording, clock: ManualClock) -> None:
    task = asyncio.create_task(Scheduler(bus=bus, clock=clock, jobs={"nowcast": JOBS["nowcast"]}).background())
    await asyncio.wait_for(bus.done.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_it_sends_the_current_slot_at_once_and_then_every_slot_on_time() -> None:
    clock = ManualClock(START)
    bus = Recording(clock, until=START + timedelta(minutes=80))
    await run(bus, clock)
    slots = [datetime(2025, 3, 1, 12, tzinfo=UTC) + number * timedelta(minutes=30) for number in range(4)]
    # By the time the loop is cancelled the simulated clock has run on: the first ones are what counts.
    assert bus.slots()[:4] == slots
    assert [at for at, _ in bus.published][:4] == [START, *slots[1:]]
    assert [envelope.id for _, envelope in bus.published][:4] == [tick_id("nowcast", slot) for slot in slots]


async def test_after_an_outage_it_makes_up_for_the_newest_slot_only() -> None:
    clock = ManualClock(START)
    back = START + timedelta(hours=2)
    bus = Recording(clock, until=back, away=(START + timedelta(minutes=5), back))
    await run(bus, clock)
    assert bus.slots()[:2] == [slot_at("nowcast", START), slot_at("nowcast", back)]


class SuspendedOnce(ManualClock):
    """The wall clock of a machine that is suspended for three hours during its first sleep."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._suspended = timedelta(hours=3)

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds + self._suspended.total_seconds())
        self._suspended = timedelta()


async def test_a_machine_that_was_suspended_makes_up_for_the_newest_slot_within_a_minute() -> None:
    clock = SuspendedOnce(START)
    woken = START + timedelta(hours=3)
    bus = Recording(clock, until=woken)
    await run(bus, clock)
    assert bus.slots()[1] == slot_at("nowcast", woken)
    assert bus.published[1][0] - woken <= timedelta(minutes=1)


async def test_a_restart_repeats_the_newest_slot_under_the_same_id() -> None:
    clock = ManualClock(START)
    bus = Recording(clock)
    for _ in range(2):
        await Scheduler(bus=bus, clock=clock).drain()
    ids = [envelope.id for _, envelope in bus.published]
    assert ids[: len(JOBS)] == ids[len(JOBS) :]
    assert len(set(ids)) == len(JOBS)


@pytest.mark.parametrize("argv", [[], ["--tick", "nowcast"]])
def test_alone_on_a_memory_broker_it_exits_and_names_the_remedy(
    argv: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUNKCAST_BROKER_URL", "memory://")
    assert main(argv) == 2
    assert "PUNKCAST_BROKER_URL=amqp://" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "setting"), [(["--once"], "PUNKCAST_DATABASE_URL"), (["--tick", "nowcast"], "PUNKCAST_BROKER_URL")]
)
def test_without_an_answer_it_exits_and_names_the_setting(
    argv: list[str],
    setting: str,
    unused_tcp_port: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PUNKCAST_DATABASE_URL", f"postgresql://nobody@127.0.0.1:{unused_tcp_port}/none")
    monkeypatch.setenv("PUNKCAST_BROKER_URL", f"amqp://guest:guest@127.0.0.1:{unused_tcp_port}/")
    monkeypatch.setattr("services.scheduler.__main__._BROKER_TIMEOUT_S", 0.2)
    monkeypatch.setattr("shared.runtime.worker._ONCE_TIMEOUT_S", 0.2)
    assert main(argv) == 1
    assert setting in capsys.readouterr().err.splitlines()[-1]


def test_an_unknown_job_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--tick", "weather"])
    assert "retrain_check" in capsys.readouterr().err
