"""A lock for installations into a folder that test runs share."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Wait until no other process holds the lock of this file."""
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
