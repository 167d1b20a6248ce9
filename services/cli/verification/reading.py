"""Reads what is to be verified."""

import sys
from pathlib import Path
from typing import Final

from shared.errors import InvalidInputError, TransientError

STDIN: Final = "-"
TIMEOUT_S: Final = 30.0


def read(source: str) -> bytes:
    """The bytes of a URL, a file, or standard input.

    Raises:
        InvalidInputError: no such page. OSError: no such file. TransientError: the server does not answer.
    """
    if source == STDIN:
        return sys.stdin.buffer.read()
    if not source.startswith(("http://", "https://")):
        return Path(source).read_bytes()

    # Imported here: a file needs no HTTP.
    import httpx  # noqa: PLC0415

    try:
        accept = {"Accept": "application/json, text/plain"}
        answer = httpx.get(source, timeout=TIMEOUT_S, follow_redirects=True, headers=accept)
    except httpx.HTTPError as error:
        raise TransientError(f"{source}: {error}; try again, or save the answer to a file and verify that") from error
    except httpx.InvalidURL as error:
        raise InvalidInputError(f"{source}: {error}") from error
    if answer.status_code != 200:
        raise InvalidInputError(f"{source}: status {answer.status_code} instead of 200: {answer.text[:300]}")
    return answer.content
