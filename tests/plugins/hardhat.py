"""A real Ethereum node: Hardhat from npm, installed once into `.tools/hardhat`, and a market contract on it.

The versions are those of `tests/contract/package-lock.json`.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.factories.contract_market import ContractMarket
from tests.plugins.npm_lock import alone
from tests.plugins.rabbitmq_node import free_ports

PROJECT = Path(__file__).parents[1] / "contract"
HOME = Path(__file__).parents[2] / ".tools" / "hardhat"
WHAT_TO_DO = (
    "the tests of the Ethereum source need Node.js 18 or newer with npm: on Debian `apt-get install nodejs npm`; "
    "npm must reach a registry once (npm config set registry …)"
)
START_WITHIN_S = 60
_ENVIRONMENT = {"HARDHAT_DISABLE_TELEMETRY_PROMPT": "true", "HARDHAT_EXPERIMENTAL_ALLOW_NON_LOCAL_INSTALLATION": "true"}


@dataclass(frozen=True)
class Hardhat:
    """A running node, and the bytecode of the contracts by name."""

    url: str
    bytecode: dict[str, str]


@contextmanager
def running() -> Iterator[Hardhat]:
    """A node with an empty chain."""
    home = _installed()
    bytecode = _compiled(home)
    [port] = free_ports(1)
    command = [str(home / "node_modules/.bin/hardhat"), "node", "--hostname", "127.0.0.1", "--port", str(port)]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=home, env=os.environ | _ENVIRONMENT, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(process, url)
            yield Hardhat(url, bytecode)
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def hardhat() -> Iterator[Hardhat]:
    """The node. It starts with an empty chain (`chain` empties it again)."""
    with running() as node:
        yield node


@pytest.fixture
async def chain(hardhat: Hardhat) -> AsyncIterator[ContractMarket]:
    """A new chain for this test, with a market without events."""
    async with httpx.AsyncClient(base_url=hardhat.url, timeout=30.0) as client:
        yield await ContractMarket.deployed(client, hardhat.bytecode["PunkMarket"])


def _installed() -> Path:
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.fail(WHAT_TO_DO, pytrace=False)
    version = sha256((PROJECT / "package-lock.json").read_bytes()).hexdigest()
    marker = HOME / "installed"
    HOME.mkdir(parents=True, exist_ok=True)
    with alone(HOME / "lock"):
        for file in ("package.json", "package-lock.json", "hardhat.config.js", "compile.js"):
            shutil.copy(PROJECT / file, HOME / file)
        if marker.is_file() and marker.read_text() == version:
            return HOME
        _run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], WHAT_TO_DO)
        marker.write_text(version)
    return HOME


def _compiled(home: Path) -> dict[str, str]:
    source = PROJECT / "PunkMarket.sol"
    cached = home / f"bytecode-{sha256(source.read_bytes()).hexdigest()[:16]}.json"
    if not cached.is_file():
        cached.write_text(_run(["node", "compile.js", str(source)], f"{source.name} does not compile"))
    bytecode: dict[str, str] = json.loads(cached.read_text())
    return bytecode


def _run(command: list[str], problem: str) -> str:
    """What a command in HOME prints; where it fails, the tests end with the problem."""
    ran = subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=300, check=False)
    if ran.returncode:
        pytest.fail(f"{problem}\n{ran.stderr[-2000:]}", pytrace=False)
    return ran.stdout


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + START_WITHIN_S
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"hardhat ended with {process.returncode}; {WHAT_TO_DO}", pytrace=False)
        try:
            if httpx.post(url, json=question, timeout=2.0).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    pytest.fail(f"hardhat does not answer within {START_WITHIN_S} s", pytrace=False)
