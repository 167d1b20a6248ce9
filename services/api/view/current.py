"""The view that requests read, its age and its flags."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.api.problems import NoGenerationError
from services.api.view.catalogue import Catalogue
from services.api.view.explanation import Explanation
from services.api.view.generation import Generation
from services.api.view.market import Market
from services.api.view.memo import Memo
from services.api.view.ready import Headers, ReadyAnswer
from shared.clock import Clock

DATABASE_AWAY = "database_away"
NOWCAST_STALE = "nowcast_stale"
GENERATION_REFUSED = "generation_refused"
CHAMPION_UNSUPPORTED = "champion_unsupported"
MOST_ANSWERS = 3072
"""Of some 6 kB each."""
SOURCE_AWAY = "source_away"
SOURCE_STALE = "source_stale"
FLAGS = (DATABASE_AWAY, NOWCAST_STALE, GENERATION_REFUSED, CHAMPION_UNSUPPORTED, SOURCE_AWAY, SOURCE_STALE)


@dataclass(frozen=True)
class View:
    """Everything a hot route reads, behind one reference. `explanation` is of this very generation, or None. `answers`
    are the ready answers so far, by path."""

    generation: Generation
    market: Market
    catalogue: Catalogue
    explanation: Explanation | None = None
    answers: dict[str, ReadyAnswer] = field(default_factory=dict)
    memo: Memo = field(default_factory=Memo)

    @property
    def tag(self) -> str:
        """Names what answers are made of."""
        return self.tag_of(self.generation) + (".x" if self.explanation else "")

    def keep(self, path: str, ready: ReadyAnswer) -> ReadyAnswer:
        """Answer the path with `ready` while this view is shown; beyond `MOST_ANSWERS` the oldest goes."""
        if len(self.answers) >= MOST_ANSWERS:
            del self.answers[next(iter(self.answers))]
        self.answers[path] = ready
        return ready

    def tag_of(self, generation: Generation) -> str:
        """Names another generation with this view's market."""
        return f"g{generation.record.generation_id}.{self.market.tag}"


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
        self.source_flags: Sequence[str] = ()
        self._made: tuple[datetime, datetime, object, Headers] | None = None

    def require(self) -> View:
        """The current view.

        Raises:
            NoGenerationError: nothing has been published, or this process has not loaded it yet.
        """
        if self.view is None:
            raise NoGenerationError("There is no generation to answer from.")
        return self.view

    def show(self, generation: Generation, market: Market, catalogue: Catalogue) -> None:
        """Swap to a new view. An explanation stays with its generation."""
        self.keep(generation)
        explanation = self.view.explanation if self.view and self.view.generation is generation else None
        self.view = View(generation, market, catalogue, explanation)
        self.refused = None

    def show_market(self, market: Market) -> None:
        """Swap the market under the same generation."""
        if self.view is not None:
            self.view = View(self.view.generation, market, self.view.catalogue, self.view.explanation)

    def show_explanation(self, explanation: Explanation) -> None:
        """Add the explanation of the current generation; one of another generation is ignored."""
        if self.view is not None and self.view.generation.record.generation_id == explanation.generation_id:
            self.view = View(self.view.generation, self.view.market, self.view.catalogue, explanation)

    def keep(self, generation: Generation) -> None:
        """Keep a generation in memory; the least recently used is evicted."""
        self._earlier[generation.record.generation_id] = generation
        self._earlier.move_to_end(generation.record.generation_id)
        while len(self._earlier) > self._kept:
            self._earlier.popitem(last=False)

    def earlier(self, generation_id: int) -> Generation | None:
        """A generation that is still in memory."""
        if self.view is not None and self.view.generation.record.generation_id == generation_id:
            return self.view.generation
        found = self._earlier.get(generation_id)
        if found is not None:
            self._earlier.move_to_end(generation_id)
        return found

    def age_seconds(self, as_of: datetime) -> int:
        """Whole seconds since `as_of`; never negative."""
        return max(0, int((self._clock.now() - as_of).total_seconds()))

    def flags(self, age_seconds: int) -> tuple[str, ...]:
        """Flags of an answer of that age, in fixed order."""
        found = []
        if self.database_away_since is not None:
            found.append(DATABASE_AWAY)
        if age_seconds > self._stale_after_s:
            found.append(NOWCAST_STALE)
        if self.refused is not None:
            found.append(GENERATION_REFUSED)
        if self.champion_unsupported:
            found.append(CHAMPION_UNSUPPORTED)
        return (*found, *self.source_flags)

    def headers(self, as_of: datetime) -> Headers:
        """Age and flags of an answer of that instant. Every hot answer has them, so they are made once a second."""
        now = self._clock.now()
        state = (as_of, self.database_away_since, self.refused, self.champion_unsupported, tuple(self.source_flags))
        if self._made is not None:
            begins, ends, made_of, headers = self._made
            if begins <= now < ends and made_of == state:
                return headers
        age = self.age_seconds(as_of)
        headers = [(b"punkcast-age-seconds", b"%d" % age)]
        if flags := self.flags(age):
            headers.append((b"punkcast-degraded", ", ".join(flags).encode()))
        self._made = (now, as_of + timedelta(seconds=age + 1), state, headers)
        return headers
