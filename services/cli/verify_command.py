"""`punkcast verify`: is this value part of the generation that was published?"""

import json
from typing import Annotated

import typer

from services.cli.verification.reading import read
from shared.errors import InvalidInputError


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
        document = json.loads(read(source))
    except ValueError as error:
        raise InvalidInputError(f"{source}: not JSON ({error})") from error
    verdict = judge(document, trusted_root=root)
    typer.echo(f"{'TRUE' if verdict.holds else 'FALSE'}: {verdict.reason}")
    if verdict.holds and root is None:
        typer.echo("The root is the answer's own: compare it with one noted at publication, or give it with --root.")
    raise typer.Exit(0 if verdict.holds else 1)
