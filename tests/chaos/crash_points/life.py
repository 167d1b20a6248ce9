"""One life of the process: it counts the places that it passes, and ends at a chosen one."""

from collections import Counter
from dataclasses import dataclass, field


class Crash(BaseException):
    """The process is dead. As a kill would, it passes every `except Exception`."""


@dataclass(frozen=True, order=True)
class Passage:
    """The `number`-th time within a step that the process passes a place."""

    place: str
    number: int

    def __str__(self) -> str:
        return f"{self.place}:{self.number}"

    @classmethod
    def parse(cls, text: str) -> "Passage":
        place, _, number = text.rpartition(":")
        return cls(place, int(number))


Death = Passage | int
"""A passage, or the number of passages of all places until then."""


@dataclass
class Life:
    """Everything that leaves the process asks its life first: statements, messages, files."""

    ends_at: Death | None = None
    passed: list[Passage] = field(default_factory=list)
    dead: bool = False
    _counts: Counter[str] = field(default_factory=Counter)

    def check(self) -> None:
        """Raises Crash in a process that is dead: its `finally` blocks change nothing any more."""
        if self.dead:
            raise Crash

    def reaches(self, place: str) -> bool:
        """Count a passage; True if the process dies here. For callers outside the process."""
        if self.dead:
            return True
        self._counts[place] += 1
        passage = Passage(place, self._counts[place])
        self.passed.append(passage)
        self.dead = self.ends_at in (passage, len(self.passed))
        return self.dead

    def passing(self, place: str) -> None:
        """Count a passage. Raises Crash if the process dies here, or is dead."""
        if self.reaches(place):
            raise Crash
