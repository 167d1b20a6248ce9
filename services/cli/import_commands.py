"""`punkcast import` and `punkcast decode`: event files and pages of raw logs."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from services.cli.files import TABLES
from shared.errors import InvalidInputError

History: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        help="Event files of the time before the pages: bids placed and punks owned then are taken from them."
    ),
]


def decode_command(
    pages: Annotated[list[Path], typer.Argument(help="Pages of raw logs (.json, .json.gz), or directories of them.")],
    out: Annotated[Path, typer.Option(help="The event file to write, .parquet or .csv.")],
    history: History = None,
) -> None:
    """Decode pages of raw logs (eth_getLogs, Etherscan, Blockscout) to an event file."""
    if out.suffix not in TABLES:
        raise InvalidInputError(f"{out}: expected a name that ends in {' or '.join(TABLES)}")
    from services.cli.importing import decode

    decode(pages, out, history)


def import_command(
    path: Annotated[
        Path,
        typer.Argument(help="A directory of event files or pages of raw logs, or one .parquet, .csv, .json, .json.gz."),
    ],
    history: History = None,
) -> None:
    """Append the events of files, with punks.parquet and eth_usd_daily.parquet next to them, exactly once.

    Pages of raw logs (eth_getLogs, Etherscan, Blockscout) are decoded first. A bid that was placed before a page is
    looked for in the database, or in --history, which is not imported.
    """
    from services.cli.importing import import_files

    import_files(path, history)
