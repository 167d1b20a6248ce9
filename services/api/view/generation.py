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
        self._line_of = {int(line[: line.index(",")]): line for line in lines.decode().splitlines()}

    def __contains__(self, punk: int) -> bool:
        return punk in self._line_of

    def row(self, punk: int) -> ValueRow:
        """Raises KeyError: the generation does not value the punk."""
        return ValueRow._make((punk, *self._line_of[punk].split(",")[1:]))

    def rows(self) -> Iterable[ValueRow]:
        """By punk."""
        return map(self.row, self._line_of)

    def grade(self, punk: int) -> str:
        return self._line_of[punk][-1]

    def place(self, punk: int) -> int:
        """Which line is the punk's, from 0."""
        return bisect_left(self.punks, punk)

    @cached_property
    def punks(self) -> Sequence[int]:
        """Ascending."""
        return list(self._line_of)

    @cached_property
    def wei(self) -> Mapping[int, int]:
        """Each punk's value."""
        return {punk: int(line.split(",", 2)[1]) for punk, line in self._line_of.items()}

    @cached_property
    def by_value(self) -> Sequence[tuple[int, int]]:
        """(wei, punk), ascending."""
        return sorted((value, punk) for punk, value in self.wei.items())

    @cached_property
    def document(self) -> GenerationDocument:
        """Encoded: nearly every answer has it."""
        return encoded(generation_document(self.record))


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
