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
NEVER = datetime(2100, 1, 1, tzinfo=UTC)


class Recording(MemoryBus):
    """Records what is published, is away from an instant until `until`, and is done with a tick from then on."""

    def __init__(self, clock: ManualClock, *, until: datetime = START, away_since: datetime = NEVER) -> None:
        super().__init__(clock)
        self.clock, self._until, self._away_since = clock, until, away_since
        self.done = asyncio.Event()
        self.published: list[tuple[datetime, Envelope]] = []

    async def publish(self, envelope: Envelope) -> None:
        now = self.clock.now()
        if self._away_since <= now < self._until:
            raise BusUnavailableError("away")
        self.published.append((now, envelope))
        if now >= self._until:
            self.done.set()

    def slots(self) -> list[datetime]:
        return [envelope.data.slot for _, envelope in self.published if isinstance(envelope.data, Tick)]


async def run(bus: Recording) -> None:
    task = asyncio.create_task(Scheduler(bus=bus, clock=bus.clock, jobs={"nowcast": JOBS["nowcast"]}).background())
    await asyncio.wait_for(bus.done.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_it_sends_the_current_slot_at_once_and_then_every_slot_on_time() -> None:
    bus = Recording(ManualClock(START), until=START + timedelta(minutes=80))
    await run(bus)
    slots = [datetime(2025, 3, 1, 12, tzinfo=UTC) + number * timedelta(minutes=30) for number in range(4)]
    # By the time the loop is cancelled the simulated clock has run on: the first ones are what counts.
    assert bus.slots()[:4] == slots
    assert [at for at, _ in bus.published][:4] == [START, *slots[1:]]
    assert [envelope.id for _, envelope in bus.published][:4] == [tick_id("nowcast", slot) for slot in slots]


async def test_after_an_outage_it_makes_up_for_the_newest_slot_only() -> None:
    back = START + timedelta(hours=2)
    bus = Recording(ManualClock(START), until=back, away_since=START + timedelta(minutes=5))
    await run(bus)
    assert bus.slots()[:2] == [slot_at("nowcast", START), slot_at("nowcast", back)]


class SuspendedOnce(ManualClock):
    """The wall clock of a machine that is suspended for three hours during its first sleep."""

    suspended_s = 3 * 3_600.0

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds + self.suspended_s)
        self.suspended_s = 0.0


async def test_a_machine_that_was_suspended_makes_up_for_the_newest_slot_within_a_minute() -> None:
    woken = START + timedelta(hours=3)
    bus = Recording(SuspendedOnce(START), until=woken)
    await run(bus)
    assert bus.slots()[1] == slot_at("nowcast", woken)
    assert bus.published[1][0] - woken <= timedelta(minutes=1)


async def test_a_restart_repeats_the_newest_slot_under_the_same_id() -> None:
    bus = Recording(ManualClock(START))
    for _ in range(2):
        await Scheduler(bus=bus, clock=bus.clock).drain()
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
