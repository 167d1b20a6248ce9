"""A generation in memory: the canonical lines of its punks, read on demand."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from services.api.documents import encoded
from services.api.money import money
from services.api.schemas import GenerationDocument
from services.api.view.memo import Memo
from services.api.view.records import GenerationRecord, ValueRow


class Generation:
    """Nothing is computed before it is needed, so that a new generation does not stop readers.

    `lines` are the canonical lines (docs/proofs.md), ascending by punk, each with its line end.
    """

    def __init__(self, record: GenerationRecord, lines: bytes) -> None:
        self.record = record
        self.lines = lines
        self.memo = Memo()
        self._lines = lines.splitlines()

    def __contains__(self, punk: int) -> bool:
        place = self.place(punk)
        return place < len(self._lines) and _punk_of(self._lines[place]) == punk

    def row(self, punk: int) -> ValueRow:
        """The values of a punk that the generation values."""
        return _row(self._lines[self.place(punk)])

    def rows(self) -> Iterable[ValueRow]:
        """All values, in the order of the punks."""
        return map(_row, self._lines)

    def grade(self, punk: int) -> str:
        return self.line(punk)[-1]

    def line(self, punk: int) -> str:
        """The canonical line of a punk that the generation values, without its end."""
        return self._lines[self.place(punk)].decode()

    def place(self, punk: int) -> int:
        """Which line is the punk's, from 0: nearly always all punks are there, and the line has the punk's number."""
        if 0 <= punk < len(self._lines) and _punk_of(self._lines[punk]) == punk:
            return punk
        return bisect_left(self._lines, punk, key=_punk_of)

    @cached_property
    def punks(self) -> Sequence[int]:
        """The valued punks, ascending."""
        return list(map(_punk_of, self._lines))

    @cached_property
    def wei(self) -> Mapping[int, int]:
        """Each punk's value."""
        return dict(zip(self.punks, (int(line.split(b",", 2)[1]) for line in self._lines), strict=True))

    @cached_property
    def by_value(self) -> Sequence[tuple[int, int]]:
        """(wei, punk), ascending."""
        return sorted((value, punk) for punk, value in self.wei.items())

    @cached_property
    def document(self) -> GenerationDocument:
        """Encoded: nearly every answer has it."""
        return encoded(generation_document(self.record))


def _punk_of(line: bytes) -> int:
    return int(line[: line.index(b",")])


def _row(line: bytes) -> ValueRow:
    punk, *values = line.decode().split(",")
    return ValueRow._make((int(punk), *values))


def generation_document(record: GenerationRecord) -> GenerationDocument:
    return GenerationDocument(
        generation_id=record.generation_id,
        model_id=record.model_id,
        snapshot_id=record.snapshot_id,
        as_of=record.as_of,
        as_of_block=record.last_block,
        published_at=record.published_at,
        floor=money(record.floor_wei),
        values_sha256=record.values_sha256,
        merkle_root=record.merkle_root,
    )
