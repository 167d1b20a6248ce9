"""`punkcast audit log`: the log of published generations, checked without trust in gateway or database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shared.errors import InvalidInputError


def log_command(
    key: Annotated[
        list[str],
        typer.Option(help="A verifier key, like name+1a2b3c4d+AR…, that you have not from this gateway. Repeatable."),
    ],
    url: Annotated[str | None, typer.Option(help="The gateway, like https://host.")] = None,
    copy: Annotated[Path | None, typer.Option(help="Instead of a gateway: a folder that --save wrote.")] = None,
    save: Annotated[
        Path | None,
        typer.Option(help="Keep the log in this folder. An earlier copy there has to be the beginning of the log."),
    ] = None,
    generation: Annotated[
        int | None, typer.Option(min=1, help="Check the values that the gateway serves of this generation, too.")
    ] = None,
    values: Annotated[
        str | None,
        typer.Option(help="Check these values, too: a file or URL with the answer of /v1/nowcasts/… or …/proof/…."),
    ] = None,
) -> None:
    """Check signature, entries and growth of the log, and print TRUE or FALSE (exit code 0 or 1). Needs no database."""
    from services.cli.verification import log
    from shared.contracts.texts import printable
    from shared.errors import IntegrityError
    from shared.signing.notes import VerifierKey

    trusted = [VerifierKey.parse(text) for text in key]
    if (url is None) == (copy is None):
        raise InvalidInputError("name either a gateway with --url or a folder with --copy")
    if generation is not None and url is None:
        raise InvalidInputError("--generation asks a gateway: add --url, or name a file with --values")
    try:
        found = log.from_gateway(url, trusted) if url is not None else log.from_folder(copy or Path(), trusted)
        size, origin = found.checkpoint.size, found.checkpoint.origin
        said = [f"{size:,} entries have the root of the checkpoint that {origin} signed"]
        if save is not None and log.is_copy(save):
            said.append(log.continues(found, log.from_folder(save, trusted)))
        if generation is not None:
            said.append(log.agrees(found, f"{(url or '').rstrip('/')}/v1/nowcasts/{generation}", generation))
        if values is not None:
            said.append(log.agrees(found, values, None))
    except IntegrityError as error:
        typer.echo(f"FALSE: {printable(str(error))}")
        raise typer.Exit(1) from error
    if save is not None:
        log.write(found, save)
    typer.echo(f"TRUE: {printable('; '.join(said))}")
