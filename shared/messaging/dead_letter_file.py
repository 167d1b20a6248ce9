"""Dead letters of the in-process broker, in a file of the home: they outlive the process, and a command sees them."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from shared.messaging.bus import DeadLetter

LARGEST: Final = 4_000_000
"""Bytes after which the file is renamed to `….1`, in place of the previous one."""


@dataclass(frozen=True)
class DeadLetterFile:
    """Lines of JSON, one dead letter each."""

    path: Path

    def append(self, letter: DeadLetter) -> None:
        """Add a dead letter."""
        if self.path.exists() and self.path.stat().st_size > LARGEST:
            self.path.replace(self.path.with_name(f"{self.path.name}.1"))
        line = vars(letter) | {
            "body": letter.body.decode(errors="replace"),
            "first_failed_at": letter.first_failed_at.isoformat(),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def read(self, limit: int) -> list[DeadLetter]:
        """The newest dead letters, oldest first."""
        lines = self.path.read_text().splitlines()[-limit:] if self.path.exists() else []
        return [_letter(json.loads(line)) for line in lines]


def _letter(line: dict[str, str]) -> DeadLetter:
    first_failed_at = datetime.fromisoformat(line["first_failed_at"])
    return DeadLetter(line["body"].encode(), line["consumer"], line["reason"], int(line["attempt"]), first_failed_at)
