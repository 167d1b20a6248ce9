"""PostgreSQL's `pg_dump` and `pg_restore`: those of the system, or those of the embedded server's package."""

import asyncio
import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from shared.database.embedded_server import EmbeddedDatabaseError, binaries
from shared.errors import NotFoundError, TransientError

_VERSION = re.compile(r"\) (\d+)")


class ToolError(TransientError):
    """The program ended with an error."""


def find(name: str, server_major: int) -> Path:
    """The program of the lowest version that knows a server of this version.

    Raises:
        NotFoundError: there is none.
    """
    found = []
    installed = shutil.which(name)
    candidates = [Path(installed)] if installed else []
    with suppress(EmbeddedDatabaseError):
        candidates.append(binaries() / name)
    for path in candidates:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
        version = _VERSION.search(said)
        if version and int(version[1]) >= server_major:
            found.append((int(version[1]), path))
    if not found:
        raise NotFoundError(
            f"no {name} for PostgreSQL {server_major}: install postgresql-client-{server_major}, "
            "or pip install 'punkcast[embedded]'"
        )
    return min(found)[1]


async def run(program: Path, url: str, *arguments: str) -> None:
    """Run a program on the database of `url`. The password is not on its command line.

    Raises:
        ToolError: it failed; the text holds its complaint.
    """
    parts = urlsplit(url)
    environment = dict(os.environ)
    if parts.password is not None:
        environment["PGPASSWORD"] = unquote(parts.password)
        user = f"{quote(unquote(parts.username or ''))}@"
        parts = parts._replace(netloc=user + parts.netloc.rpartition("@")[2])
    process = await asyncio.create_subprocess_exec(
        program, *arguments, f"--dbname={urlunsplit(parts)}", env=environment,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _, complaint = await process.communicate()
    except BaseException:
        if process.returncode is None:
            process.kill()
        raise
    if process.returncode != 0:
        raise ToolError(f"{program.name} failed: {complaint.decode(errors='replace').strip()[-2000:]}")
