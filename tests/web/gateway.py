"""A gateway for the site's tests: a short simulated market played through the whole lifecycle, then served.

`python -m tests.web.gateway --home DIR --port 8123` plays once into DIR and serves from then on, until the market or
the database's shape is another one; the site's tests start it themselves (web/tests/e2e/servers.mjs). Everything goes
through the services' own code: nothing is made up.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from services.cli.context import platform
from services.embedded import serve
from services.nowcaster.bootstrap import build_explainer
from shared.database.migrate import MIGRATIONS
from shared.runtime.platform import Platform
from shared.settings import Settings

SOURCE = "simulated://?seed=13&days=16&history_days=200"
OPERATOR_KEY = "only-for-the-tests-of-the-site"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--source", default=SOURCE)
    given = parser.parse_args()
    environment = {
        "PUNKCAST_HOME": str(given.home),
        "PUNKCAST_SOURCE_URL": given.source,
        "PUNKCAST_API_PORT": str(given.port),
        "PUNKCAST_OPERATOR_KEY": OPERATOR_KEY,
        "PUNKCAST_LOG_LEVEL": "WARNING",
    }
    os.environ |= environment
    played = given.home / "played"
    what = "\n".join([given.source, *sorted(file.name for file in MIGRATIONS.glob("*.sql"))])
    if played.exists() and played.read_text() != what:
        # Whatever is in a folder with this mark was played into it by an earlier run.
        shutil.rmtree(given.home)
    if not played.exists():
        subprocess.run([sys.executable, "-m", "services.cli", "demo", "--exit"], check=True, stdout=sys.stderr)
    asyncio.run(_serve(played, what))


async def _serve(played: Path, what: str) -> None:
    async with platform(Settings(broker_url="memory://")) as opened:
        if not played.exists():
            await _complete(opened)
            played.write_text(what)
        await serve(opened, Console(stderr=True), with_workers=False)


async def _complete(opened: Platform) -> None:
    """The last nowcast's reasons, which follow a publication by themselves where the workers run."""
    await build_explainer(opened).catch_up()


if __name__ == "__main__":
    main()
