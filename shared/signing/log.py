"""The log of published generations: its entries, and checkpoints as https://c2sp.org/tlog-checkpoint describes them.

Entry i is a line about the i-th published generation. The log's tree is that of RFC 6962 over these lines.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Final

from shared.errors import IntegrityError

_HASH: Final = r"[0-9a-f]{64}"
_INSTANT: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
_ENTRY = re.compile(rf"[1-9]\d*,{_INSTANT},{_INSTANT},m-[0-9a-f]{{16}},\d+,{_HASH},{_HASH}")
_SIZE = re.compile(r"0|[1-9]\d{0,17}", re.ASCII)


class BrokenLogError(IntegrityError):
    """The entries and the checkpoints do not belong together, or are not of the form that they have to have."""


@dataclass(frozen=True)
class LogEntry:
    """What the log says about a published generation. Instants in UTC, to the microsecond; hashes in hexadecimal."""

    generation_id: int
    as_of: datetime
    published_at: datetime
    model_id: str
    row_count: int
    merkle_root: str
    values_sha256: str

    def line(self) -> str:
        """The bytes that are hashed, as text without a line end."""
        return ",".join(_instant(part) if isinstance(part, datetime) else str(part) for part in astuple(self))

    @classmethod
    def parse(cls, line: str) -> LogEntry:
        """Raises BrokenLogError: the line is none of the log."""
        if not _ENTRY.fullmatch(line):
            raise BrokenLogError(f"{line[:300]!r} is no entry of the log")
        generation, as_of, published_at, model, rows, root, values = line.split(",")
        try:
            instants = datetime.fromisoformat(as_of), datetime.fromisoformat(published_at)
        except ValueError as error:
            raise BrokenLogError(f"{line!r} is no entry of the log: {error}") from error
        return cls(int(generation), *instants, model, int(rows), root, values)


@dataclass(frozen=True)
class Checkpoint:
    """The number of entries, and the root of the tree over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Of the text of a note; further lines are extensions. Raises BrokenLogError."""
        origin, size, root, *_ = [*text.split("\n"), "", "", ""]
        try:
            decoded = base64.b64decode(root, validate=True)
        except (binascii.Error, ValueError):
            decoded = b""
        if not origin or not _SIZE.fullmatch(size) or len(decoded) != 32:
            raise BrokenLogError("this is no checkpoint: expected an origin, a size and a root in base64")
        return cls(origin, int(size), decoded)


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
