"""Promote spoilt refits one after the other, and time the rollback of each."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from lab.drill.scene import Scene
from lab.policy_replay.faults import MEANINGS, Fault, Kind
from lab.stage import Stage
from shared.errors import ConflictError
from shared.evaluation.policy import load_policy
from shared.sources.source import MarketSource
from shared.valuation.params import Params

FAULTS: tuple[Kind, ...] = ("units", "label_noise")
"""The first nowcast reveals one of them, only sales the other."""
NOWCAST_EVERY = timedelta(hours=6)
LIMIT = timedelta(days=45)
"""By then the monitor confirms a promotion, so a bad champion would stay."""


@dataclass(frozen=True)
class Recovery:
    """The rollback of one bad model. `wall_s` is the machine's time for the simulated `hours`."""

    fault: str
    meaning: str
    hours: float
    sales: int
    nowcasts: int
    wall_s: float
    reason: str


async def drill(
    stage: Stage,
    source: MarketSource,
    *,
    faults: tuple[Kind, ...] = FAULTS,
    params: Params | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> list[Recovery]:
    """Recoveries in the order of `faults`. The trainer fits with `params`, by default with its own.

    Raises:
        ConflictError: a bad model was not rolled back, or the rollback did not restore the sound champion.
    """
    scene = Scene(stage, source, load_policy(), nowcast_every=NOWCAST_EVERY, params=params)
    say("importing the history of a simulated market")
    await scene.set_up()
    say("fitting the sound champion")
    sound = await scene.promote(None, why="the sound champion")
    await scene.pass_an_hour()
    recoveries = []
    for fault in faults:
        say(f"fitting and promoting a bad model: {MEANINGS[fault]}")
        bad = await scene.promote(Fault(fault, 0), why=f"drill: {MEANINGS[fault]}")
        recoveries.append(await _recover(scene, bad, fault=fault, sound=sound))
    return recoveries


async def _recover(scene: Scene, bad: str, *, fault: Kind, sound: str) -> Recovery:
    started, begun, published = time.monotonic(), scene.clock.now(), scene.nowcasts
    while await scene.champion() == bad:
        if scene.clock.now() - begun > LIMIT:
            raise ConflictError(f"the bad model ({fault}) is still champion after {LIMIT.days} days")
        await scene.pass_an_hour()
    if await scene.champion() != sound:
        raise ConflictError("the rollback brought back another model than the sound champion")
    return Recovery(
        fault=fault,
        meaning=MEANINGS[fault],
        hours=(scene.clock.now() - begun) / timedelta(hours=1),
        sales=await scene.scored_since(bad, begun),
        # The nowcast that followed the promotion, and the scheduled ones.
        nowcasts=1 + scene.nowcasts - published,
        wall_s=round(time.monotonic() - started, 1),
        reason=await scene.why_rolled_back(bad),
    )
