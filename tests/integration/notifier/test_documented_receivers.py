"""The receivers that docs/webhooks.md shows, as processes: they prove themselves, and take what is signed."""

import asyncio
import os
import re
import shutil
import socket
import sys
from pathlib import Path

import httpx
import pytest

from shared.clock import SystemClock
from tests.factories.waiting import eventually
from tests.integration.notifier.conftest import Posting
from tests.integration.notifier.test_webhooks import promoted

ROOT = Path(__file__).parents[3]
PAGE, CLIENT = ROOT / "docs/webhooks.md", ROOT / "clients/python/src"


def example(language: str) -> str:
    [code] = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return str(code)


@pytest.mark.parametrize(
    ("language", "name", "command"),
    [
        ("python", "receiver.py", [sys.executable, "-m", "uvicorn", "receiver:app", "--port"]),
        ("js", "receiver.mjs", [shutil.which("node") or "node", "receiver.mjs"]),
    ],
)
async def test_a_documented_receiver_proves_itself_and_takes_events(
    posting: Posting, tmp_path: Path, language: str, name: str, command: list[str]
) -> None:
    posting.clock.move_to(SystemClock().now())
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = str(found.getsockname()[1])
    url = f"http://127.0.0.1:{port}/hooks/punks"
    made = await posting.subscribe(url, "model.promoted", prove=False)
    (tmp_path / name).write_text(example(language))
    environment = os.environ | {"WEBHOOK_SECRET": made["secret"], "PORT": port, "PYTHONPATH": str(CLIENT)}
    arguments = [*command, port] if language == "python" else command
    process = await asyncio.create_subprocess_exec(*arguments, cwd=tmp_path, env=environment)
    try:
        async with httpx.AsyncClient() as client:
            await eventually(lambda: _refused(client, url), within_s=60)
        await posting.deliver()
        assert (await posting.webhook(made))["state"] == "active"
        await posting.send(await promoted(posting, another_at=posting.clock.now()))
        await posting.deliver()
        state = await posting.webhook(made)
        assert (state["last_status"], state["failures"]) == (204, 0)
    finally:
        process.kill()
        await process.wait()


async def _refused(client: httpx.AsyncClient, url: str) -> bool:
    """An unsigned event is."""
    try:
        return (await client.post(url, json={"type": "sale.scored", "data": {}})).status_code == 401
    except httpx.TransportError:
        return False
