"""The view that requests read, its age and its flags."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from datetime import datetime

from services.api.problems import NoGenerationError
from services.api.resident.explanation import ResidentExplanation
from services.api.resident.facts import Catalogue, Generation, Market, View
from services.api.resident.renditions import Renditions
from shared.clock import Clock

DATABASE_AWAY = "database_away"
NOWCAST_STALE = "nowcast_stale"
GENERATION_REFUSED = "generation_refused"
CHAMPION_UNSUPPORTED = "champion_unsupported"
FLAGS = (DATABASE_AWAY, NOWCAST_STALE, GENERATION_REFUSED, CHAMPION_UNSUPPORTED)


class Current:
    """Holds one immutable `View` behind one reference, and the last few generations for readers who page."""

    def __init__(self, clock: Clock, *, stale_after_s: float, generations_kept: int) -> None:
        self._clock = clock
        self._stale_after_s = stale_after_s
        self._kept = generations_kept
        self._earlier: OrderedDict[int, Generation] = OrderedDict()
        self.view: View | None = None
        self.database_away_since: datetime | None = None
        self.refused: int | None = None
        self.champion_unsupported = False

    def require(self) -> View:
        """The current view.

        Raises:
            NoGenerationError: nothing has been published, or this process has not loaded it yet.
        """
        if self.view is None:
            raise NoGenerationError("There is no generation to answer from.")
        return self.view

    def show(self, generation: Generation, market: Market, catalogue: Catalogue) -> None:
        """Swap to a new view. What explains the generation stays with it."""
        self.keep(generation)
        explained = self.view.explained if self.view and self.view.generation is generation else None
        self.view = View(generation, market, catalogue, explained)
        self.refused = None

    def show_market(self, market: Market) -> None:
        """Swap the market under the same generation."""
        if self.view is not None:
            self.view = replace(self.view, market=market, renditions=Renditions())

    def show_explanation(self, explained: ResidentExplanation) -> None:
        """Add what explains the generation that is shown; of another one it is too late, or too early."""
        if self.view is not None and self.view.generation.facts.generation_id == explained.generation_id:
            self.view = replace(self.view, explained=explained, renditions=Renditions())

    def keep(self, generation: Generation) -> None:
        """Remember a generation; the one unused for longest is forgotten."""
        self._earlier[generation.facts.generation_id] = generation
        self._earlier.move_to_end(generation.facts.generation_id)
        while len(self._earlier) > self._kept:
            self._earlier.popitem(last=False)

    def earlier(self, generation_id: int) -> Generation | None:
        """A generation that is still in memory."""
        if self.view is not None and self.view.generation.facts.generation_id == generation_id:
            return self.view.generation
        found = self._earlier.get(generation_id)
        if found is not None:
            self._earlier.move_to_end(generation_id)
        return found

    def age_seconds(self, as_of: datetime) -> int:
        """Whole seconds since `as_of`; never negative."""
        return max(0, int((self._clock.now() - as_of).total_seconds()))

    def flags(self, age_seconds: int) -> tuple[str, ...]:
        """What is wrong with an answer of that age, in fixed order; empty when nothing is."""
        found = []
        if self.database_away_since is not None:
            found.append(DATABASE_AWAY)
        if age_seconds > self._stale_after_s:
            found.append(NOWCAST_STALE)
        if self.refused is not None:
            found.append(GENERATION_REFUSED)
        if self.champion_unsupported:
            found.append(CHAMPION_UNSUPPORTED)
        return tuple(found)
