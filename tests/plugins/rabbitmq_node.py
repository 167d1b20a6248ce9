"""A private RabbitMQ node, with its own name, ports, data, logs and cookie."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.plugins.packages import found_or_installed

WHAT_TO_DO = (
    "no RabbitMQ for the tests: install rabbitmq-server, start one on 127.0.0.1:5672, "
    "or set PUNKCAST_TEST_BROKER_URL=amqp://user:password@host:5672/"
)
# The packages' command in PATH is a wrapper that changes the user; the wrapped script runs as any user.
SCRIPTS = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server",
    "/usr/local/opt/rabbitmq/sbin/rabbitmq-server",
)
START_WITHIN_S = 90


class Node:
    """A node that can be stopped and started again with its data, on the same port."""

    def __init__(self, script: str, home: Path, config: str) -> None:
        self._script = script
        self._port, distribution, mapper = free_ports(3)
        self._environment = _environment(home, self._port, distribution, mapper, config)
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"amqp://guest:guest@127.0.0.1:{self._port}/"

    def start(self) -> None:
        output = self._home / "output.log"
        with output.open("wb") as sink:
            self._process = subprocess.Popen(
                [self._script],
                env=self._environment,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=self._home,
                start_new_session=True,
            )
        _wait(self._process, self._port, output)

    def stop(self) -> None:
        if self._process is not None:
            _stop(self._process, self._environment)

    def control(self, *arguments: str) -> None:
        """`rabbitmqctl`. Raises CalledProcessError with its output."""
        control = Path(self._script).with_name("rabbitmqctl")
        subprocess.run([control, *arguments], env=self._environment, check=True, capture_output=True, timeout=60)


@contextmanager
def stoppable_node(tell: Callable[[str], None], *, config: str = "") -> Iterator[Node]:
    """Run a node while the context is open; installs the server first where that is possible.

    `config`: further lines of its rabbitmq.conf.
    """
    if _installed() is None:
        tell("no RabbitMQ found: installing rabbitmq-server with apt-get (set PUNKCAST_TEST_BROKER_URL to use another)")
    script = found_or_installed(_installed, "rabbitmq-server", remedy=WHAT_TO_DO)
    # Not below pytest's tmp_path: Erlang's socket and file names must stay short.
    home = Path(tempfile.mkdtemp(prefix="punkcast-mq-"))
    node = Node(script, home, config)
    try:
        node.start()
        yield node
    finally:
        node.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def private_node(tell: Callable[[str], None], *, config: str = "") -> Iterator[str]:
    """The URL of a node that runs while the context is open."""
    with stoppable_node(tell, config=config) as node:
        yield node.url


def _environment(home: Path, port: int, distribution: int, mapper: int, config_lines: str) -> dict[str, str]:
    config = home / "rabbitmq.conf"
    # Quorum queues need disk and memory headroom that a small machine lacks; messages of tests are tiny.
    config.write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\n"
        "disk_free_limit.absolute = 50MB\n"
        f"vm_memory_high_watermark.relative = 0.8\n{config_lines}"
    )
    plugins = home / "enabled_plugins"
    plugins.write_text("[].\n")
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return kept | {
        "HOME": str(home),
        "RABBITMQ_NODENAME": f"punkcast-{uuid4().hex[:8]}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_CONFIG_FILE": str(config),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_PID_FILE": str(home / "node.pid"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "generated"),
        # A private name server, which can be stopped without harm to another node.
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }


def _installed() -> str | None:
    for script in SCRIPTS:
        if os.access(script, os.X_OK):
            return script
    return shutil.which("rabbitmq-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _wait(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while not _speaks_amqp(port):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = output.read_text(errors="replace")[-1500:]
            pytest.fail(f"rabbitmq-server did not start:\n{tail}\n{WHAT_TO_DO}", pytrace=False)
        time.sleep(0.2)


def _speaks_amqp(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as peer:
            peer.sendall(b"AMQP\x00\x00\x09\x01")
            return peer.recv(1) == b"\x01"
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes], environment: dict[str, str]) -> None:
    # The node has its own session, so the signals reach only the node and its helpers.
    for what, patience in ((signal.SIGTERM, 20), (signal.SIGKILL, 5)):
        try:
            os.killpg(process.pid, what)
            process.wait(patience)
            break
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
    mapper = shutil.which("epmd")
    if mapper:
        subprocess.run([mapper, "-kill"], env=environment, capture_output=True, timeout=10, check=False)


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
