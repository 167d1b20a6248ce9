"""The runs of one seed, in a process of their own."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
LAST = 15
"""The niceness of a process that takes what others leave of the machine."""


class RunningSeed:
    """A process that plays the runs of one seed, and the result that it leaves."""

    def __init__(self, process: asyncio.subprocess.Process, command: str, path: Path) -> None:
        self._process = process
        self._command = command
        self._path = path

    async def result(self) -> dict[str, Any]:
        """What `Result` has, once the process has ended.

        Raises:
            AssertionError: it ended without a result.
        """
        code = await self._process.wait()
        assert self._path.exists(), f"{self._command} ended with {code} and no result"
        found: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        return found


@asynccontextmanager
async def playing(folder: Path, *options: str, niceness: int = 0) -> AsyncIterator[RunningSeed]:
    """Start the process, which tells its progress on our standard error; it ends with the context."""
    result = folder / "result.json"
    command = ("-m", "tests.chaos.crash_points", *options)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, "--json", str(result), cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )
    os.setpriority(os.PRIO_PROCESS, process.pid, niceness)
    try:
        yield RunningSeed(process, " ".join(command), result)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
