"""`punkcast verify`: is this value part of the generation that was published?"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from shared.errors import InvalidInputError, TransientError

STDIN = "-"
TIMEOUT_S = 30.0


def verify_command(
    source: Annotated[
        str,
        typer.Argument(help="A URL or a file: the answer of /v1/nowcasts/…/proof/… or of /v1/nowcasts/…; - reads it."),
    ],
    root: Annotated[
        str | None,
        typer.Option(help="The Merkle root that you noted when it was published; default: the answer's own."),
    ] = None,
) -> None:
    """Recompute the Merkle root from one value or all values, and print TRUE or FALSE (exit code 0 or 1)."""
    from services.cli.verification.documents import judge

    try:
        document = json.loads(_read(source))
    except ValueError as error:
        raise InvalidInputError(f"{source}: not JSON ({error})") from error
    verdict = judge(document, trusted_root=root)
    typer.echo(f"{'TRUE' if verdict.holds else 'FALSE'}: {verdict.reason}")
    if verdict.holds and root is None:
        typer.echo("The root is the answer's own: compare it with one noted at publication, or give it with --root.")
    raise typer.Exit(0 if verdict.holds else 1)


def _read(source: str) -> bytes:
    """Raises InvalidInputError: no such file or page. TransientError: the server does not answer."""
    if source == STDIN:
        return sys.stdin.buffer.read()
    if not source.startswith(("http://", "https://")):
        return Path(source).read_bytes()

    import httpx

    try:
        answer = httpx.get(source, timeout=TIMEOUT_S, follow_redirects=True, headers={"Accept": "application/json"})
    except httpx.HTTPError as error:
        raise TransientError(f"{source}: {error}; try again, or save the answer to a file and verify that") from error
    except httpx.InvalidURL as error:
        raise InvalidInputError(f"{source}: {error}") from error
    if answer.status_code != 200:
        raise InvalidInputError(f"{source}: status {answer.status_code} instead of 200: {answer.text[:300]}")
    return answer.content
