"""Run the crash places from the command line: list them, replay one, or play some of them."""

import argparse
import asyncio
import json
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from tests.chaos.crash_points.plants import PLANTS, Plant
from tests.chaos.crash_points.runs import NOT_PASSED, Place, Runs
from tests.chaos.crash_points.session import opened

COMMAND = "python -m tests.chaos.crash_points"
PROGRESS_S = 30.0
MOST_TRIES = 12
"""A plant that so many places do not show is not found."""


@dataclass
class Result:
    """What the runs showed.

    Attributes:
        passages: the number of places in the undisturbed run.
        wrong: what is wrong, by the options that replay it.
        found: the planted faults, each with the place that showed it.
    """

    seed: int
    passages: int = 0
    crashes: int = 0
    pairs: int = 0
    orders: int = 0
    wrong: dict[str, list[str]] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    wall_s: float = 0.0


class Player:
    """Plays runs of one seed, and tells how far it is."""

    def __init__(self, runs: Runs, options: argparse.Namespace) -> None:
        self._runs = runs
        self._options = options
        self._told = 0.0
        self._rng = Random(options.seed)
        self.result = Result(options.seed, passages=len(runs.places))

    async def play(self) -> None:
        options, places = self._options, self._runs.places
        for place in self._some(places, options.places):
            await self._crash(place, whole=False)
            self.result.crashes += 1
        for place in self._some(places, options.pairs):
            await self._crash(Place(place.piece, place.passage, self._rng.randint(1, 40)), whole=False)
            self.result.pairs += 1
        for place in self._some(places, options.whole):
            await self._crash(place, whole=True)
            self.result.crashes += 1
        for order in range(options.orders):
            await self.order(order)
        for name in options.plant:
            await self._search(name, PLANTS[name])

    async def order(self, number: int) -> None:
        """The first one delivers each message twice; the others draw an order, and every second one does both."""
        self._tell(f"order {number}")
        mixed = Random(f"{self._options.seed} {number}") if number else None
        if wrong := await self._runs.again(times=2 - number % 2, mixed=mixed):
            self.result.wrong[f"--seed {self._options.seed} --order {number}"] = wrong
        self.result.orders += 1

    def _some(self, places: list[Place], count: int) -> list[Place]:
        """So many of them drawn, in order; -1 for all."""
        if count < 0 or count >= len(places):
            return places
        chosen = set(self._rng.sample(range(len(places)), count))
        return [place for number, place in enumerate(places) if number in chosen]

    async def _crash(self, place: Place, *, whole: bool) -> None:
        self._tell(str(place))
        try:
            wrong = await self._runs.crash(place, whole=whole)
        except Exception as error:  # the other places are played nevertheless
            wrong = [f"{type(error).__name__}: {error}"]
        if wrong:
            command = f"--seed {self._options.seed} --place '{place}'" + (" --whole 1" if whole else "")
            self.result.wrong[command] = wrong
            sys.stderr.write(f"{COMMAND} {command}\n" + "".join(f"  {one}\n" for one in wrong))

    async def _search(self, name: str, plant: Plant) -> None:
        """Plant a fault, and try places that might show it until one does."""
        pieces = self._runs.pieces
        candidates = [
            place
            for place in self._runs.places
            if plant.service == pieces[place.piece].name and plant.places in place.passage.place
        ]
        for place in self._some(candidates, MOST_TRIES):
            self._tell(f"{name} {place}")
            with plant.planted():
                wrong = await self._runs.crash(place)
            # A fault may change the way; that alone breaks nothing.
            if wrong and not wrong[0].startswith(NOT_PASSED):
                self.result.found[name] = f"{place}: {wrong[0]}"
                return
        self.result.missed.append(name)

    def _tell(self, where: str) -> None:
        if time.monotonic() - self._told > PROGRESS_S:
            self._told = time.monotonic()
            done = self.result
            sys.stderr.write(
                f"seed {done.seed}: {done.crashes} crashes, {done.pairs} pairs, {done.orders} orders, "
                f"{len(done.found)} plants found, {len(done.wrong)} wrong; now {where}\n"
            )
            sys.stderr.flush()


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--seed", type=int, default=5, help="of the market, and of what is drawn")
    parser.add_argument("--list", action="store_true", help="list the places and end")
    parser.add_argument("--place", help="a place as --list writes it; with +N the next process dies N places later")
    parser.add_argument("--places", type=int, default=0, help="crash at so many places, -1 for all")
    parser.add_argument("--pairs", type=int, default=0, help="crash at so many places, and once more after the restart")
    parser.add_argument("--whole", type=int, default=0, help="crash at so many places and play on to the end")
    parser.add_argument(
        "--orders", type=int, default=0, help="play so often, with each message twice or in other orders"
    )
    parser.add_argument("--order", type=int, help="play the run of this number")
    parser.add_argument("--plant", action="append", default=[], choices=[*PLANTS, "all"], help="search a planted fault")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    options = parser.parse_args()
    if "all" in options.plant:
        options.plant = list(PLANTS)
    return options


async def run(options: argparse.Namespace) -> Result:
    began = time.monotonic()
    only = Place.parse(options.place) if options.place else None
    async with opened(options.seed, keeps=lambda piece: only is None or only.piece == piece) as runs:
        player = Player(runs, options)
        if options.list:
            for place in runs.places:
                piece = runs.pieces[place.piece]
                sys.stdout.write(f"{place}\t{runs.scenario.steps[piece.step].name}\t{piece.name}\n")
        elif only is not None:
            planted: AbstractContextManager[object] = nullcontext()
            if options.plant:
                planted = PLANTS[options.plant[0]].planted()
            with planted:
                wrong = await runs.crash(only, whole=bool(options.whole))
            player.result.crashes = 1
            if wrong:
                player.result.wrong[f"--seed {options.seed} --place '{options.place}'"] = wrong
        elif options.order is not None:
            await player.order(options.order)
        else:
            await player.play()
    player.result.wall_s = round(time.monotonic() - began, 1)
    return player.result


def main() -> int:
    options = parsed()
    result = asyncio.run(run(options))
    if options.json is not None:
        options.json.write_text(json.dumps(asdict(result)), encoding="utf-8")
    if not options.list:
        sys.stdout.write(json.dumps(asdict(result), indent=2) + "\n")
    return 1 if result.wrong or result.missed else 0


if __name__ == "__main__":
    sys.exit(main())
