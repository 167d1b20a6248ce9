"""One seed's runs, divided among processes."""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PROCESSES = 2


async def played(folder: Path, *options: str, processes: int = PROCESSES) -> Sequence[dict[str, Any]]:
    """The result of each process, as `Result` has it. Their progress goes to the terminal.

    Raises:
        AssertionError: a process ended without a result.
    """

    async def share(number: int) -> dict[str, Any]:
        result = folder / f"share-{number}.json"
        command = (sys.executable, "-m", "tests.chaos.crash_points", *options)
        process = await asyncio.create_subprocess_exec(
            *command, "--share", f"{number}/{processes}", "--json", str(result), cwd=ROOT,
            stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
        assert result.exists(), f"{' '.join(command)} ended with {code} and no result"
        found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        return found

    return await asyncio.gather(*(share(number) for number in range(1, processes + 1)))
