"""The undisturbed run, and runs that crash at a place and must come to the same end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from tests.chaos.crash_points.history import History, as_of, broken, differences, history_of, is_at
from tests.chaos.crash_points.life import Passage
from tests.chaos.crash_points.scenario import Scenario, Step
from tests.chaos.crash_points.world import Process, Saved, World

MOST_WAITS = 30
NOT_PASSED = "the process did not pass"


@dataclass(frozen=True)
class Piece:
    """A piece of work of the undisturbed run, and the places that the process passes in it.

    Attributes:
        name: of the service that works, or `call`.
        quiet: `Process.quiet` before it.
    """

    step: int
    name: str
    quiet: int
    before: Saved | None
    passed: Sequence[Passage]
    after: History


@dataclass(frozen=True)
class Place:
    """Where a process dies: in which piece of work, at which passage. Its successor dies `again` passages later."""

    piece: int
    passage: Passage
    again: int | None = None

    def __str__(self) -> str:
        return f"{self.piece}/{self.passage}" + ("" if self.again is None else f"+{self.again}")

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Raises ValueError for another form than that of `str`."""
        piece, _, rest = text.partition("/")
        passage, _, again = rest.partition("+")
        return cls(int(piece), Passage.parse(passage), int(again) if again else None)


@dataclass
class Runs:
    """All runs in one world.

    Attributes:
        keeps: whether runs may begin at the piece of work of this number.
        ends: what the undisturbed run left after each step.
        reads: the instant of each step, and what the tables then said of it.
    """

    world: World
    scenario: Scenario
    keeps: Callable[[int], bool]
    pieces: list[Piece] = field(default_factory=list)
    ends: list[History] = field(default_factory=list)
    reads: list[tuple[datetime, Sequence[object]]] = field(default_factory=list)

    @property
    def places(self) -> list[Place]:
        return [Place(number, passage) for number, piece in enumerate(self.pieces) for passage in piece.passed]

    async def undisturbed(self) -> None:
        """Play the scenario, each piece of work in a process of its own, and keep the world before each piece.

        Raises:
            AssertionError: this run breaks an invariant itself.
        """
        await self.world.begin(self.scenario.begin)
        for number, step in enumerate(self.scenario.steps):
            await self._begin(step)
            if step.call is not None:
                await self._piece(number, quiet=0, call=True)
            quiet: int | None = 0
            while quiet is not None:
                quiet = await self._piece(number, quiet=quiet)
            assert not await self.world.wait(), f"{step.name}: there is work for later"
            self.ends.append(await history_of(self.world))
            self.reads.append((self.world.clock.now(), await as_of(self.world, self.world.clock.now())))
            assert not (wrong := await self._wrong(number)), f"{step.name}: {wrong}"

    async def crash(self, place: Place, *, whole: bool = False) -> list[str]:
        """Die at this place, restart, and return what is wrong in the end.

        The run ends as soon as the world is that of the undisturbed run after the same piece of work, because what
        follows is then the same run. With `whole` it goes on to the end of the scenario.
        """
        world, piece = self.world, self.pieces[place.piece]
        step = self.scenario.steps[piece.step]
        assert piece.before is not None, f"this process keeps no world before {place}"
        await world.restore(piece.before)
        called = piece.name != "call"

        async def begin(process: Process) -> None:
            nonlocal called
            if not called:
                assert step.call is not None
                await step.call(process)
                called = True
            else:
                process.quiet = piece.quiet
                await process.work()

        life = await world.live(begin, ends_at=place.passage)
        if not life.dead:
            return [f"{NOT_PASSED} {place.passage}"]

        async def recover(process: Process) -> None:
            if not called:
                await begin(process)
            if whole or not await is_at(world, piece.after):
                await process.finish()

        if place.again is not None:
            await world.live(recover, ends_at=place.again)
        elif not whole and await is_at(world, piece.after):
            return []
        await world.live(recover)
        if not whole and await is_at(world, piece.after):
            return []
        wrong = await self._rest(piece.step)
        for number in range(piece.step + 1, len(self.scenario.steps) if whole and not wrong else 0):
            wrong += await self._step(number)
        return wrong

    async def again(self, *, times: int = 1, mixed: Random | None = None) -> list[str]:
        """Play the whole scenario anew, a process for each step, and return what differs from the undisturbed run.

        Each message is delivered `times` times; `mixed` draws the order of messages in different queues.
        """
        broker = self.world.broker
        broker.times, broker.mixed = times, mixed
        try:
            return await self._anew()
        finally:
            broker.times, broker.mixed = 1, None

    async def _anew(self) -> list[str]:
        await self.world.begin(self.scenario.begin)
        return [wrong for number in range(len(self.scenario.steps)) for wrong in await self._step(number)]

    async def _step(self, number: int) -> list[str]:
        step = self.scenario.steps[number]
        await self._begin(step)

        async def play(process: Process) -> None:
            if step.call is not None:
                await step.call(process)
            await process.finish()

        await self.world.live(play)
        return await self._rest(number)

    async def _rest(self, number: int) -> list[str]:
        """Wait until nothing is left to do; what is then wrong."""
        for _ in range(MOST_WAITS):
            if not await self.world.wait():
                break
            await self.world.live(Process.finish)
        else:
            return [f"there is still work after {MOST_WAITS} waits"]
        return await self._wrong(number)

    async def _wrong(self, number: int) -> list[str]:
        """What is wrong in a world at rest after this step."""
        wrong = await broken(self.world) + differences(await history_of(self.world), self.ends[number])
        for instant, said in self.reads[: number + 1]:
            if (now := await as_of(self.world, instant)) != said:
                wrong.append(f"of {instant.isoformat()} the tables said {said} and say now {now}")
        return wrong

    async def _begin(self, step: Step) -> None:
        self.world.clock.move_to(self.scenario.begin + step.after)
        for payload, identity in step.messages:
            await self.world.say(payload, identity)

    async def _piece(self, number: int, *, quiet: int, call: bool = False) -> int | None:
        """Do one piece of work; `Process.quiet` after it, or None if there was nothing to do."""
        before = await self.world.save() if self.keeps(len(self.pieces)) else None
        name, left = "call" if call else None, 0

        async def one(process: Process) -> None:
            nonlocal name, left
            process.quiet = quiet
            if call:
                step_call = self.scenario.steps[number].call
                assert step_call is not None
                await step_call(process)
            else:
                name = await process.work()
            left = process.quiet

        life = await self.world.live(one)
        if name is None:
            return None
        self.pieces.append(Piece(number, name, quiet, before, life.passed, await history_of(self.world)))
        return left
