"""A copy of the log of generations, from a gateway or a folder, and what it proves.

Whoever serves the log is not trusted: the checkpoint's signature is checked first, and it limits what is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from services.cli.verification.documents import judge
from services.cli.verification.reading import read
from shared.errors import IntegrityError, InvalidInputError
from shared.merkle import GrowingTree
from shared.signing.log import BrokenLogError, Checkpoint, LogEntry
from shared.signing.notes import VerifierKey, opened

PAGE: Final = 1000
CHECKPOINT: Final = "checkpoint"
ENTRIES: Final = "entries"


@dataclass(frozen=True)
class Copy:
    """A log whose entries have the root that was signed. `note` is the signed checkpoint."""

    note: str
    checkpoint: Checkpoint
    entries: Sequence[LogEntry]


def from_gateway(url: str, trusted: Sequence[VerifierKey]) -> Copy:
    """Raises InvalidInputError: no log there. TransientError: no answer. IntegrityError: as `_checked`."""
    base = f"{url.rstrip('/')}/v1/log"
    note = _text(read(f"{base}/checkpoint"), "the checkpoint")
    checkpoint = Checkpoint.parse(opened(note, trusted))
    lines: list[str] = []
    while len(lines) < checkpoint.size:
        page = _lines(read(f"{base}/entries?start={len(lines)}&limit={PAGE}"), len(lines))
        if not page:
            raise BrokenLogError(f"the gateway has {len(lines):,} of the {checkpoint.size:,} entries that were signed")
        lines += page
    return _checked(note, checkpoint, lines[: checkpoint.size])


def is_copy(folder: Path) -> bool:
    """Whether `write` wrote the folder before."""
    return (folder / CHECKPOINT).exists()


def from_folder(folder: Path, trusted: Sequence[VerifierKey]) -> Copy:
    """Raises OSError: no copy there. IntegrityError: as `_checked`."""
    note = _text((folder / CHECKPOINT).read_bytes(), f"{folder / CHECKPOINT}")
    checkpoint = Checkpoint.parse(opened(note, trusted))
    lines = _text((folder / ENTRIES).read_bytes(), f"{folder / ENTRIES}").split("\n")[:-1]
    if len(lines) < checkpoint.size:
        raise BrokenLogError(f"{folder} has {len(lines):,} of the {checkpoint.size:,} entries that were signed")
    return _checked(note, checkpoint, lines[: checkpoint.size])


def write(copy: Copy, folder: Path) -> None:
    """Two files: `entries`, one a line, and `checkpoint`. An earlier copy stays whole if this is interrupted."""
    folder.mkdir(parents=True, exist_ok=True)
    # The entries first: the earlier checkpoint is about the first of them, too.
    for name, text in ((ENTRIES, "".join(f"{entry.line()}\n" for entry in copy.entries)), (CHECKPOINT, copy.note)):
        part = folder / f"{name}.part"
        part.write_bytes(text.encode())
        part.replace(folder / name)


def continues(copy: Copy, earlier: Copy) -> str:
    """What to say of a log that begins with all entries of an earlier copy. Raises BrokenLogError: it does not."""
    if copy.checkpoint.origin != earlier.checkpoint.origin:
        raise BrokenLogError(
            f"this is the log {copy.checkpoint.origin}, the saved copy is of {earlier.checkpoint.origin}; keep that "
            "copy, and save this log in another folder"
        )
    size = earlier.checkpoint.size
    if copy.checkpoint.size < size:
        raise BrokenLogError(f"the log has {copy.checkpoint.size:,} entries, but {size:,} were signed before")
    for index, (now, then) in enumerate(zip(copy.entries, earlier.entries, strict=False)):
        if now != then:
            raise BrokenLogError(f"entry {index} was {then.line()}, and is now {now.line()}: the log was rewritten")
    return f"the {size:,} entries of the saved copy are its beginning"


def agrees(copy: Copy, source: str, generation: int | None) -> str:
    """What to say of a document whose values have the root in the log.

    Args:
        generation: the generation that the document has to be about; None for the one that it names.

    Raises:
        IntegrityError: they have another root, or the log has no such generation.
        InvalidInputError: the source is neither a proof nor a generation.
    """
    try:
        document: Any = json.loads(read(source))
        named = document["generation"]["generation_id"]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(f"{source}: this is neither a proof nor a generation ({error!r})") from error
    if generation not in (None, named):
        raise BrokenLogError(f"asked for generation {generation}, the gateway answered with generation {named}")
    entry = next((entry for entry in copy.entries if entry.generation_id == named), None)
    if entry is None:
        raise BrokenLogError(f"the log has no generation {named}; a new one follows within a minute")
    stated = document["generation"]
    for name in ("model_id", "values_sha256"):
        if name in stated and stated[name] != getattr(entry, name):
            raise BrokenLogError(f"generation {named} has {name} {stated[name]}, in the log {getattr(entry, name)}")
    verdict = judge(document, trusted_root=entry.merkle_root)
    if not verdict.holds:
        raise BrokenLogError(f"generation {named}: {verdict.reason}")
    return f"generation {named}, published at {entry.published_at.isoformat()}: {verdict.reason}, as in the log"


def _checked(note: str, checkpoint: Checkpoint, lines: Iterable[str]) -> Copy:
    """Raises IntegrityError: the lines do not have the signed root, or one is no entry, or a generation comes twice."""
    tree, entries = GrowingTree(), list[LogEntry]()
    for line in lines:
        entries.append(LogEntry.parse(line))
        tree.append(line.encode())
    if tree.root() != checkpoint.root:
        raise BrokenLogError(
            f"the {tree.size:,} entries have the root {tree.root().hex()}, but {checkpoint.root.hex()} was signed"
        )
    for earlier, later in pairwise(entries):
        if later.generation_id <= earlier.generation_id:
            raise BrokenLogError(f"generation {later.generation_id} follows on {earlier.generation_id} in the log")
    return Copy(note, checkpoint, entries)


def _lines(body: bytes, start: int) -> list[str]:
    """Of a page of the gateway. Raises BrokenLogError: it is none, or not the one that begins at `start`."""
    try:
        items = json.loads(body)["items"]
        if [item["index"] for item in items] != list(range(start, start + len(items))):
            raise ValueError("the indexes are not in order")
        return [str(item["line"]) for item in items]
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenLogError(f"the entries from {start} cannot be read: {error!r}") from error


def _text(body: bytes, what: str) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise IntegrityError(f"{what} is no text in UTF-8") from error
