"""Runs the services as separate processes, restarts them, and kills them."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import psutil

from shared.messaging.failpoints import VARIABLE

SERVICES = ("ingestor", "nowcaster", "trainer", "gatekeeper", "monitor", "notifier")
ROOT = Path(__file__).parents[2]
RANDOM = "random instant"
_FAILPOINT = re.compile(rb"^failpoint ([a-z-]+): this process kills itself", re.MULTILINE)
_SERVING = b'"event": "serving"'
_STOP_WITHIN_S = 40.0


@dataclass(frozen=True)
class Death:
    """How one life of a service ended. `cause` is `random instant`, a failpoint's name, or `exit <code>`."""

    service: str
    cause: str
    lived_s: float


@dataclass
class Kept:
    """One service: its current process and its history."""

    service: str
    failpoints: list[str]
    """Pending failpoints. Each life gets the first one, until it has fired."""
    process: asyncio.subprocess.Process | None = None
    ready: bool = False
    killed_pid: int = 0
    deaths: list[Death] = field(default_factory=list)
    recoveries_s: list[float] = field(default_factory=list)
    """Seconds from each death until the service is attached to the broker again."""
    sessions: list[int] = field(default_factory=list)


class Supervisor:
    """Starts `python -m services.<name>` for each service, and restarts it when it ends.

    Args:
        failpoints: per service, a list of `name:count`.
        may_fail: whether the next life of a service may get a failpoint.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        logs: Path,
        failpoints: Mapping[str, list[str]],
        *,
        may_fail: Callable[[str], bool] = lambda _: True,
        services: Sequence[str] = SERVICES,
    ) -> None:
        self._environment = dict(environment)
        self._logs = logs
        self._may_fail = may_fail
        self.kept = {name: Kept(name, list(failpoints.get(name, ()))) for name in services}
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._logs.mkdir()
        self._tasks = [asyncio.create_task(self._keep(one)) for one in self.kept.values()]

    @property
    def deaths(self) -> list[Death]:
        return [death for one in self.kept.values() for death in one.deaths]

    @property
    def all_ready(self) -> bool:
        return all(one.ready for one in self.kept.values())

    def disarm(self) -> None:
        """Start new lives without failpoints."""
        for one in self.kept.values():
            one.failpoints.clear()

    def kill(self, service: str) -> bool:
        """SIGKILL the service's process, not its children. False if no process runs."""
        process = self.kept[service].process
        if process is None or process.returncode is not None:
            return False
        self.kept[service].killed_pid = process.pid
        process.kill()
        return True

    async def stop(self) -> dict[str, int]:
        """Send SIGTERM to all processes; return the exit codes."""
        self._stopping = True
        for one in self.kept.values():
            if one.process is not None:
                with suppress(ProcessLookupError):
                    one.process.terminate()
        done, pending = await asyncio.wait(self._tasks, timeout=_STOP_WITHIN_S)
        for task in done:
            task.result()
        for one in self.kept.values():
            if pending and one.process is not None and one.process.returncode is None:
                one.process.kill()
        if pending:
            await asyncio.wait(pending)
        return {name: one.process.returncode or 0 for name, one in self.kept.items() if one.process is not None}

    async def survivors(self, *, within_s: float = 10.0) -> list[str]:
        """Command lines of processes that outlive their service by `within_s`."""
        deadline = monotonic() + within_s
        while True:
            survivors = self._in_our_sessions()
            if not survivors or monotonic() > deadline:
                return survivors
            await asyncio.sleep(0.2)

    def _in_our_sessions(self) -> list[str]:
        # Each life has its own session.
        sessions = {session for one in self.kept.values() for session in one.sessions}
        survivors = []
        for process in psutil.process_iter(["pid", "cmdline"]):
            with suppress(OSError):
                if os.getsid(process.info["pid"]) in sessions:
                    survivors.append(" ".join(process.info["cmdline"] or ["(ended)"]))
        return survivors

    def log(self, service: str) -> Path:
        return self._logs / f"{service}.log"

    def tails(self, characters: int = 1500) -> str:
        """The end of every log, for the message of a failed test."""
        logs = [path for name in self.kept if (path := self.log(name)).exists()]
        return "\n".join(f"--- {log}\n{log.read_text(errors='replace')[-characters:]}" for log in logs)

    async def _keep(self, one: Kept) -> None:
        died: float | None = None
        while not self._stopping:
            await self._live(one, died)
            died = monotonic()

    async def _live(self, one: Kept, died: float | None) -> None:
        environment = dict(self._environment)
        failpoint = one.failpoints[0] if one.failpoints and self._may_fail(one.service) else None
        if failpoint:
            environment[VARIABLE] = failpoint
        one.ready = False
        log = self.log(one.service)
        # Use a file: children of a killed service would keep a pipe open.
        with log.open("ab") as sink:
            sink.write(f"--- restarted, failpoint: {failpoint}\n".encode())
            sink.flush()
            offset = sink.tell()
            command = (sys.executable, "-m", "tests.chaos.every_second", f"services.{one.service}")
            streams = {"stdin": asyncio.subprocess.DEVNULL, "stdout": sink, "stderr": sink}
            one.process = await asyncio.create_subprocess_exec(
                *command, cwd=ROOT, env=environment, start_new_session=True, **streams
            )
        started = monotonic()
        one.sessions.append(one.process.pid)
        watching = asyncio.create_task(self._watch(one, log, offset, died))
        code = await one.process.wait()
        watching.cancel()
        one.ready = False
        if self._stopping:
            return
        cause = f"exit {code}"
        if code == -signal.SIGKILL:
            fired = _FAILPOINT.search(_tail(log, offset))
            if fired is not None:
                cause = fired[1].decode()
                if failpoint in one.failpoints:
                    one.failpoints.remove(failpoint)
            elif one.killed_pid == one.process.pid:
                cause = RANDOM
        one.deaths.append(Death(one.service, cause, monotonic() - started))

    async def _watch(self, one: Kept, log: Path, offset: int, died: float | None) -> None:
        """Set `ready` when the log says that the service serves."""
        while True:
            await asyncio.sleep(0.2)
            if _SERVING in _tail(log, offset):
                break
        one.ready = True
        if died is not None:
            one.recoveries_s.append(monotonic() - died)


def _tail(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read()
