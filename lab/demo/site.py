"""The public site of a demo, if it was built and Node.js is new enough to run it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

WEB = Path(__file__).parents[2] / "web"
OLDEST_NODE = 20
SITE_PORT = 3000


@contextmanager
def site(gateway: str, console: Console) -> Iterator[None]:
    """Serve the site over `gateway` while the context is open; without a site, say why and how to get it."""
    if missing := _missing():
        console.print(f"the site is not served: {missing}", soft_wrap=True)
        yield
        return
    port = os.environ.get("PORT", str(SITE_PORT))
    environment = {"PUNKCAST_GATEWAY_URL": gateway, "HOST": "127.0.0.1", "PORT": port, "END_WITH_STDIN": "1"}
    # In a separate session, so that Ctrl-C reaches only this process, which then ends the site in order.
    process = subprocess.Popen(
        ["node", "server.js"], cwd=WEB, env=os.environ | environment, stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        yield
    finally:
        process.communicate()


def _missing() -> str | None:
    """What the site lacks, and what to do; None if it is complete."""
    if not (WEB / "server.js").is_file():
        return "this installation has no web/ folder; the site comes with the source tree"
    version = node_version()
    if version is None:
        return f"it needs Node.js {OLDEST_NODE} or newer, and there is none; install it, then `make web`"
    if version < OLDEST_NODE:
        return f"it needs Node.js {OLDEST_NODE} or newer, and this is {version}; update it, then `make web`"
    if not (WEB / "build/handler.js").is_file():
        return "it has not been built; `make web` does that"
    return None


def node_version() -> int | None:
    """Major version of the Node.js in PATH, None without one."""
    if shutil.which("node") is None:
        return None
    output = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)\.", output)
    return int(match[1]) if match else None
