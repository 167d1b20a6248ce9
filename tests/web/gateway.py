"""A gateway for the site's tests: simulates a short market through the whole lifecycle, then serves it.

`python -m tests.web.gateway --home DIR --port 8123` simulates into DIR on its first run, and again when the market
or the database schema changes. The site's tests start it (web/tests/e2e/servers.mjs). All data comes from the
services themselves.
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

from services.api.bootstrap import serve
from shared.database.migrate import MIGRATIONS
from shared.settings import Settings

SOURCE = "simulated://?seed=13&days=16&history_days=200"
OPERATOR_KEY = "only-for-the-tests-of-the-punkcast-site"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--source", default=SOURCE)
    arguments = parser.parse_args()
    environment = {
        "PUNKCAST_HOME": str(arguments.home),
        "PUNKCAST_SOURCE_URL": arguments.source,
        "PUNKCAST_API_PORT": str(arguments.port),
        "PUNKCAST_OPERATOR_KEY": OPERATOR_KEY,
        "PUNKCAST_LOG_LEVEL": "WARNING",
    }
    os.environ |= environment
    marker = arguments.home / "played"
    contents = "\n".join([arguments.source, *sorted(file.name for file in MIGRATIONS.glob("*.sql"))])
    if marker.exists() and marker.read_text() != contents:
        # The marker proves that an earlier run of this program made the folder.
        shutil.rmtree(arguments.home)
    if not marker.exists():
        subprocess.run([sys.executable, "-m", "services.cli", "demo", "--exit"], check=True, stdout=sys.stderr)
        marker.write_text(contents)
    asyncio.run(serve(Settings(streams_per_address=100)))  # every page of a test has one


if __name__ == "__main__":
    main()
