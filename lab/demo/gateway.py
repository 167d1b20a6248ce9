"""The gateway of a demo, on the clock of the market that is played.

It is a process of its own, so that a busy replay does not slow its answers. `python -m lab.demo.gateway SECONDS` reads
the simulated time from its standard input, line by line, and ends with it. Values older than SECONDS are stale.
"""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from threading import Thread

import uvloop

from services.api.bootstrap import serve
from shared.clock import ManualClock
from shared.settings import Settings
from shared.telemetry.logging import configure


class Gateway(AbstractContextManager["Gateway"]):
    """Started with the first simulated time, ended with the context.

    Args:
        source_url: the market that is played; answers say whether it is simulated.
        stale_after: age of stale values.
    """

    def __init__(self, source_url: str, *, stale_after: timedelta) -> None:
        self._environment = os.environ | {"PUNKCAST_SOURCE_URL": source_url}
        self._stale_after = stale_after
        self._process: subprocess.Popen[str] | None = None

    def follow(self, at: datetime) -> None:
        """Move its clock. The database must be migrated."""
        if self._process is None:
            command = [sys.executable, "-m", "lab.demo.gateway", str(self._stale_after.total_seconds())]
            # In a separate session, so that Ctrl-C reaches only this process, which then ends the gateway in order.
            self._process = subprocess.Popen(
                command, env=self._environment, stdin=subprocess.PIPE, text=True, start_new_session=True
            )
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # `wait` reports a gateway that ended
            self._process.stdin.write(f"{at.isoformat()}\n")
            self._process.stdin.flush()

    def wait(self) -> int:
        """Serve until interrupted (0), or until it ends: its exit code."""
        assert self._process is not None
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            return self._process.wait()
        except KeyboardInterrupt:
            return 0

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            with suppress(BrokenPipeError):
                self._process.communicate()


class PlayedClock(ManualClock):
    """Tells the simulated time, and sleeps real seconds."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def main() -> None:
    """Serve until the standard input ends."""
    settings = Settings()
    configure(settings.model_copy(update={"log_level": "ERROR"}), "demo")
    clock = PlayedClock(datetime.fromisoformat(sys.stdin.readline().strip()))

    def follow() -> None:
        for line in sys.stdin:
            clock.move_to(datetime.fromisoformat(line.strip()))
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=follow, daemon=True).start()
    uvloop.run(serve(settings, clock=clock, stale_after_s=float(sys.argv[1])))


if __name__ == "__main__":
    main()
