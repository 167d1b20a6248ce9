"""Dead letters of the in-process broker, in a file of the home: they outlive the process, and a command sees them."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Final

from shared.messaging.bus import Cut, DeadLetter, Judge

LARGEST: Final = 4_000_000
"""Bytes after which the file is renamed to `….1`, in place of the previous one: together they hold about twice that."""


@dataclass(frozen=True)
class DeadLetterFile:
    """Lines of JSON, one dead letter each. Several processes may write at once."""

    path: Path

    def append(self, letter: DeadLetter) -> None:
        """Add a dead letter."""
        line = vars(letter) | {
            "body": letter.body.decode(errors="replace"),
            "first_failed_at": letter.first_failed_at.isoformat(),
            "cut": vars(letter.cut) if letter.cut else None,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if self.path.exists() and self.path.stat().st_size > LARGEST:
                self.path.replace(self._older)
            with self.path.open("a") as file:
                file.write(json.dumps(line) + "\n")

    def read(self, limit: int) -> list[DeadLetter]:
        """The newest dead letters, oldest first."""
        total = sum(1 for _ in _lines(self.path))
        return [_letter(line) for line in islice(_lines(self.path), max(total - limit, 0), None)]

    async def sift(self, judge: Judge) -> None:
        """As `Bus.sift`, oldest first."""
        removed: set[bytes] = set()
        try:
            for path in (self._older, self.path):
                for line in _lines(path):
                    fate = await judge(_letter(line))
                    if fate == "stop":
                        return
                    if fate == "remove":
                        removed.add(_identity(line))
        finally:
            if removed:
                self._remove(removed)

    def _remove(self, removed: set[bytes]) -> None:
        with self._alone():
            for path in (self._older, self.path):
                if path.exists():
                    rest = path.with_name(f"{path.name}.new")
                    with rest.open("w") as file:
                        file.writelines(line for line in _lines(path) if _identity(line) not in removed)
                    rest.replace(path)

    @property
    def _older(self) -> Path:
        return self.path.with_name(f"{self.path.name}.1")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self.path.with_name(f"{self.path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _lines(path: Path) -> Iterator[str]:
    if path.exists():
        with path.open() as file:
            yield from file


def _identity(line: str) -> bytes:
    return sha256(line.encode()).digest()


def _letter(line: str) -> DeadLetter:
    fields: dict[str, Any] = json.loads(line)
    first_failed_at, cut = datetime.fromisoformat(fields["first_failed_at"]), fields.get("cut")
    return DeadLetter(
        fields["body"].encode(),
        fields["consumer"],
        fields["reason"],
        int(fields["attempt"]),
        first_failed_at,
        Cut(**cut) if cut else None,
    )
