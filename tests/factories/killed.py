"""A process that dies in the middle of its work."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


async def is_killed(script: str, *arguments: str, **environment: str) -> None:
    """Run a Python script that has to end by SIGKILL."""
    command = [sys.executable, "-c", script, *arguments]
    options = {"cwd": ROOT, "env": os.environ | environment, "capture_output": True, "timeout": 60}
    ended = await asyncio.to_thread(subprocess.run, command, check=False, **options)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
